"""What a mapping accounts for: the fields of both schemas, and its own rules.

``accounts`` covers the schemas: a source field is read, or ignored with a reason; a target field is written,
or unavailable with a reason; any other field is unaccounted for. ``rules`` lists the parts of a mapping that
examples can try: cells, conditions, filters, rows of tables. ``firing`` runs the examples and records which
rules they try. ``report`` joins both; ``text``, ``json`` and ``markdown`` write the report.
"""
