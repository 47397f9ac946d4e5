"""Fast acceptance of payloads and results that fit their schema.

The validator walks schema and value, and explains what is wrong. Here jsonschema-rs says whether a value
fits, in a fraction of the time. A value that is not accepted goes to the validator, which alone decides. An
acceptor may reject a valid value (a float that may come from a longer number, an object that nests almost
too deep), but never accepts an invalid one.

    value = read(data, schema)              # strict JSON that fits, or MISSING
    if value is MISSING:
        value = decode(data, name)          # raises, with the place
        violations = validate(value, schema)

The names are imported on first use, because a run with cached code needs few of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossdock.schema.fast.acceptance import Acceptor, acceptor, accepts
    from crossdock.schema.fast.partial_reader import pruned_reader
    from crossdock.schema.fast.selection import parts_at, with_numbers
    from crossdock.schema.fast.strict_reader import accepted, exact, read, reader_of
    from crossdock.schema.fast.writer import ResultTooLargeError, write

_HOMES = {
    "Acceptor": "acceptance",
    "acceptor": "acceptance",
    "accepts": "acceptance",
    "pruned_reader": "partial_reader",
    "accepted": "strict_reader",
    "exact": "strict_reader",
    "read": "strict_reader",
    "reader_of": "strict_reader",
    "parts_at": "selection",
    "with_numbers": "selection",
    "ResultTooLargeError": "writer",
    "write": "writer",
}

__all__ = [
    "Acceptor",
    "ResultTooLargeError",
    "accepted",
    "acceptor",
    "accepts",
    "exact",
    "parts_at",
    "pruned_reader",
    "read",
    "reader_of",
    "with_numbers",
    "write",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
