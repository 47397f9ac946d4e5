"""A value as the bytes of its JSON text, the same with and without orjson.

orjson formats exponents of floats differently, writes NaN as null, and accepts several values that are not
JSON. So it is only used for values without any of these.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from crossdock.core.json_types import JSON
from crossdock.core.limits import PAYLOAD_DEPTH
from crossdock.schema.fast import optional_deps

_ENCODERS: Final = {
    True: json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")),
    False: json.JSONEncoder(ensure_ascii=False, allow_nan=False, indent=2),
}


def write(value: JSON, *, compact: bool = False) -> bytes:
    """A value as JSON text in UTF-8, without a line end.

    NaN, the infinities and half a surrogate pair are not JSON, and raise ``ValueError``.
    """
    orjson = optional_deps.orjson()
    if orjson is not None and _alike((value,), PAYLOAD_DEPTH):
        try:
            written: bytes = orjson.dumps(value, option=0 if compact else orjson.OPT_INDENT_2)
            return written
        except TypeError:  # a number of more than 64 bits, a name of another type, half a surrogate pair
            pass
    return _ENCODERS[compact].encode(value).encode()


def _alike(values: Iterable[JSON], room: int) -> bool:
    """Whether both encoders write the values in the same way, as far as their kinds and floats tell."""
    for each in values:
        kind = type(each)
        if kind is str or each is None or kind is int or kind is bool:
            continue
        if kind is float:
            if each and not 1e-4 <= abs(each) < 1e16:  # type: ignore[arg-type]
                return False
        elif kind is dict:
            if not room or not _alike(each.values(), room - 1):  # type: ignore[union-attr]
                return False
        elif kind is not list or not room or not _alike(each, room - 1):  # type: ignore[arg-type]
            return False
    return True
