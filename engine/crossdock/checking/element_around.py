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


def hidden(condition: Expr, around: ElementAround | None) -> Iterator[tuple[Identifier, str, str]]:
    """The names in a filter that the author means to read elsewhere, each with message and help.

    They are in a comparison that asks whether two properties of the filtered element are equal, and the
    element around has a property of that name too: it is hidden by that of the filtered element.
    """
    for pair in _equalities(condition) if around is not None else ():
        names = [_first_name(side) for side in reversed(pair)]
        if around is None or None in names or names[0] == names[1]:
            continue
        for name in names:
            if name is not None and around.has(name.name):
                message = f"`{name.name}` is read from the filtered element, not from the element around"
                yield name, message, around.read(name.name)
                break


def _equalities(node: Expr) -> Iterator[tuple[Expr, Expr]]:
    """The two sides of each `==` and `contains` of a condition.

    Not those of filters and expression references in it, which have other contexts.
    """
    match node:
        case FilterProjection() | ExpressionReference():
            return
        case Comparator(operator="eq"):
            yield node.left, node.right
        case FunctionCall(name="contains", arguments=(searched, sought)):
            yield searched, sought
    for part in children(node):
        yield from _equalities(part)


def _first_name(node: Expr) -> Identifier | None:
    """The property of the context that a path begins with, also inside of a function such as `to_string`."""
    match node:
        case Identifier():
            return node
        case FunctionCall(arguments=(argument,)):
            return _first_name(argument)
        case Subexpression() | IndexExpression():
            return _first_name(node.parts[0])
    return None
