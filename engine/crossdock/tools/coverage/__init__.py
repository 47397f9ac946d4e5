"""What a mapping accounts for: the fields of both schemas, and its own rules.

``accounts`` is about the schemas: a source field is read or ignored with a reason, a target field is written
or unavailable with a reason, or else it is unaccounted for. ``rules`` are what the examples can do with a
mapping: a cell gives a value, a condition holds and does not, a row of a table is hit; ``firing`` runs the
examples and notes what they do. The rest writes it down.
"""
