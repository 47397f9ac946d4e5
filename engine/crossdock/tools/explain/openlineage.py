"""The lineage of a mapping as the columnLineage facet of an OpenLineage dataset: the target's.

Every field that a link names is a column; the source schema, and the channel's settings, are the datasets
that it comes from. A source is DIRECT when the value comes from it: IDENTITY if it is copied, AGGREGATION
if many values become one, else TRANSFORMATION. It is INDIRECT when it decides: FILTER in
a list, else CONDITIONAL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, assert_never

from crossdock.checking.lineage import Link
from crossdock.core.json_reader import encode
from crossdock.core.json_types import JSON
from crossdock.core.paths import EACH, parse_path
from crossdock.core.version import __version__
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
    children,
    source_order,
)

if TYPE_CHECKING:
    from crossdock.language.syntax import LinkedMapping

PRODUCER: Final = f"https://crossdock.dev/engine/{__version__}"
SCHEMA: Final = "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json"
NAMESPACE: Final = "crossdock"
_AGGREGATIONS: Final = {"sum", "avg", "max", "min", "max_by", "min_by", "join", "length"}
_SELECTIONS: Final = {"root", "settings", "request", "answers", "not_null", "first", "last"}


def write_fields(mapping: LinkedMapping, links: Iterable[Link]) -> str:
    """The facets of the target dataset."""
    fields: dict[str, dict[tuple[str, str], list[JSON]]] = {}
    for link in links:
        inputs = fields.setdefault(link.target, {})
        for path, transformation in _transformations(link):
            found = inputs.setdefault(_dataset(mapping, path), [])
            if transformation not in found:
                found.append(transformation)
    facets: JSON = {
        "columnLineage": {
            "_producer": PRODUCER,
            "_schemaURL": f"{SCHEMA}#/$defs/ColumnLineageDatasetFacet",
            "fields": {name: {"inputFields": _inputs(inputs)} for name, inputs in fields.items()},
        }
    }
    return encode(facets)


def _inputs(inputs: dict[tuple[str, str], list[JSON]]) -> list[JSON]:
    return [
        {"namespace": NAMESPACE, "name": name, "field": field, "transformations": list(transformations)}
        for (name, field), transformations in inputs.items()
    ]


def _dataset(mapping: LinkedMapping, path: str) -> tuple[str, str]:
    """The dataset of a source, and its column."""
    function, brackets, rest = path.partition("()")
    if brackets:
        return f"{mapping.name}#{function}", rest.removeprefix(".")
    return mapping.source.name if mapping.source else f"{mapping.name}#payload", path


def _transformations(link: Link) -> Iterator[tuple[str, JSON]]:
    subtype = _direct(link)
    description = _description(link)
    for path in link.sources:
        yield path, _transformation("DIRECT", subtype, description)
    filtered = set(_filtered(link))
    for path in link.because_of:
        last = [
            part for part in parse_path(path.partition("()")[2].removeprefix(".") or path) if part != EACH
        ][-1:]
        yield path, _transformation("INDIRECT", "FILTER" if filtered & {*last} else "CONDITIONAL", "")


def _transformation(kind: str, subtype: str, description: str) -> JSON:
    return {"type": kind, "subtype": subtype, "description": description, "masking": False}


def _description(link: Link) -> str:
    return " ".join(link.cell.expression.text.split()) if isinstance(link.cell, syntax.Evaluate) else ""


def _direct(link: Link) -> str:
    if not isinstance(link.cell, syntax.Evaluate):
        return "TRANSFORMATION"
    if _AGGREGATIONS & {*link.functions}:
        return "AGGREGATION"
    return "IDENTITY" if _moves_only(link.cell.expression) else "TRANSFORMATION"


def _moves_only(expression: Expression) -> bool:
    """Whether an expression only finds and chooses values, and makes none."""
    node = expression.node
    return not (isinstance(node, Text) and len(node.parts) > 1) and _finds(node)


def _finds(node: Expr) -> bool:
    match node:
        case Identifier() | Index() | Slice() | Current() | Identity() | Constant() | Variable():
            return True
        case FunctionCall(name, arguments):
            return name in _SELECTIONS and all(map(_finds, arguments))
        case FilterProjection(left, _, right):  # the condition chooses; it gives nothing to the value
            return _finds(left) and _finds(right)
        case Subexpression() | IndexExpression() | Pipe() | Flatten() | Projection() | ValueProjection():
            return all(map(_finds, children(node)))
        case Or() | Text() | MultiselectList() | Let() | Binding():
            return all(map(_finds, children(node)))
        case Comparator() | And() | Not() | MultiselectHash() | KeyValue():
            return False
        case ExpressionReference() | Concat() | Conditional():
            return False
    assert_never(node)


def _filtered(link: Link) -> Iterator[str]:
    """The names that filters read on the way to a value, and those that are in its own expression."""
    expressions = [link.cell.expression] if isinstance(link.cell, syntax.Evaluate) else []
    expressions += [turn.node.over for turn in link.enclosing if not isinstance(turn.node, syntax.If)]
    for expression in expressions:
        for node in source_order(expression.node):
            if isinstance(node, FilterProjection):
                inside = source_order(node.condition)
                yield from (part.name for part in inside if isinstance(part, Identifier))
