"""The journal: what RetailOPS asked, which calls were made, what came back, and what is left to do."""
