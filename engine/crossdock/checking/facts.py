"""What a condition shows of the values that it reads, when it is true and when it is not.

Paths begin at the context, or at a function that gives one of the values around it: ``("root()", "sku")``.

    company && address.zip     true: company is there, and so are address and address.zip
    !sku                       not true: sku is there
    type(code) == 'string'     true: code is text
"""

from __future__ import annotations

from typing import Final

from crossdock.checking.narrowing import (
    NO_FACTS,
    THERE,
    TRUE,
    Fact,
    Facts,
    Path,
    all_of,
    any_of,
    is_scope_path,
)
from crossdock.checking.types import BOOLEAN, EVERY, NUMBER, kind_of, kinds_of
from crossdock.core.json_types import JSON
from crossdock.language.functions import REGISTRY
from crossdock.language.jmespath import source_order
from crossdock.language.legacy import Tree

SCOPE_FUNCTIONS: Final = ("root", "request", "settings", "answers")
_ORDERS: Final = ("lt", "lte", "gt", "gte")
_MIRRORED: Final = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte", "eq": "eq", "ne": "ne"}


def shown_by(tree: Tree, truth: bool = True) -> Facts:
    """The facts that hold when a condition is true; with ``truth`` false, when it is not."""
    children = tree["children"]
    match tree["type"]:
        case "and_expression" | "or_expression":
            left, right = (shown_by(child, truth) for child in children)
            both = truth == (tree["type"] == "and_expression")
            return all_of(left, right) if both else any_of(left, right)
        case "not_expression":
            return shown_by(children[0], not truth)
        case "comparator":
            return _compared(tree, truth)
        case "function_expression" if tree["value"] == "contains" and truth:
            return all_of(_among(children), needed_by(tree))
    if not truth:
        return NO_FACTS
    if tree["type"] in ("projection", "filter_projection", "flatten"):
        return _list(children[0], some=True)
    path = path_of(tree)
    return needed_by(tree) if path is None else about(path, TRUE)


def about(path: Path, fact: Fact) -> Facts:
    """A fact about a path, and what follows for the values that it leads through."""
    facts: dict[Path, Fact] = {path: fact}
    if not fact.there:
        return facts
    for length in range(len(path)):
        into = path[length]
        if length == 0 and is_scope_path(path):
            continue
        kinds = frozenset({"array" if isinstance(into, int) else "object"})
        facts[path[:length]] = Fact(kinds, some=True)
    return facts


def path_of(tree: Tree) -> Path | None:
    """A chain of names and places as a path; None for anything else."""
    match tree["type"]:
        case "field" | "index":
            return (tree["value"],)
        case "current" | "identity":
            return ()
        case "function_expression" if tree["value"] in SCOPE_FUNCTIONS:
            return (f"{tree['value']}()",)
        case "subexpression" | "index_expression" | "pipe":
            whole: Path = ()
            for child in tree["children"]:
                part = path_of(child)
                if part is None or (whole and is_scope_path(part)):
                    return None
                whole += part
            return whole
    return None


def needed_by(tree: Tree) -> Facts:
    """The facts without which this has no value, or none at all because a function refuses."""
    path = path_of(tree)
    if path is not None:
        return about(path, THERE)
    children = tree["children"]
    match tree["type"]:
        case "function_expression":
            return _arguments(tree)
        case "projection" | "filter_projection" | "flatten":
            return _list(children[0])
        case "value_projection":
            return needed_by(children[0])
        case "subexpression" | "index_expression":
            return needed_by(children[0])
    return NO_FACTS


def _list(tree: Tree, *, some: bool = False) -> Facts:
    """What is gone through is a list."""
    path = path_of(tree)
    return needed_by(tree) if path is None else about(path, Fact(frozenset({"array"}), some))


