"""Where what schemas mark with ``x-sensitive`` goes in a mapping: the one answer for all commands.

An interpreter over ``held.Held``: what a value may hold in the place of each value. What a marked place
flows into is marked: a text that is made of it, an object that holds it, a key. A function passes on what it
is given unless it says otherwise (``Function.passes_on``), and so does every node that makes a new value.
A value that only decides on another one marks nothing: neither a filter or a condition, nor a sort key.

    known = sensitivity_of(mapping)
    known.result.at(("buyer", "email")).itself    # not empty: the value must not be shown
    known.of(node)                                # the same of what a part of an expression gives
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

from crossdock.checking.held import (
    CLEAR,
    Held,
    derived,
    described,
    joined_values,
    list_of,
    map_of,
    object_of,
    written_object,
)
from crossdock.checking.held_scope import ALONE, HeldScope
from crossdock.core.paths import EACH, joined
from crossdock.core.records import record, replace
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
)
from crossdock.language.functions import REGISTRY
from crossdock.language.syntax import LinkedMapping
from crossdock.schema.marks import marks_of
from crossdock.schema.store import Schema

_REORDERING: Final = ("reverse", "sort", "sort_by", "unique", "unique_by")
_CHOOSING: Final = ("first", "last", "max", "min", "max_by", "min_by")


@dataclass(slots=True)
class Sensitivity:
    """What may be sensitive in a mapping. ``result`` is its result, as the target schema marks it as well.

    A part of an expression that is used in several places holds what it may hold in any of them. ``done`` has
    the results of fragments and mappings by what they are given, with that kept alive.
    """

    result: Held = CLEAR
    uses: list[CheckedUse] = field(default_factory=list)
    done: dict[Hashable, tuple[Held, object]] = field(default_factory=dict)
    _parts: dict[int, list[Held]] = field(default_factory=dict)

    def of(self, node: Expr) -> Held:
        """What a part of an expression of the mapping may give."""
        found = self._parts.get(id(node), [])
        found[:] = [joined_values(found)]  # only when it is asked for: of most parts it never is
        return found[0]

    def note(self, node: Expr, held: Held) -> None:
        self._parts.setdefault(id(node), []).append(held)


@record(frozen=True, slots=True)
class CheckedUse:
    """A mapping with checks that a ``$use`` names, with what it is given and what it gives."""

    cell: syntax.Use
    mapping: LinkedMapping
    root: Held
    result: Held
    scope: HeldScope


def sensitivity_of(mapping: LinkedMapping) -> Sensitivity:
    """What may be sensitive in a mapping that is run by itself."""
    return mapping.once(_sensitivity_of)


def source_of(mapping: LinkedMapping) -> Held:
    """What the payload of a mapping holds, by its schema."""
    return _by_schema(mapping.source)


def _by_schema(schema: Schema | None) -> Held:
    return CLEAR if schema is None else described(marks_of(schema))


def _sensitivity_of(mapping: LinkedMapping) -> Sensitivity:
    known = Sensitivity()
    known.result = _HeldByCells(HeldByExpressions(known, source_of(mapping)), mapping).result()
    return known


@record(frozen=True, slots=True)
class HeldByExpressions:
    """The expressions of a mapping with the payload ``root``, with the variables in scope."""

    known: Sensitivity
    root: Held
    scope: HeldScope = ALONE
    variables: Mapping[str, Held] = field(default_factory=dict)

    def value(self, node: Expr, context: Held) -> Held:
        """What the value of a node may hold."""
        held = self._value(node, context)
        self.known.note(node, held)
        return held

    def _value(self, node: Expr, context: Held) -> Held:
        match node:
            case Identifier(name):
                return context.member(name)
            case Current() | Identity():
                return context
            case Constant():
                return CLEAR
            case Subexpression(parts) | IndexExpression(parts):
                for part in parts:
                    context = self.value(part, context)
                return context
            case FunctionCall():
                return self._call(node, context)
            case Index():
                return context.element()
            case Slice():
                return list_of(context.element())
            case Pipe(left, right):
                return self.value(right, self.value(left, context))
            case KeyValue(_, value) | Binding(_, value):
                return self.value(value, context)
            case MultiselectHash(pairs):
                return object_of({pair.key: self.value(pair, context) for pair in pairs})
            case MultiselectList(items):
                return list_of(joined_values(self._all(items, context)))
            case Comparator() | Not() | Text() | Concat():
                return derived(self._all(_operands(node), context))
            case Or() | And() | Conditional():
                return self._chosen(node, context)
            case Projection() | FilterProjection() | ValueProjection() | Flatten():
                return self._projection(node, context)
            case ExpressionReference():
                return CLEAR  # has no value of its own: the function evaluates its body
            case Let(bindings, body):
                bound = {each.name: self.value(each, context) for each in bindings}
                return replace(self, variables={**self.variables, **bound}).value(body, context)
            case Variable(name):
                return self._named(name)
        assert_never(node)

    def _named(self, name: str) -> Held:
        """What a name holds. One that is not known may hold anything that there is."""
        for known in (self.variables, self.scope.names):
            if name in known:
                return known[name]
        return derived([self.root, self.scope.request, self.scope.answers, *self.scope.events])

    def _all(self, nodes: Iterable[Expr], context: Held) -> list[Held]:
        return [self.value(node, context) for node in nodes]

    def _chosen(self, node: Or | And | Conditional, context: Held) -> Held:
        match node:
            case Or(left, right):
                return joined_values(self._all((left, right), context))
            case And(left, right):
                # The left side is the result only when it is empty, so that nothing of it is shown.
                self.value(left, context)
                return self.value(right, context)
            case Conditional(test, then, otherwise):
                self.value(test, context)
                return joined_values(self._all((then, otherwise), context))

    def _projection(
        self, node: Projection | FilterProjection | ValueProjection | Flatten, context: Held
    ) -> Held:
        match node:
            case Flatten(operand):
                element = self.value(operand, context).element()
                return list_of(joined_values((element, element.element())))
            case ValueProjection(left, right):
                return list_of(self.value(right, self.value(left, context).any_member()))
            case FilterProjection(left, condition, right):
                element = self.value(left, context).element()
                self.value(condition, element)
            case Projection(left, right):
                element = self.value(left, context).element()
        return list_of(self.value(right, element))

    # Functions

    def _call(self, node: FunctionCall, context: Held) -> Held:
        name = node.name
        values = [
            self.value(each, context) for each in node.arguments if not isinstance(each, ExpressionReference)
        ]
        first = values[0] if values else CLEAR
        bodies = [each.body for each in node.arguments if isinstance(each, ExpressionReference)]
        inner = self._all(bodies, first.element())
        if name == "root":
            return self.root
        if (around := self.scope.function(name)) is not None:
            return around
        if name == "not_null":
            return joined_values(values)
        if name in _REORDERING:
            return first
        if name in _CHOOSING:
            return first.element()
        if name == "map":
            return list_of(joined_values(inner))
        if (made := _container(name, first, values)) is not None:
            return made
        if name in ("group_by", "index_by"):
            element = first.element()
            grouped = map_of(list_of(element) if name == "group_by" else element)
            return joined_values((derived(inner), grouped))  # the keys are in the result
        return derived([*values, *inner]) if REGISTRY[name].passes_on else CLEAR


def _container(name: str, first: Held, values: list[Held]) -> Held | None:
    """What a function gives that only arranges what it is given; None for any other function."""
    match name:
        case "merge":
            return joined_values(values)
        case "to_array":
            return joined_values((first, list_of(first)))
        case "values":
            return list_of(first.any_member())
        case "keys":
            return list_of(first.key())
        case "entries":
            return list_of(object_of({"key": first.key(), "value": first.any_member()}))
        case "chunks":
            return list_of(list_of(first.element()))
        case "zip":
            return list_of(list_of(joined_values(each.element() for each in values)))
        case "object":
            entry = first.element()
            return joined_values((derived([entry.member("key")]), map_of(entry.member("value"))))
    return None


def _operands(node: Comparator | Not | Text | Concat) -> tuple[Expr, ...]:
    match node:
        case Comparator(_, left, right):
            return left, right
        case Not(operand):
            return (operand,)
        case Text(parts) | Concat(parts):
            return parts


def held_by_cell(
    known: Sensitivity,
    mapping: LinkedMapping,
    cell: syntax.Cell,
    context: Held,
    scope: HeldScope,
    root: Held | None = None,
) -> Held:
    """What a cell of a conversation may give, whose cells are ``mapping``.

    ``root()`` is the context too, if it is not given.
    """
    expressions = HeldByExpressions(known, context if root is None else root, scope)
    return _HeldByCells(expressions, mapping).cell(cell, context, "")


@record(frozen=True, slots=True)
class _HeldByCells:
    """The cells of one mapping, as the interpreter goes through them."""

    expressions: HeldByExpressions
    mapping: LinkedMapping

    def result(self, target: str = "") -> Held:
        """What the mapping gives for its payload."""
        made = self.cell(self.mapping.cell, self.expressions.root, target)
        return joined_values((made, _by_schema(self.mapping.target)))

    def cell(self, cell: syntax.Cell, context: Held, target: str) -> Held:
        """What a cell may give that writes a path of the result."""
        match cell:
            case syntax.Evaluate(expression):
                return self._value(expression, context).written_to(target)
            case syntax.Literal():
                return CLEAR
            case syntax.Object(fields):
                return written_object(self._fields(fields, context, target))
            case syntax.List(items):
                inner = joined(target, EACH)
                return Held(elements=joined_values(self._item(each, context, inner) for each in items))
            case syntax.With(over, inside):
                return self.cell(inside, self._value(over, context), target)
            case syntax.If(condition, inside):
                self._value(condition, context)
                return self.cell(inside, context, target)
            case syntax.Switch():
                return joined_values(self.cell(case, context, target) for case in cell.conditions)
            case syntax.Use():
                return self._use(cell, context, target)
        assert_never(cell)

    def _value(self, expression: Expression, context: Held) -> Held:
        return self.expressions.value(expression.node, context)

    def _fields(self, fields: tuple[syntax.Field, ...], context: Held, target: str) -> dict[str, Held]:
        return {each.key: self.cell(each.cell, context, joined(target, each.key)) for each in fields}

    def _item(self, item: syntax.Cell | syntax.Each, context: Held, target: str) -> Held:
        if isinstance(item, syntax.Each):
            element = self._value(item.over, context).element()
            return self._naming(item.name, element).cell(item.cell, element, target)
        return self.cell(item, context, target)

    def _naming(self, name: str | None, held: Held) -> _HeldByCells:
        """Inside of what gives a value a name."""
        named = {} if name is None else {name: held}
        variables = {**self.expressions.variables, **named}
        return replace(self, expressions=replace(self.expressions, variables=variables))

    def _use(self, cell: syntax.Use, context: Held, target: str) -> Held:
        own = self._fields(cell.beside, context, target)
        used = self._used(cell, context, target)
        return replace(used, members={**used.members, **own}) if own else used

    def _used(self, cell: syntax.Use, context: Held, target: str) -> Held:
        used, around, done = cell.linked, self.expressions, self.expressions.known.done
        key: Hashable
        if isinstance(used, LinkedMapping):
            key = id(used), context.content, target, around.scope.read_by(used), cell.name_span
        else:
            named = tuple(sorted((name, id(held)) for name, held in around.variables.items()))
            key = id(used), id(context), id(around.root), target, named, id(around.scope)
        if key not in done:
            if isinstance(used, LinkedMapping):
                result = self._other(cell, used, context, target)
            else:
                result = self.cell(used, context, target)
            done[key] = result, (used, context, around)
        return done[key][0]

    def _other(self, cell: syntax.Use, used: LinkedMapping, context: Held, target: str) -> Held:
        """The result of another mapping, whose schemas mark what it is given and what it gives."""
        root = joined_values((context, source_of(used)))
        expressions = HeldByExpressions(self.expressions.known, root, self.expressions.scope)
        result = _HeldByCells(expressions, used).result(target)
        if used.checks:
            self.expressions.known.uses.append(CheckedUse(cell, used, root, result, self.expressions.scope))
        return result
