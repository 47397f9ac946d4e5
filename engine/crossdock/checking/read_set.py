"""What a mapping reads of a payload: the paths whose subtrees may change its result, a check or a failure.

A value that an expression looks at is read whole. It is only walked through from property to property, into
the items of a list, through a projection and into an object that is made on the way. The reduced payload
keeps the kind of each value on the way and the length of each list, but not what is in an object. So
whatever looks at an object reads all of it: a comparison, a function, a text, the result.

    items[?quantity > `0`].{sku: product.code}      items[].quantity, items[].product.code

``lineage`` tells what the documented fields are made of. This module tells what must not be left out, and
where it is not exact it names more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

from crossdock.checking.provenance import MADE, PAYLOAD, Path, Provenance, ReadSet
from crossdock.core.records import replace
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
from crossdock.language.syntax import LinkedMapping


def read_paths(mapping: LinkedMapping) -> frozenset[Path]:
    """The paths that a mapping, its checks and the mappings that it uses read, each with its subtree."""
    return read_set(mapping).paths()


def read_set(mapping: LinkedMapping) -> ReadSet:
    """What a mapping, its checks and the mappings that it uses read."""
    reads = ReadSet()
    walk = _CellReads(mapping, PAYLOAD, reads)
    walk.collect()
    for _, own in walk.checks:
        reads.add(own)
    return reads


def reads_of_checks(mapping: LinkedMapping) -> list[tuple[syntax.Check, ReadSet]]:
    """What each check of a mapping, and of the mappings that it uses, reads of the payload."""
    walk = _CellReads(mapping, PAYLOAD, ReadSet())
    walk.collect()
    return walk.checks


@dataclass(frozen=True, slots=True)
class ExpressionReads:
    """The expressions of a mapping whose payload comes from ``root``, with the variables in scope."""

    root: Provenance
    reads: ReadSet
    variables: Mapping[str, Provenance] = field(default_factory=dict)

    def whole(self, node: Expr, context: Provenance) -> None:
        """A node whose value is looked at with all that is in it."""
        self.reads.whole(self.value(node, context))

    def truth(self, node: Expr, context: Provenance) -> None:
        """A node of which only matters whether it is true."""
        self.reads.count(self.value(node, context))

    def value(self, node: Expr, context: Provenance) -> Provenance:
        """Where the value of a node comes from; what decides on it is read."""
        reads = self.reads
        match node:
            case Current() | Identity():
                return context
            case Constant():
                return MADE
            case Identifier(name):
                return reads.member(context, name)
            case Index(position):
                return reads.item(context, position)
            case Slice():
                return reads.listed(reads.items(context))
            case Subexpression(parts) | IndexExpression(parts):
                for part in parts:
                    context = self.value(part, context)
                return context
            case Pipe(left, right):
                return self.value(right, self.value(left, context))
            case KeyValue(_, value) | Binding(_, value):
                return self.value(value, context)
            case MultiselectList() | MultiselectHash() | Comparator() | Text() | Concat():
                return self._made(node, context)
            case Or() | And() | Not() | Conditional():
                return self._chosen(node, context)
            case FunctionCall():
                return self._call(node, context)
            case Projection() | FilterProjection() | ValueProjection() | Flatten():
                return self._projection(node, context)
            case ExpressionReference(body):
                return self._looked_at((body,), context)
            case Let():
                return self._let(node, context)
            case Variable(name):
                return self.variables.get(name, MADE)  # not there if it is unknown, and reported as such
        assert_never(node)

    def _any(self, parts: Iterable[Expr], context: Provenance) -> Provenance:
        return MADE.union(*(self.value(part, context) for part in parts))

    def _chosen(self, node: Or | And | Not | Conditional, context: Provenance) -> Provenance:
        """One of some values, and what decides between them."""
        reads = self.reads
        match node:
            case Or(left, right):
                first = self.value(left, context)
                reads.count(first)
                return reads.bounded(first | self.value(right, context))
            case And(left, right):
                self.truth(left, context)
                # The left side is the result only when it is empty, so that nothing in it is read.
                return self.value(right, context)
            case Not(operand):
                self.truth(operand, context)
                return MADE
            case Conditional(test, then, otherwise):
                self.truth(test, context)
                return reads.bounded(self._any((then, otherwise), context))

    def _projection(
        self, node: Projection | FilterProjection | ValueProjection | Flatten, context: Provenance
    ) -> Provenance:
        """What goes through a list, and only looks at its items."""
        reads = self.reads
        match node:
            case Flatten(operand):
                return reads.listed(reads.flat_items(self.value(operand, context)))
            case ValueProjection(left, right):
                item = reads.members(self.value(left, context))
            case FilterProjection(left, condition, right):
                item = reads.items(self.value(left, context))
                self.truth(condition, item)
            case Projection(left, right):
                item = reads.items(self.value(left, context))
        return reads.listed(self.value(right, item))

    def _call(self, call: FunctionCall, context: Provenance) -> Provenance:
        """What a function passes on of its arguments. One that is not named here looks at all of them."""
        reads = self.reads
        match call:
            case FunctionCall("root"):
                return self.root
            case FunctionCall("not_null" | "merge", arguments):
                return reads.bounded(self._any(arguments, context))
            case FunctionCall("lookup", (table, key, default)):
                self._looked_at((table, key), context)
                return self.value(default, context)
            case FunctionCall("length", (measured,)):
                reads.measure(self.value(measured, context))
                return MADE
            case FunctionCall("type", (typed,)):
                self.value(typed, context)
                return MADE
            case FunctionCall("to_array", (value,)):
                found = self.value(value, context)
                return reads.bounded(found | reads.listed(found))
            case FunctionCall("values" | "entries" as name, (value,)):
                member = reads.members(self.value(value, context))
                return reads.listed(member if name == "values" else reads.recorded({"value": member}))
            case FunctionCall() if (passed := self._list_call(call, context)) is not None:
                return passed
        for argument in call.arguments:
            if isinstance(argument, ExpressionReference):
                # The function evaluates it with values of its other arguments, which are read whole.
                self.whole(argument.body, MADE)
            else:
                self.whole(argument, context)
        return MADE

    def _list_call(self, call: FunctionCall, context: Provenance) -> Provenance | None:
        """What a function passes on of the items of a list; None for another function."""
        reads = self.reads
        match call:
            case FunctionCall("first", (items,)):
                return reads.item(self.value(items, context), 0)
            case FunctionCall("last", (items,)):
                return reads.item(self.value(items, context), -1)
            case FunctionCall("map", (ExpressionReference(body), over)):
                item = reads.items(self.value(over, context))
                return reads.listed(self.value(body, item))
            case FunctionCall("reverse", (items,)):
                return reads.listed(reads.items(self.value(items, context)))
            case FunctionCall("positions", (items,)):
                reads.items(self.value(items, context))
                return reads.listed(MADE)
            case FunctionCall("zip", lists):
                return reads.listed(
                    reads.tupled(tuple(reads.items(self.value(each, context)) for each in lists))
                )
            case FunctionCall("chunks", (over, size)):
                self.whole(size, context)
                return reads.listed(reads.listed(reads.items(self.value(over, context))))
            case FunctionCall(name, (over, ExpressionReference(body), *others)) if name in _BY_KEY:
                item = reads.items(self.value(over, context))
                self.whole(body, item)
                self._looked_at(others, context)
                return self._by_key(name, item)
        return None

    def _by_key(self, name: str, item: Provenance) -> Provenance:
        """What a function gives that looks at a key of each item, and passes the items on."""
        match name:
            case "group_by":
                return self.reads.mapped(self.reads.listed(item))
            case "index_by":
                return self.reads.mapped(item)
            case "max_by" | "min_by":
                return item
        return self.reads.listed(item)  # `sort_by` and `unique_by`

    def _made(
        self, node: MultiselectList | MultiselectHash | Comparator | Text | Concat, context: Provenance
    ) -> Provenance:
        """A value that is made of others, which it either holds or looks at."""
        reads = self.reads
        match node:
            case MultiselectList(items):
                return reads.tupled(tuple(self.value(item, context) for item in items))
            case MultiselectHash(pairs):
                return reads.recorded({pair.key: self.value(pair.value, context) for pair in pairs})
            case Comparator(_, left, right) if _is_null(left) or _is_null(right):
                self._any((left, right), context)  # only whether there is a value
                return MADE
            case Comparator(_, left, right):
                return self._looked_at((left, right), context)
            case Text(parts) | Concat(parts):
                return self._looked_at(parts, context)

    def _looked_at(self, parts: Iterable[Expr], context: Provenance) -> Provenance:
        """A new value, made of what is in those of the parts."""
        for part in parts:
            self.whole(part, context)
        return MADE

    def _let(self, node: Let, context: Provenance) -> Provenance:
        bound = {binding.name: self.value(binding.value, context) for binding in node.bindings}
        return replace(self, variables={**self.variables, **bound}).value(node.body, context)


def _is_null(node: Expr) -> bool:
    return isinstance(node, Constant) and node.value is None


_BY_KEY: Final = ("group_by", "index_by", "max_by", "min_by", "sort_by", "unique_by")


@dataclass(frozen=True, slots=True)
class _CellReads:
    """The cells of one mapping, as the interpreter runs them. Each check has a read set of its own."""

    mapping: LinkedMapping
    root: Provenance
    reads: ReadSet
    done: set[tuple[object, ...]] = field(default_factory=set)
    checks: list[tuple[syntax.Check, ReadSet]] = field(default_factory=list)
    variables: Mapping[str, Provenance] = field(default_factory=dict)

    def collect(self) -> None:
        """The mapping and its checks, which have the result as their context."""
        self.cell(self.mapping.cell, self.root)
        for check in self.mapping.checks:
            own = replace(self, reads=ReadSet())
            own.reads.count(own.value(check.condition, MADE))
            if check.message is not None:
                own.whole(check.message, MADE)
            self.checks.append((check, own.reads))

    def cell(self, cell: syntax.Cell | syntax.Each, context: Provenance) -> None:
        match cell:
            case syntax.Evaluate(expression):
                self.whole(expression, context)
            case syntax.Object(fields):
                self.fields(fields, context)
            case syntax.List(items):
                for item in items:
                    self.cell(item, context)
            case syntax.Each(over, inner, name=name):
                element = self.reads.items(self.value(over, context))
                named = {} if name is None else {name: element}
                replace(self, variables={**self.variables, **named}).cell(inner, element)
            case syntax.With(over, inner):
                self.cell(inner, self.value(over, context))
            case syntax.If(condition, inner):
                self.reads.count(self.value(condition, context))
                self.cell(inner, context)
            case syntax.Switch(over, cases):
                self.whole(over, context)
                self.fields(cases, context)
            case syntax.Use():
                self.used(cell, context)
            case syntax.Literal():
                pass
            case _:
                assert_never(cell)

    def fields(self, fields: tuple[syntax.Field, ...], context: Provenance) -> None:
        for item in fields:
            self.cell(item.cell, context)

    def used(self, cell: syntax.Use, context: Provenance) -> None:
        """A fragment in the context that uses it, or a mapping whose payload that is; each pair once."""
        self.fields(cell.beside, context)
        used = cell.linked
        use = (id(used), self.root, context, *sorted(self.variables.items()))
        if use in self.done:
            return
        self.done.add(use)
        if isinstance(used, LinkedMapping):
            replace(self, mapping=used, root=context, variables={}).collect()
        else:
            self.cell(used, context)

    def whole(self, expression: Expression, context: Provenance) -> None:
        self.reads.whole(self.value(expression, context))

    def value(self, expression: Expression, context: Provenance) -> Provenance:
        return ExpressionReads(self.root, self.reads, self.variables).value(expression.node, context)
