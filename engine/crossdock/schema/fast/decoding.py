"""Bytes to a value without a hook for each object, by whichever parser is the quickest.

What the parsers let pass is made up for: of two equal keys the count of texts tells, numbers out of range
and depth the acceptor; half a surrogate pair is looked for where an escape may be one, and a number so small
that it becomes 0 where an exponent is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final, NoReturn

from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.core.limits import PAYLOAD_BYTES
from crossdock.schema.fast import optional_deps
from crossdock.schema.fast.counting import texts

Parser = Callable[[bytes], JSON]

_ZEROS: Final = b"0" * 200  # with fewer, only an exponent below -99 makes a number 0
_BACK: Final = 64
_MANTISSA: Final = re.compile(rb"(?:(?:\A|[:,\[\s])-?([0-9]+(?:\.[0-9]+)?)|[0-9.]{64})\Z")
_EXPONENT: Final = re.compile(rb"[eE]-[0-9]{1,20}(?![0-9])")


def accepted(data: bytes, accept: Callable[[JSON], int], *, limit: int = PAYLOAD_BYTES) -> JSON | Missing:
    """The value of a payload that an acceptor takes, or MISSING."""
    if len(data) > limit or may_vanish(data):
        return MISSING
    try:
        value = parser()(data)
    except (ValueError, RecursionError):
        return MISSING
    return value if accept(value) == texts(data) else MISSING


def may_vanish(data: bytes) -> bool:
    """Whether there is, or may be, a number that is not 0 and becomes 0: by a great negative exponent."""
    for mark in (b"e-", b"E-"):
        at = data.find(mark)
        while at >= 0:
            if data[at + 2 : at + 5].isdigit() and _vanishes(data, at):
                return True
            at = data.find(mark, at + 2)
    return _ZEROS in data


def _vanishes(data: bytes, at: int) -> bool:
    """Whether the number around an exponent becomes 0; a number that is too long to decide counts as one."""
    before = _MANTISSA.search(data, max(at - _BACK, 0), at)
    if before is None:
        return False
    after = _EXPONENT.match(data, at)
    return not before[1] or after is None or (not float(before[1] + after[0]) and float(before[1]) != 0)


def parser() -> Parser:
    """The quickest parser there is."""
    orjson = optional_deps.orjson()
    return _standard if orjson is None else orjson.loads


def _standard(data: bytes) -> JSON:
    text = data.decode("utf-8")
    if b"\\" in data:
        from crossdock.core.json_faults import lone_surrogate

        if lone_surrogate(text):
            raise ValueError("half of a surrogate pair is not a character")
    value: JSON = _DECODER.decode(text)
    return value


def _constant(_word: str) -> NoReturn:
    raise ValueError("not a number")


_DECODER: Final = json.JSONDecoder(parse_constant=_constant)
