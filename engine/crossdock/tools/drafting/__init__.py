"""A first draft of a mapping: for each target field the source fields that it may come from, ranked.

``words`` says how much two names mean the same, ``places`` what there is in a schema, ``samples`` what its
values look like, ``ranking`` puts that together. ``conversions`` finds what makes a candidate fit, ``draft``
decides, ``writing`` writes the mapping with every score and reason, and ``scaffold`` lays out a channel.

    # 0.93 lines[].article: article means sku; text
    sku: article
"""
