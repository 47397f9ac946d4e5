"""A value as the bytes of its JSON text, the same as ``payloads.encode`` gives, whoever writes it.

orjson writes a float with an exponent in its own way, NaN as null, and several things that are not JSON at
all. So it is asked only for values in which there is none of that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from crossdock.acceptance import libraries
from crossdock.values import JSON

_ENCODERS: Final = {
    True: json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")),
    False: json.JSONEncoder(ensure_ascii=False, allow_nan=False, indent=2),
}
_KEYS: Final = frozenset((str,))
_PLAIN: Final = frozenset((str, int, bool, type(None)))
_NESTED: Final = 64


def write(value: JSON, *, compact: bool = False) -> bytes:
    """A value as JSON text in UTF-8, without a line end.

    NaN, the infinities and half a surrogate pair are not JSON, and raise ``ValueError``.
    """
    orjson = libraries.orjson()
    if orjson is not None and _alike(value, _NESTED):
        try:
            written: bytes = orjson.dumps(value, option=0 if compact else orjson.OPT_INDENT_2)
            return written
        except TypeError:  # a whole number of more than 64 bits, or half a surrogate pair
            pass
    return _ENCODERS[compact].encode(value).encode()


def _alike(value: JSON, room: int) -> bool:
    """Whether both encoders write a value in the same way."""
    kind = type(value)
    if kind in _PLAIN:
        return True
    if kind is float:
        return value == 0 or 1e-4 <= abs(value) < 1e16  # type: ignore[arg-type]
    if kind is dict:
        return room > 0 and _KEYS.issuperset(map(type, value)) and _each(value.values(), room)  # type: ignore
    return kind is list and room > 0 and _each(value, room)  # type: ignore[arg-type]


def _each(values: Iterable[JSON], room: int) -> bool:
    return all(type(each) in _PLAIN or _alike(each, room - 1) for each in values)
