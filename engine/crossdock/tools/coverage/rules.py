"""The rules of a mapping's file, and what each of them can do: its arms.

cell      to_string(orderNumber)          gives a value
if        isGift                          true, false
filter    quantity != `0`                 keeps an element, drops one
||        submittedDate || acceptedDate   the left side is used, the right side is used
row       VISA                            is hit
check     equal(sum(…), root().total)     fails
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from crossdock.core.diagnostics import Span, shorten
from crossdock.core.yaml_reader import MapNode, ScalarNode, parse_yaml
from crossdock.language import syntax
from crossdock.language.expr import (
    And,
    Binding,
    Comparator,
    Concat,
    Conditional,
    Constant,
    Current,
    Expr,
    Expression,
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
    source_order,
)
from crossdock.language.unparse import written

if TYPE_CHECKING:
    from crossdock.language.syntax import LinkedMapping
    from crossdock.project.project import Project

# Nodes and expressions are known by their identity, spans and rows by what they say.
Key: TypeAlias = "tuple[object, ...]"
Arm: TypeAlias = "tuple[Key, str]"

# The message for each arm that is not seen.
_ARMS: Final = {
    "||": (
        ("left", "the left side of `||` is never used"),
        ("right", "the right side of `||` is never used"),
    ),
    "&&": (
        ("true", "the left side of `&&` is never true"),
        ("false", "the left side of `&&` is never false"),
    ),
    "choice": (("true", "the condition is never true"), ("false", "the condition is never false")),
    "filter": (
        ("true", "the filter never keeps an element"),
        ("false", "the filter never drops an element"),
    ),
}
_IF: Final = (("true", "`$if` is never true"), ("false", "`$if` is never false"))
_CELL: Final = (("value", "the cell never gives a value"),)
_ROW: Final = (("hit", "the row is never hit"),)
_CHECK: Final = (("fails", "the check never fails"),)


@dataclass(frozen=True, slots=True)
class Rule:
    """Something in a mapping that examples should try. ``arms`` say what is missing when one is not seen."""

    kind: str
    key: Key
    span: Span
    text: str
    arms: tuple[tuple[str, str], ...]


def rules_of(project: Project, mapping: LinkedMapping) -> list[Rule]:
    """The rules of a mapping's own file, in its order, followed by the rows of its tables."""
    found = list(rules_in_cell(mapping.cell))
    for fragment in mapping.fragments.values():
        found += rules_in_cell(fragment)
    for check in mapping.checks:
        found.append(Rule("check", place_key(check.condition.span), check.span, check.text, _CHECK))
    unique = {rule.key: rule for rule in found}
    ordered = sorted(unique.values(), key=lambda rule: rule.span.start)
    return [*ordered, *row_rules(project, mapping)]


def place_key(span: Span) -> Key:
    return (span.source.name, span.start, span.end)


def row_key(rows: MappingType[str, object], row: str) -> Key:
    return ("row", id(rows), row)


def branch_of(node: Expr) -> tuple[str, Expr] | None:
    """The kind of rule that a node is, and the part of it that decides; None if there is only one arm."""
    match node:
        case Or(left):
            return "||", left
        case And(left):
            return "&&", left
        case Conditional(test):
            return "choice", test
        case FilterProjection(_, condition):
            return "filter", condition
        case Identifier() | Index() | Slice() | Current() | Identity() | Constant() | Variable():
            return None
        case Subexpression() | IndexExpression() | Pipe() | Projection() | ValueProjection() | Flatten():
            return None
        case Comparator() | Not() | FunctionCall() | ExpressionReference() | Text() | Concat():
            return None
        case MultiselectList() | MultiselectHash() | KeyValue() | Let() | Binding():
            return None
    assert_never(node)


def rules_in_cell(cell: syntax.Cell | syntax.Each) -> Iterator[Rule]:
    """The rules of a cell and of those inside of it."""
    match cell:
        case syntax.Evaluate(expression):
            yield Rule("cell", (id(expression),), expression.span, short(expression.text), _CELL)
            yield from rules_in_expression(expression)
        case syntax.Literal(value):
            yield Rule("cell", place_key(cell.span), cell.span, short(str(value)), _CELL)
        case syntax.Object(fields):
            for item in fields:
                yield from rules_in_cell(item.cell)
        case syntax.List(items):
            for inner in items:
                yield from rules_in_cell(inner)
        case syntax.Use():
            for item in cell.beside:
                yield from rules_in_cell(item.cell)
        case syntax.With(over, inner) | syntax.Each(over, inner):
            yield from rules_in_expression(over)
            yield from rules_in_cell(inner)
        case syntax.Switch(over, cases):
            yield from rules_in_expression(over)
            for item in cases:
                yield from rules_in_cell(item.cell)
        case syntax.If(condition, inner):
            yield Rule("if", (id(condition),), condition.span, short(condition.text), _IF)
            yield from rules_in_expression(condition)
            yield from rules_in_cell(inner)


def rules_in_expression(expression: Expression) -> Iterator[Rule]:
    """The places of an expression that decide between two ways."""
    for node in source_order(expression.node):
        if (branch := branch_of(node)) is not None:
            kind, decides = branch
            shown = node if kind in ("||", "&&") else decides
            yield Rule(kind, (id(node),), expression.at(decides), short(written(shown)), _ARMS[kind])


def short(text: str) -> str:
    """An expression in one line of a report."""
    return shorten(" ".join(text.split()))


def row_rules(project: Project, mapping: LinkedMapping) -> Iterator[Rule]:
    """The rows of the tables."""
    for name, row, span in row_places(project, mapping):
        yield Rule("row", row_key(mapping.tables[name], row), span, f"{name}: {row}", _ROW)


def row_places(project: Project, mapping: LinkedMapping) -> Iterator[tuple[str, str, Span]]:
    """The rows of the tables, with their place: in the mapping's file, or in the table's own file."""
    file = parse_yaml(mapping.text)
    tables = file.get("tables") if isinstance(file, MapNode) else None
    for key, node in tables.entries if isinstance(tables, MapNode) else ():
        rows: object = node
        if isinstance(node, ScalarNode):
            rows = parse_yaml(project.table_text(str(node.value), mapping.name))
        for row, _ in rows.entries if isinstance(rows, MapNode) else ():
            yield str(key.value), str(row.value), row.span
