"""The kinds of values that the check tells apart.

They are the types of JSON Schema without null, which is a property of a type (``optional``), and with
``true`` and ``false`` in the place of ``boolean``: a condition is about what is false.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from crossdock.core.diagnostics import shorten
from crossdock.core.json_types import JSON
from crossdock.core.kinds import in_words as words_of
from crossdock.core.kinds import kind_of

Kinds = frozenset[str]

BOOLEAN: Final = frozenset({"true", "false"})
NUMBER: Final = frozenset({"integer", "number"})
EVERY: Final = frozenset({"string", "array", "object", *BOOLEAN, *NUMBER})


def kinds_of(types: Iterable[str] | None) -> Kinds:
    """JSON types as kinds; null is not among them. None, and ``any``, are every kind."""
    if types is None:
        return EVERY
    found: set[str] = set()
    for name in types:
        match name:
            case "any":
                return EVERY
            case "boolean":
                found |= BOOLEAN
            case "number":
                found |= NUMBER
            case "null" | "expression":
                pass
            case _:
                found.add(name)
    return frozenset(found)


@lru_cache(maxsize=256)
def kinds_of_types(types: frozenset[str] | None) -> Kinds:
    """The same, cached: schemas have few different sets of types, and each is needed very often."""
    return kinds_of(types)


def in_words(kinds: Kinds) -> str:
    """Kinds as a message says them: ``text or a number``."""
    found = (kinds - BOOLEAN) | {"boolean"} if kinds & BOOLEAN else kinds
    return words_of(found) or "nothing"


def shown(value: JSON) -> str:
    """A value that is written out, as messages have it: text as it is, others in JSON."""
    return shorten(value if isinstance(value, str) else json.dumps(value))


def kinds_of_value(value: JSON) -> Kinds:
    """The kind of a value that is written out; none for null."""
    match kind_of(value):
        case "null":
            return frozenset()
        case "boolean":
            return frozenset({"true" if value else "false"})
        case kind:
            return frozenset({kind})
