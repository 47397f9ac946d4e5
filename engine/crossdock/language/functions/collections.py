"""Functions on arrays and objects that JMESPath lacks."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from crossdock.core.equality import identity
from crossdock.core.json_types import JSON
from crossdock.language.functions.function import Example, Function, FunctionError, takes, types

# For values of these types, Python's equality is that of JSON.
_PLAIN: Final = frozenset({str, int, float, type(None)})


def first(array: list[JSON]) -> JSON:
    return array[0] if array else None


def last(array: list[JSON]) -> JSON:
    return array[-1] if array else None


def unique(array: list[JSON]) -> list[JSON]:
    if _PLAIN.issuperset(map(type, array)):
        return [*dict.fromkeys(array)]
    seen: dict[Hashable, JSON] = {}
    for item in array:
        seen.setdefault(identity(item), item)
    return [*seen.values()]


def entries(value: dict[str, JSON]) -> list[JSON]:
    return [{"key": key, "value": item} for key, item in value.items()]


def object_of(array: list[JSON]) -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    for entry in array:
        key = entry.get("key") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(key, str):
            raise FunctionError("takes a list of objects, each with text as its `key`")
        found[key] = entry.get("value")
    return found


def positions(array: list[JSON]) -> list[JSON]:
    return [*range(1, len(array) + 1)]


def zip_arrays(*arrays: list[JSON]) -> list[JSON]:
    return [[*items] for items in zip(*arrays, strict=False)]


FUNCTIONS = (
    Function(
        "first",
        takes("array: array"),
        types("any"),
        "The first item of the array; null if it is empty",
        (Example("first(`[1, 2]`)", 1), Example("first(`[]`)", None)),
        first,
    ),
    Function(
        "last",
        takes("array: array"),
        types("any"),
        "The last item of the array; null if it is empty",
        (Example("last(`[1, 2]`)", 2),),
        last,
    ),
    Function(
        "unique",
        takes("array: array"),
        types("array"),
        "The array without duplicates, in the order of the first occurrences",
        (Example('unique(`["b", "a", "b"]`)', ["b", "a"]), Example("unique(`[1, 1.0, true]`)", [1, True])),
        unique,
    ),
    Function(
        "entries",
        takes("object: object"),
        types("array"),
        "The properties of the object as an array of objects with `key` and `value`",
        (Example('entries(`{"colour": "red"}`)', [{"key": "colour", "value": "red"}]),),
        entries,
    ),
    Function(
        "object",
        takes("entries: array"),
        types("object"),
        "The object with these entries: the inverse of `entries`; of equal keys the last one wins",
        (
            Example('object(`[{"key": "colour", "value": "red"}]`)', {"colour": "red"}),
            Example("object(`[]`)", {}),
        ),
        object_of,
    ),
    Function(
        "positions",
        takes("array: array"),
        types("array"),
        "The position of each item, counted from 1; use `zip` to combine them with the items",
        (
            Example('positions(`["A", "B", "C"]`)', [1, 2, 3]),
            Example('zip(positions(`["A", "B"]`), `["A", "B"]`)', [[1, "A"], [2, "B"]]),
            Example("positions(`[]`)", []),
        ),
        positions,
        passes_on=False,
    ),
    Function(
        "zip",
        takes("array: array, ..."),
        types("array"),
        "An array of all first items, then of all second items, and so on to the end of the shortest array",
        (Example('zip(`["A", "B"]`, shares(`5`, `[2, 1]`))', [["A", 3.33], ["B", 1.67]]),),
        zip_arrays,
    ),
)
