"""Bytes to a value that is strict JSON and fits a schema, in one go and without a hook for each object.

What the quick parsers let pass is made up for: of two equal keys the count of texts tells, numbers out of
range and depth the acceptor, and half a surrogate pair is looked for where an escape may be one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from crossdock.acceptance import libraries
from crossdock.acceptance.acceptors import Acceptor, acceptor
from crossdock.acceptance.counting import texts
from crossdock.acceptance.typed import Typed, typed
from crossdock.payloads import LARGEST
from crossdock.scanner import lone_surrogate
from crossdock.schemas import Schema
from crossdock.values import JSON, MISSING, Missing

Parser = Callable[[bytes], JSON]

# Types are made when they are likely to save what they cost: after so many bytes, read the other way.
_WORTH: Final = 8 * 1024 * 1024
_REST: Final = 63


@dataclass(slots=True)
class Reader:
    """How the payloads of a schema are read. It gets quicker while it reads, and gives the same.

    When its types have turned down a payload that fits, they rest for some payloads: like ones follow.
    """

    schema: Schema
    types: Typed | None = None
    seen: int = 0
    resting: int = 0

    def read(self, data: bytes, limit: int = LARGEST) -> JSON | Missing:
        """The value of a payload that fits, or MISSING."""
        if self.types is None or self.resting:
            return self._learn(data, limit)
        value = self.types.read(data) if len(data) <= limit else MISSING
        if value is MISSING:
            value = accepted(data, acceptor(self.schema), limit=limit)
            self.resting = 0 if value is MISSING else _REST
        return value

    def _learn(self, data: bytes, limit: int) -> JSON | Missing:
        value = accepted(data, acceptor(self.schema), limit=limit)
        self.resting = max(0, self.resting - 1)
        before, self.seen = self.seen, self.seen + len(data)
        if before < _WORTH <= self.seen:
            self.types = typed(self.schema)
        return value


def read(data: bytes, schema: Schema, *, limit: int = LARGEST) -> JSON | Missing:
    """The value of a payload that fits a schema, just as ``payloads.decode`` has it; or MISSING.

    MISSING means only that the slow way has to be gone.
    """
    return schema.once(Reader).read(data, limit)


def accepted(data: bytes, accept: Acceptor, *, limit: int = LARGEST) -> JSON | Missing:
    """The same for whoever has the acceptor of the schema, and one payload."""
    if len(data) > limit:
        return MISSING
    try:
        value = parser()(data)
    except (ValueError, RecursionError):
        return MISSING
    return value if accept(value) == texts(data) else MISSING


def parser() -> Parser:
    """The quickest parser there is."""
    orjson = libraries.orjson()
    return _standard if orjson is None else orjson.loads


def _standard(data: bytes) -> JSON:
    text = data.decode("utf-8")
    if b"\\" in data and lone_surrogate(text):
        raise ValueError("half of a surrogate pair stands alone")
    value: JSON = _DECODER.decode(text)
    return value


def _constant(_word: str) -> NoReturn:
    raise ValueError("not a number")


_DECODER: Final = json.JSONDecoder(parse_constant=_constant)
