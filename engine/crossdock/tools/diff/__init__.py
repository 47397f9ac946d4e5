"""What a change of a mapping does to payloads: two versions, run over the same corpus, side by side.

``sides`` finds the two versions: names, files, or the files of a git revision (``revisions``).
``differences`` compares two results, ``comparison`` runs both versions and groups the changes by the cell in
the YAML that writes the field. ``report`` is the comparison of several mappings; ``text``, ``json`` and
``markdown`` write it.

    mappings/kibo/order.yaml:79:5
    - money(shippingTotal, currencyCode)
    + money(add(shippingTotal, handlingTotal), currencyCode)
      shipping_amt  changed  2 payloads
        full.json  "10.00"  →  "15.00"
"""
