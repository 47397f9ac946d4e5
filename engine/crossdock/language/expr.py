"""The nodes of an expression: what JMESPath and templates are parsed into, typed and frozen.

    a[?b > `1`].c     FilterProjection(Identifier a, Comparator(">", Identifier b, Constant 1), Identifier c)
    "{{ a }}!"        Text(Identifier a, Constant "!")

``Expr`` is the union of all nodes. A reading is a ``match`` over it that ends in ``assert_never``, so that
the type checker names each reading that a new node has to be added to. A reading that treats most nodes
alike is written with ``children``.

``span`` is where the name that a node begins with is written: the start and the end, as offsets in the
text of the expression. It is None for a node without a name; ``Expression.at`` then takes the first name
inside of it. Two nodes are equal when they mean the same, wherever they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from operator import attrgetter
from typing import Any, Final, Literal, TypeAlias, assert_never, cast

from crossdock.core.diagnostics import Span
from crossdock.core.json_types import JSON
from crossdock.core.records import record, replace
from crossdock.core.yaml_reader import ScalarNode

Offsets: TypeAlias = tuple[int, int]
Operator = Literal["eq", "ne", "lt", "lte", "gt", "gte"]


@record(frozen=True, slots=True)
class Identifier:
    """A property of the context: ``name``."""

    name: str
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class Index:
    """An element of the context: ``[0]``; a negative position counts from the end."""

    position: int
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class Slice:
    """Some elements of the context: ``[start:stop:step]``."""

    start: int | None
    stop: int | None
    step: int | None
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class Current:
    """The context itself: ``@``."""

    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class Identity:
    """The context itself, where nothing is written: before the bracket of ``[*]`` and behind it."""

    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class Constant:
    """A value that is written out: ``'text'`` or JSON between backticks."""

    value: JSON
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class Subexpression:
    """``a.b.c``: each part is evaluated with the value of the one before as its context."""

    parts: tuple[Expr, ...]
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class IndexExpression:
    """``a[0][1]``: like a subexpression, where the parts but the first are indexes or a slice."""

    parts: tuple[Expr, ...]
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class Pipe:
    """``left | right``: the value of the left is the context of the right, and ends a projection."""

    left: Expr
    right: Expr
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class Projection:
    """``left[*].right``: the right for each element of the left list, without those that give null.

    The left is a ``Flatten`` for ``left[]``, and an ``IndexExpression`` with a ``Slice`` for ``left[1:]``.
    """

    left: Expr
    right: Expr
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class ValueProjection:
    """``left.*.right``: the right for each value of the left object."""

    left: Expr
    right: Expr
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class FilterProjection:
    """``left[?condition].right``: the right for each element for which the condition holds."""

    left: Expr
    condition: Expr
    right: Expr
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class Flatten:
    """``operand[]`` without what follows: a list whose elements that are lists are merged into it."""

    operand: Expr
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class Comparator:
    """``left == right`` and the like. An order between other values than two numbers or texts is null."""

    operator: Operator
    left: Expr
    right: Expr
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class Or:
    """``left || right``: the left unless it is false."""

    left: Expr
    right: Expr
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class And:
    """``left && right``: the left if it is false, or else the right."""

    left: Expr
    right: Expr
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class Not:
    """``!operand``"""

    operand: Expr
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class MultiselectList:
    """``[a, b]``; null when the context is."""

    items: tuple[Expr, ...]
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class KeyValue:
    """``key: value`` in an object; its span is that of the key."""

    key: str
    value: Expr
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class MultiselectHash:
    """``{a: b, c: d}``; null when the context is."""

    pairs: tuple[KeyValue, ...]
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class FunctionCall:
    """``name(arguments)``; its span is that of the name."""

    name: str
    arguments: tuple[Expr, ...]
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class ExpressionReference:
    """``&body``: an argument that the function evaluates itself, once for each element."""

    body: Expr
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class Text:
    """A template, or a branch of one: its parts printed one after the other; null when one of them is."""

    parts: tuple[Expr, ...]
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class Concat:
    """``a ~ b`` in a template: the same as ``Text``, as an operator."""

    parts: tuple[Expr, ...]
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class Conditional:
    """``{% if test %}then{% else %}otherwise{% endif %}``; ``inline``: ``then if test else otherwise``."""

    test: Expr
    then: Expr
    otherwise: Expr
    inline: bool = False
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class Binding:
    """``$name = value`` in a ``let``; its span is that of the variable with its ``$``."""

    name: str
    value: Expr
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class Let:
    """``let $a = x, $b = y in body``: the values are evaluated outside of the new scope, the body inside."""

    bindings: tuple[Binding, ...]
    body: Expr
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


@record(frozen=True, slots=True)
class Variable:
    """``$name``: what the nearest ``let`` or the file gave that name. ``name`` is without the ``$``."""

    name: str
    span: Offsets | None = field(default=None, kw_only=True, compare=False, repr=False)


Expr: TypeAlias = (
    Identifier
    | Index
    | Slice
    | Current
    | Identity
    | Constant
    | Subexpression
    | IndexExpression
    | Pipe
    | Projection
    | ValueProjection
    | FilterProjection
    | Flatten
    | Comparator
    | Or
    | And
    | Not
    | MultiselectList
    | KeyValue
    | MultiselectHash
    | FunctionCall
    | ExpressionReference
    | Text
    | Concat
    | Conditional
    | Binding
    | Let
    | Variable
)


@record(frozen=True, slots=True, eq=False)
class Expression:
    """A compiled expression or template: its text, its node, and the YAML scalar that holds it."""

    text: str
    node: Expr
    scalar: ScalarNode
    is_text: bool = False
    notes: dict[tuple[int, bool], object] = field(default_factory=dict, init=False, repr=False)
    """What others have found out about its nodes, by their identity."""
    _span: list[Span] = field(default_factory=list, init=False, repr=False)  # computed on first use

    @property
    def span(self) -> Span:
        if not self._span:
            self._span.append(self.scalar.part(0, len(self.text)))
        return self._span[0]

    def at(self, node: Expr) -> Span:
        """Where a node is written: the first name in it, or else the whole expression."""
        for part in source_order(node):
            if part.span is not None:
                return self.scalar.part(*part.span)
        return self.span


def children(node: Expr) -> tuple[Expr, ...]:
    """The direct parts of a node, in the order in which they are written."""
    return _CHILDREN[type(node)](node)


def _shown_order(node: Conditional) -> tuple[Expr, ...]:
    first = (node.then, node.test) if node.inline else (node.test, node.then)
    return (*first, node.otherwise)


# A table: no other question is asked as often.
_CHILDREN: Final[dict[type[Expr], Callable[[Any], tuple[Expr, ...]]]] = {
    **dict.fromkeys((Identifier, Constant, Identity, Current, Index, Slice, Variable), lambda _: ()),
    **dict.fromkeys((Subexpression, Text, IndexExpression, Concat), attrgetter("parts")),
    **dict.fromkeys((Or, Comparator, And, Projection, Pipe, ValueProjection), attrgetter("left", "right")),
    **dict.fromkeys((KeyValue, Binding), lambda node: (node.value,)),
    **dict.fromkeys((Flatten, Not), lambda node: (node.operand,)),
    FunctionCall: attrgetter("arguments"),
    FilterProjection: attrgetter("left", "condition", "right"),
    MultiselectList: attrgetter("items"),
    MultiselectHash: attrgetter("pairs"),
    ExpressionReference: lambda node: (node.body,),
    Conditional: _shown_order,
    Let: lambda node: (*node.bindings, node.body),
}


def with_children(node: Expr, parts: Sequence[Expr]) -> Expr:
    """The same node with other direct parts, given in the order of ``children``."""
    match node:
        case Identifier() | Index() | Slice() | Current() | Identity() | Constant() | Variable():
            return node
        case Subexpression() | IndexExpression() | Text() | Concat():
            return replace(node, parts=tuple(parts))
        case Pipe() | Projection() | ValueProjection() | Or() | And() | Comparator():
            return replace(node, left=parts[0], right=parts[1])
        case FilterProjection():
            return replace(node, left=parts[0], condition=parts[1], right=parts[2])
        case Flatten() | Not():
            return replace(node, operand=parts[0])
        case ExpressionReference():
            return replace(node, body=parts[0])
        case KeyValue() | Binding():
            return replace(node, value=parts[0])
        case MultiselectList():
            return replace(node, items=tuple(parts))
        case FunctionCall():
            return replace(node, arguments=tuple(parts))
        case MultiselectHash():
            return replace(node, pairs=tuple(cast(KeyValue, part) for part in parts))
        case Conditional():
            then, test = (parts[0], parts[1]) if node.inline else (parts[1], parts[0])
            return replace(node, test=test, then=then, otherwise=parts[2])
        case Let():
            return replace(node, bindings=tuple(cast(Binding, part) for part in parts[:-1]), body=parts[-1])
    assert_never(node)


def source_order(node: Expr) -> Iterator[Expr]:
    """A node and every node inside of it, in the order in which they are written."""
    pending = [node]
    while pending:
        part = pending.pop()
        yield part
        pending.extend(reversed(children(part)))
