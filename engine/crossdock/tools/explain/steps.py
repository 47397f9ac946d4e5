"""An evaluation step by step: what was read, which branch was taken, what each function returned.

    not_null(unitPrice.saleAmount, unitPrice.listAmount) | money(@)

    read  unitPrice.saleAmount        absent
    read  unitPrice.listAmount        19.9
    call  not_null(absent, 19.9)      19.9
    call  money(19.9)                 "19.90"

A path is one step, however many values it reads, and so is a projection.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, assert_never

from crossdock.execution.values import is_true
from crossdock.language.expr import (
    And,
    Binding,
    Comparator,
    Concat,
    Conditional,
    Constant,
    Current,
    Expr,
    ExpressionReference,
    FilterProjection,
    Flatten,
    FunctionCall,
    Identifier,
    Identity,
    Index,
    IndexExpression,
    KeyValue,
    Let,
    MultiselectHash,
    MultiselectList,
    Not,
    Or,
    Pipe,
    Projection,
    Slice,
    Subexpression,
    Text,
    ValueProjection,
    Variable,
    children,
)
from crossdock.language.unparse import written
from crossdock.tools.explain.replay import Judge, Part
from crossdock.tools.explain.shown import Shown, show

Kind = Literal[
    "each", "with", "if", "switch", "read", "call", "lookup", "branch", "test", "text", "make", "take", "let"
]
AROUND: Final = ("root", "settings", "request", "answers", "events")


@dataclass(frozen=True, slots=True)
class ReadValue:
    """A place in the payload that was read, and its value."""

    pointer: str
    value: Shown


@dataclass(frozen=True, slots=True)
class EvaluationStep:
    """One step. ``text`` is the part of the expression; of a call it is the name of the function."""

    kind: Kind
    text: str
    value: Shown
    reads: tuple[ReadValue, ...] = ()
    arguments: tuple[Shown, ...] = ()
    note: str = ""


def steps(judge: Judge, part: Part) -> Iterator[EvaluationStep]:
    """The steps of a part of an expression, in the order in which they were taken."""
    node = part.node
    if isinstance(node, Constant | Variable):
        return  # the value of a variable is shown where it is bound
    if _is_path(node) or isinstance(node, Projection | FilterProjection | ValueProjection | Flatten):
        yield _read(judge, part)
        return
    if isinstance(node, Or):
        yield from _branches(judge, part)
        return
    if isinstance(node, FunctionCall):
        yield from _call(judge, part, node)
        return
    if not isinstance(node, Comparator | Not):
        for inner in part.parts:
            yield from steps(judge, inner)
    yield from _own(judge, part)


def _own(judge: Judge, part: Part) -> Iterator[EvaluationStep]:
    """The step of a part itself, after those of the parts in it."""
    shown = _shown(judge, part)
    match part.node:
        case Comparator() | Not():
            yield EvaluationStep("test", written(part.node), shown, _reads(judge, part))
        case Conditional(test):
            taken = "then" if is_true(part.parts[0].value) else "else"
            yield EvaluationStep("branch", written(test), shown, note=taken)
        case Text(parts) | Concat(parts):
            if len(parts) > 1:
                yield EvaluationStep("text", written(part.node), shown)
        case MultiselectList() | MultiselectHash():
            yield EvaluationStep("make", written(part.node), shown)
        case Subexpression() | IndexExpression():
            yield EvaluationStep("take", written(part.node), shown)
        case Binding(name):
            yield EvaluationStep("let", f"${name}", shown)
        case Identifier() | Index() | Slice() | Current() | Identity() | Constant() | Variable():
            return
        case Projection() | FilterProjection() | ValueProjection() | Flatten() | Pipe():
            return
        case FunctionCall() | ExpressionReference() | Or() | And() | KeyValue() | Let():
            return
        case _:
            assert_never(part.node)


def _is_path(node: Expr) -> bool:
    """Names, indexes and lists, perhaps from the root on; filters may hold anything."""
    match node:
        case FunctionCall(name):
            return name in AROUND
        case Identifier() | Index() | Slice() | Current() | Identity() | Constant() | Variable():
            return True
        case Subexpression() | IndexExpression() | Pipe() | Flatten() | Projection() | ValueProjection():
            return all(map(_is_path, children(node)))
        case FilterProjection(left, _, right):
            return _is_path(left) and _is_path(right)
        case Comparator() | Or() | And() | Not() | Conditional() | Text() | Concat():
            return False
        case MultiselectList() | MultiselectHash() | KeyValue() | ExpressionReference() | Let() | Binding():
            return False
    assert_never(node)


def _shown(judge: Judge, part: Part) -> Shown:
    return show(part.value, hidden=judge.hides(part))


def _reads(judge: Judge, part: Part) -> tuple[ReadValue, ...]:
    return tuple(
        ReadValue(judge.pointer(seen), show(seen.value, hidden=judge.secret(seen))) for seen in part.seen()
    )


def _read(judge: Judge, part: Part) -> EvaluationStep:
    return EvaluationStep(
        "read", written(part.node), _shown(judge, part), _reads(judge, part), note=passed(part)
    )


def passed(part: Part) -> str:
    """How many elements the first filter of a part lets through."""
    for each in part.walk():
        if isinstance(each.node, FilterProjection):
            asked = [inner for inner in each.parts if inner.node is each.node.condition]
            kept = sum(is_true(inner.value) for inner in asked)
            return f"{kept} of {len(asked)}" if asked else ""
    return ""


def _call(judge: Judge, part: Part, node: FunctionCall) -> Iterator[EvaluationStep]:
    parts = part.parts[: len(node.arguments)]
    values = [each for each in parts if not isinstance(each.node, ExpressionReference)]
    for argument in values:
        yield from steps(judge, argument)
    arguments = tuple(_shown(judge, each) for each in values)
    match node:
        case FunctionCall("lookup", (Constant(table), *_)):
            note = "" if part.value is not None else "no such row"
            yield EvaluationStep("lookup", str(table), _shown(judge, part), (), arguments[1:], note)
        case _:
            yield EvaluationStep(
                "call", node.name, _shown(judge, part), _other_reads(judge, part, parts), arguments
            )


def _other_reads(judge: Judge, part: Part, arguments: list[Part]) -> tuple[ReadValue, ...]:
    """The values that a function read in an argument that it evaluates for each element (``&…``)."""
    named = {read.pointer for each in arguments for read in _reads(judge, each)}
    return tuple(read for read in _reads(judge, part) if read.pointer not in named)


def _branches(judge: Judge, part: Part) -> Iterator[EvaluationStep]:
    """The alternatives up to the one that was taken."""
    asked, total = _evaluated_alternatives(part), len(alternatives_of(part.node))
    for each in asked:
        yield from steps(judge, each)
    taken = asked[-1]
    none = len(asked) == total and not is_true(taken.value)
    note = f"none of {total} is true" if none else f"{len(asked)} of {total}"
    yield EvaluationStep("branch", written(taken.node), _shown(judge, part), note=note)


def _evaluated_alternatives(part: Part) -> list[Part]:
    if not isinstance(part.node, Or):
        return [part]
    return [each for inner in part.parts for each in _evaluated_alternatives(inner)]


def alternatives_of(node: Expr) -> list[Expr]:
    """``a || b || c`` as its three alternatives, however they are nested; another node is its only one."""
    if not isinstance(node, Or):
        return [node]
    return [*alternatives_of(node.left), *alternatives_of(node.right)]
