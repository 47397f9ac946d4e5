"""Channels that run inside a test: a real server on this machine, with state, rules and faults."""
