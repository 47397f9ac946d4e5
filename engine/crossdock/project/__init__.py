"""A directory with mappings: finds and compiles them, caches their code, and runs their examples."""
