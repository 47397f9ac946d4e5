"""The table of a mapping that analysts pass around: each target field, where it comes from, and an example.

``rows`` gathers it, ``wording`` says expressions in plain words, ``samples`` takes values from the examples,
``comments`` the author's notes; ``as_html`` and ``as_text`` write it down.
"""
