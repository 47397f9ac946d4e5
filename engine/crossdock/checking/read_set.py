"""What a mapping can see of a payload: the paths whose subtrees may change its result, a check or a failure.

What an expression touches is asked for whole, but for the ways that it only walks: from property to
property, into the items of a list, through a projection, into an object that is made on the way. Reading
less of a payload leaves the kind of each value on the way, and the length of each list, but not what is in
an object; so whatever looks at one asks for all of it: a comparison, a function, a text, the result.

    items[?quantity > `0`].{sku: product.code}      items[].quantity, items[].product.code

``lineage`` says what documented fields are made of; this says what may not be left out, and errs on the side
of more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crossdock.checking.provenance import MADE, PAYLOAD, Path, Provenance, ReadSet
from crossdock.language import syntax
from crossdock.language.expr import Expression
from crossdock.language.legacy import Tree

if TYPE_CHECKING:
    from crossdock.language.mapping import Mapping


def read_paths(mapping: Mapping) -> frozenset[Path]:
    """The paths that a mapping, its checks and the mappings that it uses ask for, each whole."""
    reads = ReadSet()
    _CellReads(mapping, PAYLOAD, reads).all()
    return reads.paths()


@dataclass(frozen=True, slots=True)
class _ExpressionReads:
    """The expressions of a mapping whose payload comes from ``root``: one case for each kind of node."""

    root: Provenance
    reads: ReadSet

    def whole(self, tree: Tree, context: Provenance) -> None:
        """A tree of whose value all counts."""
        self.reads.whole(self.value(tree, context))

    def truth(self, tree: Tree, context: Provenance) -> None:
        """A tree of whose value only counts whether it is true."""
        self.reads.count(self.value(tree, context))

    def value(self, tree: Tree, context: Provenance) -> Provenance:
        """Where the value of a tree comes from; what decides on it is asked for."""
        reads, parts = self.reads, tree["children"]
        match tree["type"]:
            case "current" | "identity":
                return context
            case "literal":
                return MADE
            case "field":
                return reads.member(context, tree["value"])
            case "index":
                return reads.items(context)
            case "slice":
                return reads.listed(reads.items(context))
            case "subexpression" | "pipe" | "index_expression" | "key_val_pair":
                for part in parts:
                    context = self.value(part, context)
                return context
            case "multi_select_list":
                return reads.listed(self._any(parts, context))
            case "multi_select_dict":
                return reads.recorded({part["value"]: self.value(part, context) for part in parts})
            case "or_expression":
                self.truth(parts[0], context)
                return reads.bounded(self._any(parts, context))
            case "and_expression":  # the left value is the result only when there is nothing in it
                self.truth(parts[0], context)
                return self.value(parts[1], context)
            case "not_expression":
                self.truth(parts[0], context)
                return MADE
            case "conditional":
                self.truth(parts[0], context)
                return reads.bounded(self._any(parts[1:], context))
            case "function_expression":
                return self._call(tree, context)
            case "projection" | "filter_projection" | "value_projection" | "flatten":
                return self._projection(tree, context)
        return self._looked_at(tree, context)

    def _any(self, parts: list[Tree], context: Provenance) -> Provenance:
        return MADE.union(*(self.value(part, context) for part in parts))

    def _projection(self, tree: Tree, context: Provenance) -> Provenance:
        """What goes through a list, and only looks at its items."""
        reads, parts = self.reads, tree["children"]
        over = self.value(parts[0], context)
        match tree["type"]:
            case "flatten":
                return reads.listed(reads.flat_items(over))
            case "value_projection":  # how many members an object has, counts
                reads.whole(over)
                return reads.listed(self.value(parts[1], MADE))
        item = reads.items(over)
        if tree["type"] == "filter_projection":
            self.truth(parts[2], item)
        return reads.listed(self.value(parts[1], item))

    def _call(self, tree: Tree, context: Provenance) -> Provenance:
        reads, name, parts = self.reads, tree["value"], tree["children"]
        match name:
            case "root":
                return self.root
            case "not_null":
                return reads.bounded(self._any(parts, context))
            case "length":
                self.truth(parts[0], context)
                return MADE
            case "first" | "last":
                return reads.items(self.value(parts[0], context))
            case "map":
                body, over = parts
                item = reads.items(self.value(over, context))
                return reads.listed(self.value(body["children"][0], item))
        for part in parts:
            # What is evaluated later sees only values of the other arguments, which are asked for whole.
            later = part["type"] == "expref"
            self.whole(part["children"][0] if later else part, MADE if later else context)
        return MADE

    def _looked_at(self, tree: Tree, context: Provenance) -> Provenance:
        """What makes a new value of those of its parts; a comparison with null only sees what is there."""
        if tree["type"] == "comparator" and any(_is_null(part) for part in tree["children"]):
            self._any(tree["children"], context)
            return MADE
        for part in tree["children"]:
            self.whole(part, context)
        return MADE


def _is_null(tree: Tree) -> bool:
    return tree["type"] == "literal" and tree["value"] is None


@dataclass(frozen=True, slots=True)
class _CellReads:
    """The cells of one mapping, as the interpreter goes through them."""

    mapping: Mapping
    root: Provenance
    reads: ReadSet
    done: set[tuple[object, ...]] = field(default_factory=set)

    def all(self) -> None:
        """The mapping and its checks, which have the result as their context."""
        self.cell(self.mapping.cell, self.root)
        for check in self.mapping.checks:
            self.reads.count(self.value(check.condition, MADE))
            if check.message is not None:
                self.whole(check.message, MADE)

    def cell(self, cell: syntax.Cell | syntax.Each, context: Provenance) -> None:
        match cell:
            case syntax.Evaluate(expression):
                self.whole(expression, context)
            case syntax.Object(fields):
                self.fields(fields, context)
            case syntax.List(items):
                for item in items:
                    self.cell(item, context)
            case syntax.Each(over, inner):
                self.cell(inner, self.reads.items(self.value(over, context)))
            case syntax.With(over, inner):
                self.cell(inner, self.value(over, context))
            case syntax.If(condition, inner):
                self.reads.count(self.value(condition, context))
                self.cell(inner, context)
            case syntax.Use():
                self.used(cell, context)

    def fields(self, fields: tuple[syntax.Field, ...], context: Provenance) -> None:
        for item in fields:
            self.cell(item.cell, context)

    def used(self, cell: syntax.Use, context: Provenance) -> None:
        """A fragment, in the context that uses it, or a mapping whose payload that is; once for each."""
        self.fields(cell.beside, context)
        use = (self.mapping.name, cell.name, self.root, context)
        if use in self.done:
            return
        self.done.add(use)
        if cell.name in self.mapping.fragments:
            self.cell(self.mapping.fragments[cell.name], context)
        else:
            _CellReads(self.mapping.used[cell.name], context, self.reads, self.done).all()

    def whole(self, expression: Expression, context: Provenance) -> None:
        self.reads.whole(self.value(expression, context))

    def value(self, expression: Expression, context: Provenance) -> Provenance:
        return _ExpressionReads(self.root, self.reads).value(expression.tree, context)
