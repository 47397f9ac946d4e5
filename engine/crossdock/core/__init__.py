"""What everything else is made of: findings, errors, strict YAML and JSON, kinds of values."""