def _arguments(tree: Tree) -> Facts:
    function, facts = REGISTRY[tree["value"]], NO_FACTS
    if function.name == "lookup":
        return needed_by(tree["children"][1])
    for position, argument in enumerate(tree["children"]):
        parameter = function.parameters[min(position, len(function.parameters) - 1)]
        if argument["type"] == "expref" or parameter.optional or {"null", "any"} & parameter.types:
            continue
        path = path_of(argument)
        if path is None:
            facts = all_of(facts, needed_by(argument))
        else:
            facts = all_of(facts, about(path, Fact(kinds_of(parameter.types))))
    return facts


def _compared(tree: Tree, truth: bool) -> Facts:
    left, right = tree["children"]
    operator = tree["value"]
    if operator in _ORDERS:
        if not truth:
            return NO_FACTS
        return all_of(_ordered(left, operator, right), _ordered(right, _MIRRORED[operator], left))
    equal = truth == (operator == "eq")
    return all_of(_equal(left, right, equal), _equal(right, left, equal))


def _ordered(tree: Tree, operator: str, against: Tree) -> Facts:
    """What is less or greater than something is a number, or text."""
    value = against["value"] if against["type"] == "literal" else None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(value, int | float) and _is_length(tree):
        return _length(tree, some=(operator == "gt" and value >= 0) or (operator == "gte" and value > 0))
    path = path_of(tree)
    if path is None:
        return needed_by(tree)
    return about(path, Fact(NUMBER if number else NUMBER | {"string"}))


def _equal(tree: Tree, other: Tree, equal: bool) -> Facts:
    """What is shown of one side of a comparison by the other, when that is written out."""
    if other["type"] != "literal":
        return NO_FACTS
    value: JSON = other["value"]
    path = path_of(tree)
    if value is None:
        return NO_FACTS if equal else (needed_by(tree) if path is None else about(path, THERE))
    if _is_length(tree) and isinstance(value, int):
        return _length(tree, some=equal == (value > 0)) if equal or value == 0 else NO_FACTS
    if tree["type"] == "function_expression" and tree["value"] == "type":
        return _typed(tree, value, equal)
    if path is None:
        return needed_by(tree) if equal else NO_FACTS
    if equal:
        return about(path, Fact(kind_of(value) if not kind_of(value) & NUMBER else NUMBER, False, (value,)))
    return about(path, Fact(others=(value,), there=False))


def _typed(tree: Tree, value: JSON, equal: bool) -> Facts:
    path = path_of(tree["children"][0])
    if path is None or not isinstance(value, str) or value == "null":
        return NO_FACTS if path is None or equal or value != "null" else about(path, THERE)
    return (
        about(path, Fact(kinds_of([value]) or BOOLEAN)) if equal and kinds_of([value]) != EVERY else NO_FACTS
    )


def _is_length(tree: Tree) -> bool:
    return tree["type"] == "function_expression" and tree["value"] == "length"


def _length(tree: Tree, *, some: bool) -> Facts:
    path = path_of(tree["children"][0])
    if path is None:
        return needed_by(tree["children"][0])
    return about(path, Fact(frozenset({"string", "array", "object"}), some=some))


def _among(children: list[Tree]) -> Facts:
    """`contains(['a', 'b'], path)`: the value is one of these."""
    path = path_of(children[1])
    values = written_list(children[0])
    if path is None or values is None or None in values:
        return NO_FACTS
    kinds = frozenset[str]().union(*map(kind_of, values))
    return about(path, Fact(kinds | NUMBER if kinds & NUMBER else kinds, False, tuple(values)))


def written_list(tree: Tree) -> list[JSON] | None:
    """The values of a list that is written out; None for anything else."""
    if tree["type"] == "literal":
        return tree["value"] if isinstance(tree["value"], list) else None
    if tree["type"] != "multi_select_list" or any(item["type"] != "literal" for item in tree["children"]):
        return None
    return [item["value"] for item in tree["children"]]


def answers_in(tree: Tree) -> list[str]:
    """The names of the steps whose answers an expression reads."""
    paths = [path_of(node) for node in source_order(tree)]
    names = [str(path[1]) for path in paths if path and len(path) > 1 and path[0] == "answers()"]
    return list(dict.fromkeys(names))
