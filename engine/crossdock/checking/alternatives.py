"""Conditions that are known to be true as a whole: `p || q`, of which one holds, or one call that holds.

They are kept with the type of the context that they are about. When one of the alternatives is then found
to be false, the others are what is left: under `[?p || q]`, the value of `p || q` is never missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from crossdock.checking.narrowing import NO_FACTS, TRUE, Alternatives, Fact, Facts, NarrowedType, narrowed
from crossdock.checking.types import Type
from crossdock.language.expr import (
    And,
    Constant,
    Expr,
    FunctionCall,
    Not,
    Or,
    Variable,
    children,
    source_order,
)
from crossdock.language.functions import REGISTRY

_MOST: Final = 8  # alternatives of one condition; more would be compared too often
_LONGEST: Final = 100  # parts of all of them, for the same reason


def holds(node: Expr, *, truth: bool = True) -> Facts:
    """The fact that a condition about the context is true; with ``truth`` false, that it is not."""
    found = list(islice(_alternatives(node, truth), _MOST + 1))
    parts = list(islice((part for each in found for part in source_order(each)), _LONGEST + 1))
    if len(found) > _MOST or len(parts) > _LONGEST or any(map(_of_a_scope, parts)):
        return NO_FACTS
    return {(): Fact(present=False, alternatives=(tuple(reversed(found)),))}


def _alternatives(node: Expr, truth: bool) -> Iterator[Expr]:
    """The alternatives from the last to the first: so a long chain is left after a few."""
    pending = [(node, truth)]
    while pending:
        part, true = pending.pop()
        match part:
            case Not(operand):
                pending.append((operand, not true))
            case Or(left, right) if true:
                pending += [(left, true), (right, true)]
            case And(left, right) if not true:
                pending += [(left, true), (right, true)]
            case _ if not never(part, truth=true):
                yield part if true else Not(part)


def _of_a_scope(node: Expr) -> bool:
    """Whether a node means something else in another scope, to which the context may be passed."""
    if isinstance(node, FunctionCall):
        return REGISTRY[node.name].kind == "context"
    return isinstance(node, Variable)


def never(node: Expr, *, truth: bool) -> bool:
    """Whether constants alone show that a condition is never true; with ``truth`` false, never false."""
    match node:
        case Constant(value):
            return (value not in (None, False, "") and value not in ([], {})) != truth
        case Not(operand):
            return never(operand, truth=not truth)
        case And(left, right):
            return (any if truth else all)(never(each, truth=truth) for each in (right, left))
        case Or(left, right):
            return (all if truth else any)(never(each, truth=truth) for each in (right, left))
    return False


def known_of(context: Type) -> Iterator[Alternatives]:
    """The alternatives of which one is true, for each condition that holds about a context."""
    while isinstance(context, NarrowedType):
        yield from context.fact.alternatives
        context = context.base


def held_type(node: Expr, typ: Type, context: Type) -> Type:
    """The type of a value of which the context tells that it is true, or that it has a value."""
    for alternatives in known_of(context):
        if alternatives == (node,):
            return narrowed(typ, {(): TRUE})
        call = isinstance(node, FunctionCall) and node.name == "not_null"
        if call and all(each in children(node) for each in alternatives):
            return typ.with_optional(False)
    return typ


def left_over(known: Iterator[Alternatives], condition: Expr, truth: bool) -> Iterator[Alternatives]:
    """What is left of alternatives when a condition is true, or is not."""
    false: list[Expr] | None = None
    for alternatives in known:
        if false is None:
            false = list(_false(condition, truth))
        left = tuple(each for each in alternatives if each not in false)
        if left and left != alternatives:
            yield left


def _false(node: Expr, truth: bool) -> Iterator[Expr]:
    """The conditions that are false when this one is true, or is not."""
    pending = [(node, truth)]
    while pending:
        part, true = pending.pop()
        match part:
            case Not(operand):
                pending.append((operand, not true))
                continue
            case And(left, right) if true:
                pending += [(left, true), (right, true)]
            case Or(left, right) if not true:
                pending += [(left, true), (right, true)]
        yield Not(part) if true else part
