"""Payloads and results accepted at speed: what fits its schema is told so, and nothing else is said.

``validation`` walks schema and value with care, and words what is wrong. Here a schema becomes Python once,
and a value that fits passes in a fraction of the time. What is not accepted goes the slow way, which alone
decides: an acceptor may turn down what fits (a float that a parser may have made of a longer number, an
object that nests almost too deep), and never takes what does not.

    value = read(data, schema)              # strict JSON that fits, or MISSING
    if value is MISSING:
        value = decode(data, name)          # raises, with the place
        violations = validate(value, schema)

The names are loaded when they are first used: whoever has generated code at hand needs few of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossdock.schema.fast.acceptors import Acceptor, acceptor, accepts
    from crossdock.schema.fast.generation import generate
    from crossdock.schema.fast.partial_reader import pruned_reader
    from crossdock.schema.fast.strict_reader import read
    from crossdock.schema.fast.writer import write

_HOMES = {
    "Acceptor": "acceptors",
    "acceptor": "acceptors",
    "accepts": "acceptors",
    "generate": "generation",
    "pruned_reader": "partial_reader",
    "read": "strict_reader",
    "write": "writer",
}

__all__ = ["Acceptor", "acceptor", "accepts", "generate", "pruned_reader", "read", "write"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
