"""The gateway: RetailOPS calls it over HTTP, and it answers with the conversations of a channel."""
