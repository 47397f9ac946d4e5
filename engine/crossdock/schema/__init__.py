"""JSON Schema: the schemas on the search path, what they allow, and payloads validated against them."""
