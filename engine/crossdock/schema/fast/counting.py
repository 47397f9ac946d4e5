"""Count the strings in JSON bytes, to detect duplicate keys.

A parser without hooks silently keeps the last of two equal keys. The value then has fewer strings than the
bytes: at least the dropped key is missing. So there is no duplicate key exactly if the value has as many
strings, keys included, as the bytes.

The bytes are valid JSON in UTF-8, so the bytes of ``"`` and of a backslash never are a part of another
character, and backslashes only occur in strings. In a sequence of backslashes, each pair from the left is an
escape, and a remaining one begins another escape. So after the pairs are removed, a backslash before a ``"``
escapes it, and every other ``"`` opens or closes a string.
"""

from __future__ import annotations


def texts(data: bytes) -> int:
    """The number of texts in bytes that are known to be JSON."""
    if b"\\" not in data:
        return data.count(b'"') // 2
    if b"\\\\" in data:
        data = data.replace(b"\\\\", b"")
    return (data.count(b'"') - data.count(b'\\"')) // 2
