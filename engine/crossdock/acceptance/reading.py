"""Bytes to a value that is strict JSON and fits a schema, in one go and without a hook for each object.

What the quick parsers let pass is made up for: of two equal keys the count of texts tells, numbers out of
range and depth the acceptor, and half a surrogate pair is looked for where an escape may be one.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from crossdock.acceptance import libraries
from crossdock.acceptance.acceptors import Acceptor, acceptor
from crossdock.acceptance.counting import texts
from crossdock.payloads import LARGEST
from crossdock.scanner import lone_surrogate
from crossdock.schemas import Schema
from crossdock.values import JSON, MISSING, Missing

Parser = Callable[[bytes], JSON]


def read(data: bytes, schema: Schema, *, limit: int = LARGEST) -> JSON | Missing:
    """The value of a payload that fits a schema, just as ``payloads.decode`` has it; or MISSING.

    MISSING means only that the slow way has to be gone.
    """
    return accepted(data, acceptor(schema), limit=limit)


def accepted(data: bytes, accept: Acceptor, *, limit: int = LARGEST) -> JSON | Missing:
    """The same for whoever has the acceptor of the schema."""
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
    value: JSON = json.loads(text)
    return value
