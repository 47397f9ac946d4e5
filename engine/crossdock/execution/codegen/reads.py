"""Which properties of a context an expression or a cell reads, found before code is written for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from crossdock.execution.codegen.locals import Access, Path
from crossdock.language import syntax
from crossdock.language.expr import (
    Conditional,
    Current,
    Expr,
    Expression,
    ExpressionReference,
    FilterProjection,
    FunctionCall,
    Identifier,
    Identity,
    IndexExpression,
    Pipe,
    Projection,
    Subexpression,
    ValueProjection,
    children,
)
from crossdock.language.syntax import LinkedMapping

HERE: Final = ""  # the context itself, beside the origins that are functions
ORIGINS: Final = ("root", "settings", "request", "answers", "events")

Found = tuple[str, Access]


def way_of(node: Expr) -> tuple[str, Path] | None:
    """Where a node that only walks from property to property begins, and its way; None for any other."""
    match node:
        case Identifier(name):
            return HERE, (name,)
        case Current() | Identity():
            return HERE, ()
        case FunctionCall(name, ()) if name in ORIGINS:
            return name, ()
        case Subexpression() | Pipe():
            first, *others = (way_of(part) for part in children(node))
            if first and all(other is not None and other[0] == HERE for other in others):
                return first[0], sum((other[1] for other in others if other), first[1])
    return None


def of_node(node: Expr, here: bool = True, often: bool = False) -> Iterator[Found]:
    """What a node reads of its context, if that is ``here``, and of the origins."""
    if way := way_of(node):
        if here or way[0] != HERE:
            yield way[0], Access(way[1], often)
        return
    match node:
        case ExpressionReference(body):
            yield from of_node(body, False, True)
        case Subexpression() | IndexExpression() | Pipe():
            first, *others = children(node)
            yield from of_node(first, here, often)
            for part in others:
                yield from of_node(part, False, often)
        case Projection(left, right) | ValueProjection(left, right):
            yield from of_node(left, here, often)
            yield from of_node(right, False, True)
        case FilterProjection(left, condition, right):
            yield from of_node(left, here, often)
            yield from of_node(right, False, True)
            yield from of_node(condition, False, True)
        case Conditional(test, then, otherwise):
            for part in (test, then, otherwise):
                yield from of_node(part, here, often)
        case _:
            for part in children(node):
                yield from of_node(part, here, often)


def of_cell(cell: syntax.Cell | syntax.Each, here: bool = True, often: bool = False) -> Iterator[Found]:
    """What a cell reads, fragments included. Another mapping reads in a scope of its own."""
    match cell:
        case syntax.Evaluate(expression):
            yield from of_expression(expression, here, often)
        case syntax.Object(fields):
            for item in fields:
                yield from of_cell(item.cell, here, often)
        case syntax.List(items):
            for entry in items:
                yield from of_cell(entry, here, often)
        case syntax.Each(over, inner) | syntax.With(over, inner):
            yield from of_expression(over, here, often)
            yield from of_cell(inner, False, often or isinstance(cell, syntax.Each))
        case syntax.If(condition, inner):
            yield from of_expression(condition, here, often)
            yield from of_cell(inner, here, often)
        case syntax.Switch(over, cases):
            yield from of_expression(over, here, often)
            for case in cases:
                yield from of_cell(case.cell, here, often)
        case syntax.Use():
            if not isinstance(cell.linked, LinkedMapping):
                yield from of_cell(cell.linked, here, often)
            for item in cell.beside:
                yield from of_cell(item.cell, here, often)


def of_expression(expression: Expression, here: bool, often: bool) -> Iterator[Found]:
    yield from of_node(expression.node, here, often)


def of_message(check: syntax.Check) -> Iterator[Found]:
    """What the message of a check reads beside its context."""
    if check.message is not None:
        yield from (item for item in of_node(check.message.node, False) if item[0] != HERE)


def of_mapping(mapping: LinkedMapping) -> list[Found]:
    """What a mapping and those that it uses read, of their payloads and of the scope."""
    found = [*of_cell(mapping.cell)]
    for check in mapping.checks:
        found += of_node(check.condition.node, False)
        found += of_message(check)
    for other in mapping.used.values():
        found += of_mapping(other)
    return found
