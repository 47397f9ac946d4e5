"""The kind of a JSON value, and the words for kinds in messages. No word ever shows the value.

    kind_of(7.0)                        "integer"
    described(7.0)                      "a number"
    in_words({"string", "number"})      "text or a number"

Kinds are the types of JSON Schema: a number without a fraction is an ``integer``, written 1 or 1.0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from crossdock.core.json_types import JSON

WORDS: Final = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
    "expression": "an expression",
}
"""The words for each kind. ``expression`` is an argument of a function, and never in a payload."""


def kind_of(value: JSON) -> str:
    """The kind of a value; ``integer`` for 1 and 1.0, ``number`` for 1.5 and what is not finite."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
    return "expression"


def broad_kind_of(value: JSON) -> str:
    """The kind of a value, ``number`` for every number."""
    kind = kind_of(value)
    return "number" if kind == "integer" else kind


def described(value: JSON) -> str:
    """The kind of a value in words, ``a number`` for every number."""
    return WORDS[broad_kind_of(value)]


def in_words(kinds: Collection[str], order: Iterable[str] = WORDS) -> str:
    """Kinds in words, without those that ``order`` leaves out. A number includes the whole ones."""
    found = set(kinds)
    if "number" in found:
        found.discard("integer")
    return either([WORDS[kind] for kind in order if kind in found])


def either(words: Sequence[str]) -> str:
    """Words as alternatives: ``a, b or c``."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1] if words else ""
