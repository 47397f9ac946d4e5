"""The acceptor of a schema: made on first use, and kept with the schema."""

from __future__ import annotations

from collections.abc import Callable

from crossdock.core.json_types import JSON
from crossdock.schema.fast import runtime
from crossdock.schema.fast.codegen import generate
from crossdock.schema.store import Schema

Acceptor = Callable[[JSON], int]
"""How many texts a value that fits holds, keys included; below 0 when it is not accepted."""


def acceptor(schema: Schema) -> Acceptor:
    """The acceptor of a schema; one that accepts nothing for a schema beyond Python's own limits."""
    return schema.once(_made)


def accepts(value: JSON, schema: Schema) -> bool:
    """Whether a value is known to fit a schema. False says nothing: ``validate`` does."""
    return acceptor(schema)(value) >= 0


def _made(schema: Schema) -> Acceptor:
    try:
        return schema.once(generate).load(runtime)
    except (SyntaxError, RecursionError, MemoryError):
        return _never


def _never(_value: JSON) -> int:
    return -1
