"""A directory with mappings: its search path, its examples, its code cache and its pytest plugin."""
