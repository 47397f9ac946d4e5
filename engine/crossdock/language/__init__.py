"""The mapping language: syntax, expressions, templates, functions, and the linker of names."""
