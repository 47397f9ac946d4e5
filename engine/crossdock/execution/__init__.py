"""A mapping at work: the interpreter with its trace, and generated code with the same meaning."""
