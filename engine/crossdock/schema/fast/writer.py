"""A value as the bytes of its JSON text, as the standard library writes it.

orjson formats exponents of floats differently, writes NaN as null, and accepts several values that are not
JSON. So it is only used for values without any of these. One walk finds out, and how large the text becomes:
a result can hold one part of a payload many times, which costs nothing before it is written.

    count = counted(value)                  # raises ResultTooLargeError
    text = write(value, compact=True, count=count)
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Final

import orjson

from crossdock.core.json_types import JSON
from crossdock.core.limits import PAYLOAD_DEPTH, RESULT_CHARACTERS

_ENCODERS: Final = {
    True: json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")),
    False: json.JSONEncoder(ensure_ascii=False, allow_nan=False, indent=2),
}
_VALUE: Final = 8  # characters that stand for a value, with its name and what separates it from others
_UNALIKE: Final = 1 << 60  # added to a count: the encoders write the value in different ways


class ResultTooLargeError(Exception):
    """The JSON text of a value would have more characters than a result may have."""


def write(value: JSON, *, compact: bool = False, count: int | None = None) -> bytes:
    """A value as JSON text in UTF-8, without a line end. ``count`` is what ``counted`` gives for it.

    NaN, the infinities and half a surrogate pair are not JSON, and raise ``ValueError``. Raises
    ResultTooLargeError.
    """
    alike = (counted(value) if count is None else count) < _UNALIKE
    if alike:
        try:
            written: bytes = orjson.dumps(value, option=0 if compact else orjson.OPT_INDENT_2)
            return written
        except TypeError:  # a number of more than 64 bits, a name of another type, half a surrogate pair
            pass
    return _ENCODERS[compact].encode(value).encode()


def counted(value: JSON) -> int:
    """How many characters the texts in a value have, each value as eight more. Names are not counted.

    Far more if the encoders differ, as far as kinds and floats tell. Raises ResultTooLargeError.
    """
    return _count((value,), PAYLOAD_DEPTH)


def _count(values: Collection[JSON], room: int) -> int:
    count = _VALUE * len(values) if room >= 0 else _VALUE * len(values) + _UNALIKE
    for each in values:
        kind = type(each)
        if kind is str:
            count += len(each)  # type: ignore[arg-type]
        elif each is None or kind is int or kind is bool:
            continue
        elif kind is dict:
            count += _count(each.values(), room - 1)  # type: ignore[union-attr]
        elif kind is list:
            count += _count(each, room - 1)  # type: ignore[arg-type]
        elif kind is not float or (each and not 1e-4 <= abs(each) < 1e16):  # type: ignore[arg-type]
            count += _UNALIKE
    if count > RESULT_CHARACTERS and count % _UNALIKE > RESULT_CHARACTERS:
        raise ResultTooLargeError
    return count
