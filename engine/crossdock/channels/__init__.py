"""Conversations: which calls to a channel answer a RetailOPS action, planned or made over the network."""
