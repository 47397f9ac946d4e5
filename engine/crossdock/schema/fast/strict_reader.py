"""Bytes to a value that is strict JSON and fits a schema, without a Python call for each object.

    value = read(data, schema)      # MISSING: ``json_reader.decode`` and ``validate`` know more

The parsers behind this are quick because they accept more than strict JSON. What they accept is found later:

- of two equal keys they keep one: the value then has fewer strings than the bytes (``count_strings``);
- numbers that 64 bits do not hold and deep nesting are refused by the acceptor, which looks at every value;
- whole numbers that are floats, such as 1.0, become ints; the acceptor refuses large ones;
- half of a surrogate pair is looked for where the bytes have an escape; orjson refuses it by itself;
- a number so small that it becomes 0 is looked for where the bytes have a negative exponent (``may_vanish``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from crossdock.core.json_types import JSON, MISSING, Missing, settle
from crossdock.core.limits import PAYLOAD_BYTES
from crossdock.schema.fast import optional_deps

# A process that runs kept code needs ``accepted`` alone, so generation is imported where it is used.
if TYPE_CHECKING:
    from crossdock.schema.fast.acceptance import Acceptor
    from crossdock.schema.fast.msgspec_types import TypedDecoder
    from crossdock.schema.store import Schema

# Making types takes longer than reading a few payloads: they are made after so many bytes.
_WORTH: Final = 8 * 1024 * 1024
_REST: Final = 63

_ZEROS: Final = b"0" * 200  # with fewer, only an exponent below -99 makes a number 0
_BACK: Final = 64
_MANTISSA: Final = re.compile(rb"(?:(?:\A|[:,\[\s])-?([0-9]+(?:\.[0-9]+)?)|[0-9.]{64})\Z")
_EXPONENT: Final = re.compile(rb"[eE]-[0-9]{1,20}(?![0-9])")


def read(data: bytes, schema: Schema, *, limit: int = PAYLOAD_BYTES) -> JSON | Missing:
    """The value of a payload that fits a schema, as ``json_reader.decode`` gives it; or MISSING.

    ``limit`` is in bytes. MISSING tells nothing about the payload: it must be read again on the normal path.
    """
    return schema.once(reader_of).read(data, limit)


def reader_of(schema: Schema, types: TypedDecoder | None = None) -> StrictReader:
    """A new reader of a schema's payloads; ``read`` keeps one with each schema."""
    from crossdock.schema.fast.acceptance import acceptor

    return StrictReader(schema, acceptor(schema), types)


@dataclass(slots=True)
class StrictReader:
    """How the payloads of a schema are read. It gets quicker while it reads, with the same results.

    When a payload fits although the types refuse it, the types pause for some payloads: similar ones follow.
    """

    schema: Schema
    accept: Acceptor
    types: TypedDecoder | None = None
    seen: int = 0
    resting: int = 0

    def read(self, data: bytes, limit: int = PAYLOAD_BYTES) -> JSON | Missing:
        """The value of a payload that fits, or MISSING."""
        if self.types is None or self.resting:
            return self._learn(data, limit)
        value = read_typed(data, self.types) if len(data) <= limit else MISSING
        if value is MISSING:
            value = accepted(data, self.accept, limit=limit)
            self.resting = 0 if value is MISSING else _REST
        return value

    def _learn(self, data: bytes, limit: int) -> JSON | Missing:
        value = accepted(data, self.accept, limit=limit)
        self.resting = max(0, self.resting - 1)
        before, self.seen = self.seen, self.seen + len(data)
        if before < _WORTH <= self.seen:
            from crossdock.schema.fast.msgspec_types import typed

            self.types = typed(self.schema)
        return value


def accepted(data: bytes, accept: Acceptor, *, limit: int = PAYLOAD_BYTES) -> JSON | Missing:
    """The value of a payload that an acceptor accepts, or MISSING."""
    if len(data) > limit or may_vanish(data):
        return MISSING
    try:
        value = parser()(data)
    except (ValueError, RecursionError):
        return MISSING
    whole = b".0" in data
    if whole:
        value = settle(value)
    count = accept(value)
    if count < 0 and not whole:  # it may have a whole number with an exponent
        value = settle(value)
        count = accept(value)
    return value if count == count_strings(data) else MISSING


def read_typed(data: bytes, types: TypedDecoder) -> JSON | Missing:
    """The value of a payload that fits the types of a schema, or MISSING.

    Types drop members that they do not name. So the value is written again: it must have as many strings.
    """
    try:
        value = types.decode(data)
        written = types.write(value)
    except (types.refusal, ValueError, TypeError, RecursionError):
        return MISSING
    if written != data and (
        count_strings(written) != count_strings(data) or (b"0.0" in written and may_vanish(data))
    ):
        return MISSING
    return settle(value) if b".0" in written else value


def count_strings(data: bytes) -> int:
    """The number of strings, keys included, in bytes that are known to be JSON in UTF-8.

    A backslash occurs only in strings. In a row of backslashes each pair, from the left, is one escape.
    Without the pairs, a backslash before a quote escapes it, and every other quote opens or closes a string.
    """
    if b"\\" not in data:
        return data.count(b'"') // 2
    if b"\\\\" in data:
        data = data.replace(b"\\\\", b"")
    return (data.count(b'"') - data.count(b'\\"')) // 2


def may_vanish(data: bytes) -> bool:
    """Whether a number other than 0 may become 0 as a float, by a negative exponent or many zeros."""
    for mark in (b"e-", b"E-"):
        at = data.find(mark)
        while at >= 0:
            if data[at + 2 : at + 5].isdigit() and _vanishes(data, at):
                return True
            at = data.find(mark, at + 2)
    return _ZEROS in data


def _vanishes(data: bytes, at: int) -> bool:
    """Whether the number around an exponent becomes 0. A number too long for the pattern counts as one."""
    before = _MANTISSA.search(data, max(at - _BACK, 0), at)
    if before is None:
        return False
    after = _EXPONENT.match(data, at)
    return not before[1] or after is None or (not float(before[1] + after[0]) and float(before[1]) != 0)


def parser() -> Callable[[bytes], JSON]:
    """The quickest installed parser. It raises ValueError for bytes that are not JSON."""
    orjson = optional_deps.orjson()
    return _standard if orjson is None else orjson.loads


def _standard(data: bytes) -> JSON:
    text = data.decode("utf-8")
    if b"\\" in data:
        from crossdock.core.json_faults import lone_surrogate

        if lone_surrogate(text):
            raise ValueError("half of a surrogate pair")
    value: JSON = _DECODER.decode(text)
    return value


def _constant(_word: str) -> NoReturn:
    raise ValueError("not a number")


_DECODER: Final = json.JSONDecoder(parse_constant=_constant)
