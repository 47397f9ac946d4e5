"""An expression changed in one part: another property, no default, no filter, another function.

money(a || b)   →   a || b,   money(a),   money(b),   amount(a || b), …
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, assert_never

from crossdock.core.json_types import JSON
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
    Operator,
    Or,
    Pipe,
    Projection,
    Slice,
    Subexpression,
    Text,
    ValueProjection,
    Variable,
    children,
    with_children,
)
from crossdock.language.functions import REGISTRY
from crossdock.language.unparse import written

# Of a property that is read: another one of the same kind; None when there is none.
Sibling: TypeAlias = "Callable[[Identifier], str | None]"
Bound: TypeAlias = tuple[str, ...]
Parts: TypeAlias = tuple[Expr, ...]

_COMPARISONS: Final[dict[Operator, Operator]] = {
    "eq": "ne",
    "ne": "eq",
    "lt": "lte",
    "lte": "lt",
    "gt": "gte",
    "gte": "gt",
}
_OTHERS: Final = {
    "upper": "lower",
    "lower": "upper",
    "min_of": "max_of",
    "max_of": "min_of",
    "min": "max",
    "max": "min",
    "min_by": "max_by",
    "max_by": "min_by",
    "first": "last",
    "last": "first",
    "starts_with": "ends_with",
    "ends_with": "starts_with",
    "money": "amount",
    "amount": "money",
    "subtract": "add",
    "ratio": "multiply",
    "magnitude": "neg",
    "floor": "ceil",
    "ceil": "floor",
    "keys": "values",
    "values": "keys",
    "group_by": "index_by",
    "index_by": "group_by",
}
# Functions that could be replaced by their first argument.
_WRAPPERS: Final = frozenset(
    {
        *("money", "amount", "number", "integer", "to_number", "to_string", "round", "neg", "magnitude"),
        *("upper", "lower", "title", "trim", "truncate", "replace", "parse_json", "epoch", "iso"),
        *("unique", "unique_by", "sort", "sort_by", "reverse", "to_array", "text", "base64"),
    }
)


@dataclass(frozen=True, slots=True)
class Variant:
    """The whole expression, changed; the part that was changed, and its replacement."""

    node: Expr
    part: Expr
    now: Expr

    @property
    def says(self) -> str:
        if (gone := _gone(self.part, self.now)) is not None:
            name = self.part.name if isinstance(self.part, FunctionCall) else ""
            return f"{name}(…) without {written(gone)}" if name else f"[…] without {written(gone)}"
        return f"{written(self.part)} → {written(self.now)}"


def _gone(part: Expr, now: Expr) -> Expr | None:
    """The element, or the argument, that a part has no more."""
    match part, now:
        case MultiselectList(before), MultiselectList(after):
            pass
        case FunctionCall(name, before), FunctionCall(other, after) if name == other:
            pass
        case _:
            return None
    # By identity: a list may hold the same element twice.
    kept = {id(each) for each in after}
    return next((each for each in before if id(each) not in kept), None)


def variants(node: Expr, sibling: Sibling, bound: Bound = ()) -> Iterator[Variant]:
    """Every change of one part, from the outside in. ``bound`` are the variables that can be read here."""
    for now in _changed(node, sibling, bound):
        yield Variant(now, node, now)
    parts = children(node)
    for place, part in enumerate(parts):
        if _is_name(node, place):
            continue
        # The values of a `let` do not see its variables; its body, which is the last part, does.
        inside = bound
        if isinstance(node, Let) and place == len(node.bindings):
            inside = (*bound, *(binding.name for binding in node.bindings))
        for inner in variants(part, sibling, inside):
            changed = with_children(node, [*parts[:place], inner.node, *parts[place + 1 :]])
            yield Variant(changed, inner.part, inner.now)


def _is_name(node: Expr, place: int) -> bool:
    """The table of a lookup is named, and another name is another mapping's."""
    return place == 0 and isinstance(node, FunctionCall) and node.name == "lookup"


def _without(parts: Parts, place: int) -> Parts:
    return (*parts[:place], *parts[place + 1 :])


def _changed(node: Expr, sibling: Sibling, bound: Bound) -> Iterator[Expr]:
    """The part itself, changed."""
    match node:
        case Identifier():
            if (other := sibling(node)) is not None:
                yield replace(node, name=other)
        case Variable(name):
            yield from (replace(node, name=other) for other in dict.fromkeys(bound) if other != name)
        case Or(left, right) | And(left, right):
            yield from (left, right)
        case Not(operand):
            yield operand
        case Conditional(_, then, otherwise):
            yield from (then, otherwise)
        case Comparator(operator):
            yield replace(node, operator=_COMPARISONS[operator])
        case FilterProjection(left, condition, right):
            yield Projection(left, right)
            yield replace(node, condition=Not(condition))
        case Index(position):
            yield replace(node, position=-1 if position == 0 else 0)
        case Slice():
            yield from _slices(node)
        case MultiselectList(items) if len(items) > 1:
            yield from (replace(node, items=_without(items, place)) for place in range(len(items)))
        case Constant(value):
            yield from (replace(node, value=other) for other in other_constants(value))
        case FunctionCall():
            yield from _calls(node)
        case MultiselectList() | Current() | Identity() | Subexpression() | IndexExpression() | Pipe():
            return
        case Projection() | ValueProjection() | Flatten() | MultiselectHash() | KeyValue():
            return
        case ExpressionReference() | Text() | Concat() | Let() | Binding():
            return
        case _:
            assert_never(node)


def _slices(node: Slice) -> Iterator[Slice]:
    """One element more, at the start or at the end."""
    if node.start:
        yield replace(node, start=node.start - 1)
    if node.stop is not None:
        yield replace(node, stop=node.stop + 1)


def other_constants(value: JSON) -> Iterator[JSON]:
    """A constant of the same kind; none for null, lists and objects."""
    match value:
        case bool():
            yield not value
        case int() | float():
            yield value + 1
        case str():
            yield "" if value.isspace() else value + "?"


def _calls(node: FunctionCall) -> Iterator[Expr]:
    """Another function, no function, and one argument less."""
    name, arguments = node.name, node.arguments
    if (other := _OTHERS.get(name)) is not None:
        yield replace(node, name=other)
    if name in _WRAPPERS:
        yield arguments[0]
    if name == "lookup":
        yield arguments[1]
    parameters = REGISTRY[name].parameters
    least = sum(not parameter.optional for parameter in parameters)
    if len(arguments) > least:
        variadic = any(parameter.variadic for parameter in parameters)
        first = least - 1 if variadic else len(arguments) - 1
        yield from (
            replace(node, arguments=_without(arguments, place)) for place in range(first, len(arguments))
        )
