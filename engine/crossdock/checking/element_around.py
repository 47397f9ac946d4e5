"""Names in a filter that are those of the filtered element, where the author means the element around.

Inside ``$each: lines``, ``root().refunds[?line_id == id]`` reads ``id`` of the refund. A name for the line
tells the two apart: ``$each: {line: lines}`` and ``$line.id``.
"""

from __future__ import annotations

from collections.abc import Iterator

from crossdock.checking.types import Type
from crossdock.core.diagnostics import shorten
from crossdock.core.records import record
from crossdock.language.expr import (
    Comparator,
    Expr,
    ExpressionReference,
    FilterProjection,
    FunctionCall,
    Identifier,
    IndexExpression,
    Subexpression,
    children,
)


@record(frozen=True, slots=True)
class ElementAround:
    """The element of `$each`, or of a step's `each`, around an expression: its type and its name."""

    typ: Type
    name: str | None
    word: str
    list: str

    def has(self, name: str) -> bool:
        return self.typ.known and self.typ.member(name) is not None

    def read(self, name: str) -> str:
        """How the expression reads a property of this element, wherever it does so."""
        if self.name is not None:
            return f"`${self.name}.{name}` is that of the element around"
        named = f"{self.word}: {{line: {shorten(self.list, 40)}}}"
        return f"name the element around, `{named}`, and read `$line.{name}`"


def hidden(condition: Expr, around: ElementAround | None) -> Iterator[tuple[Comparator, str, str]]:
    """The comparisons in a filter that set two properties of its element equal, with message and help.

    Only those of which the element around has one too: it is hidden by that of the filtered element.
    """
    for node in _equalities(condition) if around is not None else ():
        names = [_first_name(side) for side in (node.right, node.left)]
        if around is None or None in names or names[0] == names[1]:
            continue
        for name in names:
            if name is not None and around.has(name):
                message = f"`{name}` is read from the filtered element, not from the element around"
                yield node, message, around.read(name)
                break


def _equalities(node: Expr) -> Iterator[Comparator]:
    """The `==` of a condition, but not those of filters and functions in it, which have other contexts."""
    if isinstance(node, FilterProjection | ExpressionReference):
        return
    if isinstance(node, Comparator) and node.operator == "eq":
        yield node
    for part in children(node):
        yield from _equalities(part)


def _first_name(node: Expr) -> str | None:
    """The property of the context that a path begins with, also inside of a function such as `to_string`."""
    match node:
        case Identifier(name):
            return name
        case FunctionCall(arguments=(argument,)):
            return _first_name(argument)
        case Subexpression() | IndexExpression():
            return _first_name(node.parts[0])
    return None
