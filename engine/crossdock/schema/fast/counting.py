"""How many texts stand in JSON, counted in its bytes: how a key that stands twice is noticed.

A parser without hooks keeps the last of two equal keys, and says nothing. But then the value has fewer
texts than the bytes have: at least the key that is gone. So a value has no such key exactly if it holds as
many texts, keys included, as its bytes.

The bytes are known to be JSON in UTF-8, so ``"`` and a backslash are nothing but themselves, and a
backslash stands only in texts. In a row of backslashes each pair is an escape, from the left, and what may
remain is the beginning of another one. So without the pairs, a backslash in front of a ``"`` escapes it,
and every other ``"`` opens or closes a text.
"""

from __future__ import annotations


def texts(data: bytes) -> int:
    """The number of texts in bytes that are known to be JSON."""
    if b"\\" not in data:
        return data.count(b'"') // 2
    if b"\\\\" in data:
        data = data.replace(b"\\\\", b"")
    return (data.count(b'"') - data.count(b'\\"')) // 2
