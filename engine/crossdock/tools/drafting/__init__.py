"""A first draft of a mapping: for each target field the source fields that it may come from, ranked.

``words`` compares the meaning of names, ``schema_fields`` lists what a schema documents, ``example_values``
knows what values look like, and ``ranking`` combines the three into a score. ``conversions`` makes a
candidate fit the target's type, ``draft`` decides, ``writing`` writes the mapping with every score and
reason, and ``scaffold`` lays out the files of a new channel.

    # 0.93 lines[].article: article means sku; text
    sku: article
"""
