"""An expression, changed in one part: another property, a default or a filter less, another function.

money(a || b)   →   a || b,   money(a),   money(b),   amount(a || b), …
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from crossdock.core.json_types import JSON
from crossdock.language.functions import REGISTRY
from crossdock.language.jmespath import children
from crossdock.language.legacy import Tree
from crossdock.language.unparse import written

# Of a property that is read: another one of the same kind; None when there is none.
Sibling: TypeAlias = "Callable[[Tree], str | None]"

_COMPARISONS: Final = {"eq": "ne", "ne": "eq", "lt": "lte", "lte": "lt", "gt": "gte", "gte": "gt"}
_OTHERS: Final = {
    "upper": "lower",
    "lower": "upper",
    "min_of": "max_of",
    "max_of": "min_of",
    "min": "max",
    "max": "min",
    "min_by": "max_by",
    "max_by": "min_by",
    "first": "last",
    "last": "first",
    "starts_with": "ends_with",
    "ends_with": "starts_with",
    "money": "amount",
    "amount": "money",
    "subtract": "add",
    "ratio": "multiply",
    "magnitude": "neg",
    "floor": "ceil",
    "ceil": "floor",
    "keys": "values",
    "values": "keys",
}
# Functions that could be replaced by their first argument.
_WRAPPERS: Final = frozenset(
    {
        *("money", "amount", "number", "integer", "to_number", "to_string", "round", "neg", "magnitude"),
        *("upper", "lower", "title", "trim", "truncate", "replace", "parse_json", "epoch", "iso"),
        *("unique", "sort", "sort_by", "reverse", "to_array"),
    }
)


@dataclass(frozen=True, slots=True)
class Variant:
    """The whole tree, changed; the part that was changed, and its replacement."""

    tree: Tree
    part: Tree
    now: Tree

    @property
    def says(self) -> str:
        if (gone := _gone(self.part, self.now)) is not None:
            name = self.part["value"] if self.part["type"] == "function_expression" else ""
            return f"{name}(…) without {written(gone)}" if name else f"[…] without {written(gone)}"
        return f"{written(self.part)} → {written(self.now)}"


def _gone(part: Tree, now: Tree) -> Tree | None:
    """The element, or the argument, that a part has no more."""
    shorter = part["type"] == now["type"] and len(children(now)) == len(children(part)) - 1
    if not shorter or part.get("value") != now.get("value"):
        return None
    kept = {id(child) for child in children(now)}
    return next(child for child in children(part) if id(child) not in kept)


def variants(tree: Tree, sibling: Sibling) -> Iterator[Variant]:
    """Every change of one part, from the outside in."""
    for now in _changed(tree, sibling):
        yield Variant(now, tree, now)
    for place, part in enumerate(children(tree)):
        if _is_name(tree, place):
            continue
        for inner in variants(part, sibling):
            yield Variant(_with(tree, place, inner.tree), inner.part, inner.now)


def _is_name(tree: Tree, place: int) -> bool:
    """The table of a lookup is named, and another name is another mapping's."""
    return bool(place == 0 and tree["type"] == "function_expression" and tree["value"] == "lookup")


def _with(tree: Tree, place: int, part: Tree) -> Tree:
    parts = [*tree["children"][:place], part, *tree["children"][place + 1 :]]
    return {**tree, "children": parts}


def _without(tree: Tree, place: int) -> Tree:
    return {**tree, "children": [*tree["children"][:place], *tree["children"][place + 1 :]]}


def _changed(tree: Tree, sibling: Sibling) -> Iterator[Tree]:
    """The part itself, changed."""
    parts = tree["children"]
    match tree["type"]:
        case "field":
            if (other := sibling(tree)) is not None:
                yield {**tree, "value": other}
        case "or_expression" | "and_expression":
            yield from parts
        case "not_expression":
            yield parts[0]
        case "conditional":
            yield from parts[1:]
        case "comparator":
            yield {**tree, "value": _COMPARISONS[tree["value"]]}
        case "filter_projection":
            left, right, condition = parts
            yield {**tree, "type": "projection", "children": [left, right]}
            yield _with(tree, 2, {"type": "not_expression", "children": [condition], "value": None})
        case "index":
            yield {**tree, "value": -1 if tree["value"] == 0 else 0}
        case "slice":
            yield from _slices(tree)
        case "multi_select_list" if len(parts) > 1:
            yield from (_without(tree, place) for place in range(len(parts)))
        case "literal":
            for value in other_constants(tree["value"]):
                yield {**tree, "value": value}
        case "function_expression":
            yield from _calls(tree)


def _slices(tree: Tree) -> Iterator[Tree]:
    bounds: Any = tree["children"]  # numbers, where other trees have parts
    start, stop, step = bounds
    if start:
        bounds = [start - 1, stop, step]
        yield {**tree, "children": bounds}
    if stop is not None:
        bounds = [start, stop + 1, step]
        yield {**tree, "children": bounds}


def other_constants(value: JSON) -> Iterator[JSON]:
    """A constant of the same kind; none for null, lists and objects."""
    match value:
        case bool():
            yield not value
        case int() | float():
            yield value + 1
        case str():
            yield "" if value.isspace() else value + "?"


def _calls(tree: Tree) -> Iterator[Tree]:
    """Another function, no function, and one argument less."""
    name, arguments = tree["value"], tree["children"]
    if (other := _OTHERS.get(name)) is not None:
        yield {**tree, "value": other}
    if name in _WRAPPERS:
        yield arguments[0]
    if name == "lookup":
        yield arguments[1]
    parameters = REGISTRY[name].parameters
    least = sum(not parameter.optional for parameter in parameters)
    if len(arguments) > least:
        variadic = any(parameter.variadic for parameter in parameters)
        first = least - 1 if variadic else len(arguments) - 1
        yield from (_without(tree, place) for place in range(first, len(arguments)))
