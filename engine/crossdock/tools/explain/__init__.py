"""Explains results: what each field is made of, with or without a payload.

``fields`` has the sources of target fields, and the destinations of a source field; ``run`` runs a payload
and records for each value what was read and done for it, with sensitive values hidden. ``text``, ``json``,
``markdown`` and ``openlineage`` write the explanations.

    /items/0/unit_price  "19.90"    mappings/kibo/order.yaml:67:9
    ├─ each  items[?quantity != `0`]  →  /items/0, 1 of 1
    ├─ read  unitPrice.saleAmount  →  19.9    /items/0/unitPrice/saleAmount
    ├─ read  root().currencyCode  →  "USD"    /currencyCode
    └─ call  money(19.9, "USD")  →  "19.90"
"""
