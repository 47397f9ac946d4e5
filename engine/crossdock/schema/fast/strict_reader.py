"""Bytes to a value that is strict JSON and fits a schema, without a Python call for each object.

    read = StrictReader(schema).read
    value = read(data)              # MISSING: ``json_reader.decode`` and ``validate`` know more

The parsers behind this are quick because they accept more than strict JSON. What they accept is found by
writing the value again, which takes a fifth of the time of reading:

- of two equal keys they keep one: the value then has fewer strings than the bytes (``count_strings``);
- a number so small that it becomes 0 is looked for where a 0.0 is written (``may_vanish``);
- whole numbers that are floats, such as 1.0, are written so, and become ints.

Numbers that 64 bits do not hold and deep nesting are refused by the acceptor.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from crossdock.core.json_types import EXACT, JSON, MISSING, Missing, settle, settled
from crossdock.core.limits import PAYLOAD_BYTES

# A process that runs kept code needs ``accepted`` alone, so types are imported where they are made.
if TYPE_CHECKING:
    from crossdock.schema.fast.acceptance import Acceptor
    from crossdock.schema.fast.msgspec_types import TypedDecoder
    from crossdock.schema.fast.selection import Settle
    from crossdock.schema.store import Schema

# Making types takes longer than reading a few payloads: they are made after so many bytes.
_WORTH: Final = 8 * 1024 * 1024
_REST: Final = 63

_ZEROS: Final = b"0" * 200  # with fewer, only an exponent below -99 makes a number 0
_BACK: Final = 64
# It begins with the minus, which is searched for quicker than two letters.
_SMALL: Final = re.compile(rb"-(?<=[eE]-)[0-9]{3}")
_MANTISSA: Final = re.compile(rb"(?:(?:\A|[:,\[\s])-?([0-9]+(?:\.[0-9]+)?)|[0-9.]{64})\Z")
_EXPONENT: Final = re.compile(rb"[eE]-[0-9]{1,20}(?![0-9])")


def read(data: bytes, schema: Schema, *, limit: int = PAYLOAD_BYTES) -> JSON | Missing:
    """The value of a payload that fits a schema, as ``json_reader.decode`` gives it; or MISSING.

    ``limit`` is in bytes. MISSING tells nothing about the payload: it must be read again on the normal path.
    """
    return schema.once(reader_of).read(data, limit)


def reader_of(schema: Schema, settles: Settle = settle) -> StrictReader:
    """A new reader of a schema's payloads; ``read`` keeps one with each schema.

    ``settles`` turns whole numbers into ints, wherever anything will read them.
    """
    from crossdock.schema.fast.acceptance import acceptor

    return StrictReader(schema, acceptor(schema), settles)


@dataclass(slots=True)
class StrictReader:
    """How the payloads of a schema are read. It gets quicker while it reads, with the same results.

    When a payload fits although the types refuse it, the types pause for some payloads: similar ones follow.
    """

    schema: Schema
    accept: Acceptor
    settles: Settle = settle
    types: TypedDecoder | None = None
    seen: int = 0
    resting: int = 0

    def read(self, data: bytes, limit: int = PAYLOAD_BYTES) -> JSON | Missing:
        """The value of a payload that fits, or MISSING."""
        if self.types is None or self.resting:
            return self._learn(data, limit)
        value = read_typed(data, self.types, self.settles) if len(data) <= limit else MISSING
        if value is MISSING:
            value = accepted(data, self.accept, self.settles, limit=limit)
            self.resting = 0 if value is MISSING else _REST
        return value

    def _learn(self, data: bytes, limit: int) -> JSON | Missing:
        value = accepted(data, self.accept, self.settles, limit=limit)
        self.resting = max(0, self.resting - 1)
        before, self.seen = self.seen, self.seen + len(data)
        if before < _WORTH <= self.seen:
            from crossdock.schema.fast.msgspec_types import typed

            self.types = self.schema.once(typed)
        return value


def accepted(
    data: bytes, accept: Acceptor, settles: Settle = settle, *, limit: int = PAYLOAD_BYTES
) -> JSON | Missing:
    """The value of a payload that an acceptor accepts, or MISSING."""
    if len(data) > limit:
        return MISSING
    try:
        value = orjson.loads(data)
        return _as_written(value, data, orjson.dumps(value), settles) if accept(value) else MISSING
    except (ValueError, TypeError, RecursionError):  # TypeError: it nests too deep to be written
        return MISSING


def read_typed(data: bytes, types: TypedDecoder, settles: Settle = settle) -> JSON | Missing:
    """The value of a payload that fits the types of a schema, or MISSING.

    Types drop members that they do not name. So the value is written again: it must have as many strings.
    """
    try:
        value = types.decode(data)
        return _as_written(value, data, types.write(value), settles)
    except (types.refusal, ValueError, TypeError, RecursionError):
        return MISSING


def _as_written(value: JSON, data: bytes, written: bytes, settles: Settle) -> JSON | Missing:
    """The value of some bytes, which is written as others; MISSING when the bytes have more in them."""
    if written == data:
        return settles(value) if b".0" in written else value
    if count_strings(written) != count_strings(data):
        return MISSING
    if b".0" not in written:
        return value
    return MISSING if b"0.0" in written and may_vanish(data) else settles(value)


def exact(value: JSON, settles: Settle = settled) -> JSON | Missing:
    """A value with its whole numbers as ints; MISSING when it holds anything that JSON does not.

    The value stays as it is: what ``settles`` changes must be copies. Numbers that a float may have rounded
    are left to validation, as acceptors leave them.
    """
    try:
        whole = _holds_whole((value,))
        orjson.dumps(value)  # half a surrogate pair, a name of another type, a number of more than 64 bits
    except (TypeError, RecursionError):
        return MISSING
    return settles(value) if whole else value


def _holds_whole(values: Iterable[Any]) -> bool:
    """Whether there is a float that is whole in any of some values. TypeError for what JSON does not have."""
    found = False
    for each in values:
        kind = type(each)
        if kind is str or each is None or kind is int or kind is bool:
            continue
        if kind is dict:
            found = _holds_whole(each.values()) or found
        elif kind is list:
            found = _holds_whole(each) or found
        elif kind is float and -EXACT < each < EXACT:
            found = found or each.is_integer()
        else:
            raise TypeError
    return found


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
    return any(_vanishes(data, each.start() - 1) for each in _SMALL.finditer(data)) or _ZEROS in data


def _vanishes(data: bytes, at: int) -> bool:
    """Whether the number around an exponent becomes 0. A number too long for the pattern counts as one."""
    before = _MANTISSA.search(data, max(at - _BACK, 0), at)
    if before is None:
        return False
    after = _EXPONENT.match(data, at)
    return not before[1] or after is None or (not float(before[1] + after[0]) and float(before[1]) != 0)
