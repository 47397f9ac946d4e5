"""What the library's functions give and want, beyond what their signatures say: which kinds of elements a
list has, which property an object, whether a whole number stays one.
"""

from __future__ import annotations

from typing import Final

from crossdock.checking.narrowing import documented_in, may_hold_null, origins_of
from crossdock.checking.types import (
    ANYTHING,
    NOTHING,
    NUMBER,
    TEXT,
    Kinds,
    ListOf,
    Record,
    Scalar,
    View,
    either,
    kinds_of,
    tuple_of,
)
from crossdock.language.functions import Function

_ARRAY = frozenset({"array"})
_NUMBERS: Final = NUMBER | {"string"}
# What a function takes as the elements of its list, and whether they must be of one kind.
ELEMENTS: Final[dict[str, Kinds]] = {
    "join": frozenset({"string"}),
    "sum": _NUMBERS,
    "avg": _NUMBERS,
    "share": _NUMBERS,
    "shares": _NUMBERS,
    "max": _NUMBERS,
    "min": _NUMBERS,
    "sort": _NUMBERS,
}
SORTING: Final = ("max", "min", "sort")
BY: Final = ("max_by", "min_by", "sort_by")


def result_of(function: Function, views: list[View], inner: View) -> View:
    """What a function gives, as far as its name and arguments tell. ``inner``: what its `&…` gives."""
    first = views[0] if views else ANYTHING
    match function.name:
        case "not_null":
            result = either(view.marked(False) for view in views if view.kinds)
            return result.marked(all(view.optional for view in views))
        case "reverse" | "sort" | "sort_by" | "unique":
            return _in_another_order(first)
        case "first" | "last" | "max" | "min" | "max_by" | "min_by":
            return first.items().marked(True)
        case "add" | "min_of" | "max_of":
            return Scalar(_number(views), optional=all(view.optional for view in views))
        case "subtract" | "multiply" | "neg" | "magnitude" | "abs":
            return Scalar(_number(views))
        case "sum":
            return Scalar(_number([first.items()]))
        case "ceil" | "floor":
            return Scalar(frozenset({"integer"}))
    return _made_of(function, views, first, inner)


def _made_of(function: Function, views: list[View], first: View, inner: View) -> View:
    """Lists and objects that are made of others."""
    match function.name:
        case "map":
            return ListOf(inner)
        case "merge":
            return _merged(views)
        case "to_array":
            return _as_list(first)
        case "keys" | "split":
            return ListOf(TEXT)
        case "values":
            return ListOf(first.values())
        case "entries":
            return ListOf(Record({"key": TEXT, "value": first.values()}))
        case "zip":
            return ListOf(tuple_of(view.items() for view in views))
        case "shares":
            return ListOf(Scalar(NUMBER))
        case "positions":
            return ListOf(Scalar(frozenset({"integer"})))
    return _declared(function)


def _in_another_order(view: View) -> View:
    if not view.known:
        return ANYTHING
    parts: list[View] = []
    if "array" in view.kinds:
        parts.append(ListOf(view.items()))
    if "string" in view.kinds:
        parts.append(TEXT)
    return either(parts)


def _as_list(view: View) -> View:
    if not view.known:
        return ListOf(ANYTHING)
    others = view.kinds - _ARRAY
    alone = ListOf(view.limited(others)) if others or view.optional else None
    kept = view.limited(_ARRAY).marked(False) if "array" in view.kinds else None
    return either(part for part in (kept, alone) if part is not None)


def _declared(function: Function) -> View:
    """What a function gives by its signature alone."""
    if "any" in function.returns or "object" in function.returns:
        return ANYTHING
    if "array" in function.returns:
        return ListOf(ANYTHING)
    return Scalar(kinds_of(function.returns), optional="null" in function.returns)


def _number(views: list[View]) -> Kinds:
    """Whole numbers give whole numbers; anything else may have a fraction."""
    whole = all(view.known and view.kinds <= {"integer"} for view in views)
    return frozenset({"integer"}) if whole else NUMBER


def _merged(views: list[View]) -> View:
    """One object of several: a later property takes the place of an earlier one, when it is there."""
    if not all(view.known for view in views):
        return ANYTHING
    fields: dict[str, View] = {}
    origins: dict[str, tuple[str, ...]] = {}
    for view in views:
        for name in view.property_names():
            found = view.property(name) or NOTHING
            earlier = fields.get(name)
            if earlier is not None and found.optional:
                given = either([found.marked(False), earlier])
                fields[name] = given.marked(True) if may_hold_null(view, name) else given
            else:
                fields[name] = found
            own = (*(each.name for each in documented_in(found)), *origins_of(view, name))
            origins[name] = tuple(dict.fromkeys((*origins.get(name, ()), *own)))
    return Record(fields, origins=origins)
