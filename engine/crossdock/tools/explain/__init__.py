"""Explains results: what each field is made of, with or without a payload.

``fields`` selects the requested links of a mapping; ``destinations`` turns them round;
``run`` runs a payload and tells of each value what was read and done for it, sensitive values hidden.
The rest writes it down: as a tree, as Markdown, as JSON, and as OpenLineage's column lineage.

    /items/0/unit_price  "19.90"    mappings/kibo/order.yaml:67:9
    ├─ each  items[?quantity != `0`]  →  /items/0, 1 of 1
    ├─ read  unitPrice.saleAmount  →  19.9    /items/0/unitPrice/saleAmount
    ├─ read  root().currencyCode  →  "USD"    /currencyCode
    └─ call  money(19.9, "USD")  →  "19.90"
"""
