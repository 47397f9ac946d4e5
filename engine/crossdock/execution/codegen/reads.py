"""Which properties of a context an expression or a cell reads, found before code is written for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from crossdock.execution.codegen.locals import Access, Path
from crossdock.language import syntax
from crossdock.language.expr import Expression
from crossdock.language.legacy import Tree

if TYPE_CHECKING:
    from crossdock.language.mapping import Mapping

HERE: Final = ""  # the context itself, beside the origins that are functions
ORIGINS: Final = ("root", "settings", "request", "answers", "events")

Found = tuple[str, Access]

_ONWARD: Final = ("subexpression", "pipe", "index_expression")
_LOOPS: Final = ("projection", "filter_projection", "value_projection")
_LEAVES: Final = ("literal", "index", "slice")


def way_of(tree: Tree) -> tuple[str, Path] | None:
    """Where a tree that only walks from property to property begins, and its way; None for any other."""
    match tree["type"]:
        case "field":
            return HERE, (tree["value"],)
        case "current" | "identity":
            return HERE, ()
        case "function_expression" if tree["value"] in ORIGINS and not tree["children"]:
            return tree["value"], ()
        case "subexpression" | "pipe":
            first, *others = (way_of(part) for part in tree["children"])
            if first and all(other is not None and other[0] == HERE for other in others):
                return first[0], sum((other[1] for other in others if other), first[1])
    return None


def of_tree(tree: Tree, here: bool = True, often: bool = False) -> Iterator[Found]:
    """What a tree reads of its context, if that is ``here``, and of the origins."""
    if way := way_of(tree):
        if here or way[0] != HERE:
            yield way[0], Access(way[1], often)
        return
    kind, parts = tree["type"], tree["children"]
    if kind in _LEAVES:
        return
    if kind in _ONWARD or kind in _LOOPS:
        yield from of_tree(parts[0], here, often)
        for part in parts[1:]:
            yield from of_tree(part, False, often or kind in _LOOPS)
        return
    for part in parts:
        if part["type"] == "expref":
            yield from of_tree(part["children"][0], False, True)
        else:
            yield from of_tree(part, here, often)


def of_cell(
    cell: syntax.Cell | syntax.Each, names: dict[str, syntax.Cell], here: bool = True, often: bool = False
) -> Iterator[Found]:
    """What a cell reads; ``names`` are the fragments, which are read in the context that uses them."""
    match cell:
        case syntax.Evaluate(expression):
            yield from of_expression(expression, here, often)
        case syntax.Object(fields):
            for item in fields:
                yield from of_cell(item.cell, names, here, often)
        case syntax.List(items):
            for entry in items:
                yield from of_cell(entry, names, here, often)
        case syntax.Each(over, inner) | syntax.With(over, inner):
            yield from of_expression(over, here, often)
            yield from of_cell(inner, names, False, often or isinstance(cell, syntax.Each))
        case syntax.If(condition, inner):
            yield from of_expression(condition, here, often)
            yield from of_cell(inner, names, here, often)
        case syntax.Use(name):
            if name in names:
                yield from of_cell(names[name], names, here, often)
            for item in cell.beside:
                yield from of_cell(item.cell, names, here, often)


def of_expression(expression: Expression, here: bool, often: bool) -> Iterator[Found]:
    yield from of_tree(expression.tree, here, often)


def of_mapping(mapping: Mapping) -> list[Found]:
    """What a mapping and those that it uses read, of their payloads and of the scope."""
    found = [*of_cell(mapping.cell, dict(mapping.fragments))]
    for check in mapping.checks:
        found += of_tree(check.condition.tree, False)
    for other in mapping.used.values():
        found += of_mapping(other)
    return found
