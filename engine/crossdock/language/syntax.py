"""The mapping language as data: a cell is one of these, and a mapping file is one ``MappingFile``.

Nodes are plain and frozen. What they mean is said elsewhere, once for each reading: run
(interpreter), check (checker), and whatever comes. A new node kind touches those readings only.

The words of one object apply from the outside in: ``$each``, ``$with``, ``$if``, then the rest; so
``{$each: a, $if: b, x: c}`` is ``Each(a, If(b, Object(x: c)))``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf

from crossdock.core.diagnostics import Span
from crossdock.core.json_types import JSON
from crossdock.language.expr import Expression


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that is itself: a number, a boolean, null, or what stands under ``$const``.

    ``broken`` is a cell that could not be read; its mistake is reported, and nothing more is said of it.
    """

    value: JSON
    span: Span
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Evaluate:
    """An expression, or a template: both are compiled to an ``Expression``."""

    expression: Expression

    @property
    def span(self) -> Span:
        return self.expression.span


@dataclass(frozen=True, slots=True)
class Field:
    """A key of an object and its cell."""

    key: str
    key_span: Span
    cell: Cell


@dataclass(frozen=True, slots=True)
class Object:
    fields: tuple[Field, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Each:
    """A list item that is spliced: ``cell`` once for each element of ``over``."""

    over: Expression
    cell: Cell
    span: Span


@dataclass(frozen=True, slots=True)
class List:
    items: tuple[Cell | Each, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class With:
    """``cell`` evaluated inside ``over``; missing when that is."""

    over: Expression
    cell: Cell
    span: Span


@dataclass(frozen=True, slots=True)
class If:
    condition: Expression
    cell: Cell
    span: Span


@dataclass(frozen=True, slots=True)
class Use:
    """A fragment or another mapping by name; of the fields beside it the first ``before`` stand above it."""

    name: str
    name_span: Span
    beside: tuple[Field, ...]
    span: Span
    before: int = 0


Cell = Literal | Evaluate | Object | List | With | If | Use


@dataclass(frozen=True, slots=True)
class Check:
    """A statement about the result that must be true."""

    condition: Expression
    message: Expression | None
    text: str
    level: OneOf["warning", "error"]
    span: Span


@dataclass(frozen=True, slots=True)
class Ignored:
    """A source subtree that is left out on purpose, or a target subtree that cannot be written.

    ``path`` is property names and ``[]``; a last ``*`` is all that is not read, or not written, there.
    """

    path: tuple[str, ...]
    reason: str
    span: Span


@dataclass(frozen=True, slots=True)
class SchemaName:
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Table:
    """A lookup table: its rows, or the name of the file that holds them."""

    name: str
    rows: dict[str, JSON]
    file: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Fragment:
    name: str
    cell: Cell
    span: Span


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A parsed file, nothing in it resolved yet."""

    describe: str
    source: SchemaName | None
    target: SchemaName | None
    tables: dict[str, Table]
    fragments: dict[str, Fragment]
    ignored: tuple[Ignored, ...]
    unavailable: tuple[Ignored, ...]
    checks: tuple[Check, ...]
    cell: Cell


def uses(cell: Cell | Each) -> list[Use]:
    """Every ``$use`` in a cell, in the order of the file."""
    match cell:
        case Use():
            return [cell, *(use for field in cell.beside for use in uses(field.cell))]
        case Object(fields):
            return [use for field in fields for use in uses(field.cell)]
        case List(items):
            return [use for item in items for use in uses(item)]
        case Each(_, inner) | With(_, inner) | If(_, inner):
            return uses(inner)
        case _:
            return []


def expressions(cell: Cell | Each) -> list[Expression]:
    """Every expression in a cell, in the order of the file."""
    match cell:
        case Evaluate(expression):
            return [expression]
        case Object(fields):
            return [found for field in fields for found in expressions(field.cell)]
        case Use():
            return [found for field in cell.beside for found in expressions(field.cell)]
        case List(items):
            return [found for item in items for found in expressions(item)]
        case Each(over, inner) | With(over, inner):
            return [over, *expressions(inner)]
        case If(condition, inner):
            return [condition, *expressions(inner)]
        case _:
            return []
