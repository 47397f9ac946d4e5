"""Hostile input, made by program: what the engine promises of any payload, mapping, expression or schema.

An input is made of a string of bytes, each byte a choice (``choices``); the same bytes are the same input,
for ever, and what changes the bytes changes the input in its structure. A target (``targets``) makes an input
of choices and holds the engine to its promises on it. The bytes come from a seed, from Hypothesis, or
from atheris, which looks for those that reach code that was not reached before.

    python -m fuzz                          from the folder ``tests``: each target for ten seconds
    python -m fuzz expression --inputs 50000
    python -m fuzz --guided --seconds 600   led by coverage; needs the extra ``fuzz``

``corpus/<target>/`` keeps the inputs that were a finding once, or that are odd in a way worth keeping; their
names tell why. ``tests/test_fuzz.py`` replays them.
"""
