"""A mapping as a table for analysts: each target field, where it comes from, and an example.

``rows`` gathers the table, ``wording`` puts expressions into plain words, ``field_examples`` takes values
from the examples and ``comments`` the author's notes. ``html``, ``markdown`` and ``csv`` write it.
"""
