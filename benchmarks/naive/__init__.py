"""What one builds in an afternoon of the same libraries: YAML, JMESPath, Jinja, jsonschema, as they come."""
