"""Inputs of shared steps that nothing reads, by their names: as properties, or as ``$name``.

An expression that takes all inputs as one object, as ``@`` or ``root()``, reads every one.
"""

from __future__ import annotations

from collections.abc import Iterator

from crossdock.channels.steps import Conversation
from crossdock.core.diagnostics import Diagnostic
from crossdock.language import syntax
from crossdock.language.expr import (
    Current,
    Expr,
    Expression,
    ExpressionReference,
    FilterProjection,
    Flatten,
    FunctionCall,
    Identifier,
    Identity,
    IndexExpression,
    Pipe,
    Projection,
    Subexpression,
    ValueProjection,
    Variable,
    children,
    source_order,
)
from crossdock.language.syntax import LinkedMapping


def unused_inputs(file: Conversation) -> Iterator[Diagnostic]:
    """A warning for each input that nothing in the file reads."""
    if not file.inputs:
        return
    read: set[str] = set()
    for expression in _expressions(file.cells):
        if any(map(_is_whole, _of_context(expression.node))):
            return
        for node in source_order(expression.node):
            if isinstance(node, Identifier | Variable):
                read.add(node.name)
    for name, given in file.inputs.items():
        if name not in read:
            message = f"nothing reads the input `{name}`"
            yield Diagnostic("unused-input", message, given.span, severity="warning")


def _expressions(mapping: LinkedMapping) -> Iterator[Expression]:
    """The expressions of a file, and of the mappings that it uses."""
    for cell in (mapping.cell, *mapping.fragments.values()):
        yield from syntax.expressions(cell)
    for used in mapping.used.values():
        yield from _expressions(used)


def _is_whole(node: Expr) -> bool:
    is_root = isinstance(node, FunctionCall) and node.name == "root"
    return is_root or isinstance(node, Current | Identity)


def _of_context(node: Expr) -> Iterator[Expr]:
    """The parts of an expression whose context is that of the expression itself."""
    match node:
        case Subexpression((FunctionCall("root"), Identifier(), *_)):
            return
        case Subexpression((first, *_)) | IndexExpression((first, *_)):
            yield from _of_context(first)
        case Pipe() | Projection() | ValueProjection() | FilterProjection() | Flatten():
            yield from _of_context(children(node)[0])
        case ExpressionReference():
            return
        case _:
            yield node
            for part in children(node):
                yield from _of_context(part)
