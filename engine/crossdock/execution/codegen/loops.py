"""Projections as loops: the rest after ``[*]``, ``[]``, ``[?…]`` and ``.*`` runs in their bodies.

A chain of projections is one loop, or nested loops: each item goes through the whole chain before the next
one, and the lists in between are never built. A list whose items are written in the mapping needs no loop:
its items are evaluated one by one. If only the first item of a list is used, the loop stops there, unless
that could hide an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from crossdock.execution.codegen import joins
from crossdock.execution.codegen.expression_writer import ExpressionWriter
from crossdock.execution.codegen.locals import Access, Frame
from crossdock.execution.codegen.writer import ARRAY, NONE, NULL, Value, of_items, truth
from crossdock.language.expr import (
    And,
    Comparator,
    Constant,
    Current,
    Expr,
    FilterProjection,
    Flatten,
    Identifier,
    Identity,
    Index,
    IndexExpression,
    MultiselectHash,
    MultiselectList,
    Or,
    Pipe,
    Projection,
    Subexpression,
    ValueProjection,
)

_SHORT: Final = 3  # lines: longer code is not written twice
_ListLayer = Projection | FilterProjection | Flatten

Layer = Projection | FilterProjection | ValueProjection | Flatten
Sink = Callable[[Value, Frame | None], None]  # an item, and its frame if it has one already


def collected(expressions: ExpressionWriter, node: Expr, frame: Frame) -> Value:
    """The list that a chain of projections gives; None when there is nothing to go through."""
    chain = Chain.of(expressions, node, frame)
    if chain.base is None:
        return NONE
    if (values := chain.stated()) is not None:
        return values
    # The list is named before it is known to exist, because its loop is a statement: only after `if … is
    # list` may it run, and until then the name must hold null.
    writer = expressions.writer
    name = writer.fresh("r")

    def take(value: Value, _frame: Frame | None) -> None:
        writer.line(f"{name}.append({value.code})")

    if chain.is_sure:
        writer.line(f"{name} = []")
        chain.run(take)
        return Value(name, ARRAY, simple=True)
    writer.line(f"{name} = None")
    with writer.block(f"if {chain.test}:"):
        writer.line(f"{name} = []")
        chain.run(take)
    return Value(name, ARRAY | NULL, simple=True)


def each(
    expressions: ExpressionWriter,
    node: Expr,
    frame: Frame,
    sink: Sink,
    behind: Iterable[Access] = (),
) -> bool:
    """Every item of such a list into a sink that reads its properties; False for any other node."""
    if not isinstance(node, _ListLayer):
        return False
    chain = Chain.of(expressions, node, frame, behind)
    if chain.base is None:
        expressions.writer.line("pass")
    elif chain.is_sure:
        chain.run(sink)
    else:
        with expressions.writer.block(f"if {chain.test}:"):
            chain.run(sink)
    return True


def first(expressions: ExpressionWriter, node: Expr, frame: Frame) -> Value | None:
    """The first item of such a list, or None if the whole list must be computed."""
    if not isinstance(node, _ListLayer):
        return None
    # Whether the loop may stop at its first item shows only in its code. So it is written, and undone if a
    # later item could raise: the interpreter computes them all, and what it raises must not get lost.
    writer = expressions.writer
    mark = writer.mark()
    chain = Chain.of(expressions, node, frame)
    if chain.base is None:
        return NONE
    before = writer.risks
    name = writer.fresh("r")
    writer.line(f"{name} = None")
    chain.find(name)
    # `break` leaves one loop only: a loop in a loop would go on, and find a second first item.
    if writer.risks == before and chain.deepest <= 1:
        return Value(name, simple=True)
    writer.undo(mark)
    return None


def takes_first(node: Expr) -> bool:
    """Whether the expression after a list only reads its first item."""
    while isinstance(node, Subexpression | IndexExpression) and not isinstance(node.parts[0], Identity):
        node = node.parts[0]
    if isinstance(node, IndexExpression):
        node = node.parts[1]
    return isinstance(node, Index) and node.position == 0


def onto(left: Expr, right: Expr) -> Expr | None:
    """``left | right`` as one chain, when the right side goes through what comes out of the left."""
    match right:
        case Identity() | Current():
            return None if joins.is_kept(left) else left
        case Projection() | FilterProjection():
            base = onto(left, right.left)
            return None if base is None else replace(right, left=base)
        case Flatten():
            base = onto(left, right.operand)
            return None if base is None else replace(right, operand=base)
    return None


def flat(node: Expr) -> Expr:
    """A pipe of projections as one chain; any other node as it is."""
    while isinstance(node, Pipe):
        chain = onto(node.left, node.right)
        if chain is None:
            break
        node = chain
    return node


def taken_apart(node: Expr) -> tuple[list[Layer], Expr]:
    """The layers of a chain from the inside out, and what it goes through."""
    layers: list[Layer] = []
    while isinstance(node, _ListLayer):
        layers.insert(0, node)
        node = node.operand if isinstance(node, Flatten) else node.left
    # `.*` is only understood as the innermost layer: a further one would be applied to a list, not to items.
    if isinstance(node, ValueProjection):
        layers.insert(0, node)
        node = node.left
    return layers, node


class Chain:
    """A chain of projections: what it goes through, and its layers from there outwards."""

    def __init__(
        self,
        expressions: ExpressionWriter,
        layers: list[Layer],
        base: Value | None,
        behind: Iterable[Access] = (),
    ):
        self.expressions = expressions
        self.writer = expressions.writer
        self.layers = layers
        self.base = base
        self.behind = tuple(behind)
        self.by_value = isinstance(layers[0], ValueProjection)
        self.deepest = 0
        self._depth = 0

    @classmethod
    def of(
        cls, expressions: ExpressionWriter, node: Expr, frame: Frame, behind: Iterable[Access] = ()
    ) -> Chain:
        """A chain and the value that it iterates, which is computed first."""
        layers, source = taken_apart(node)
        value = expressions.value(source, frame)
        by_value = isinstance(layers[0], ValueProjection)
        # A list whose items the mapping states needs no name: it is never built.
        if value.items is None or by_value:
            value = expressions.writer.named(value)
        fits = ("object" if by_value else "array") in value.kinds
        return cls(expressions, layers, value if fits else None, behind)

    @classmethod
    def of_items(cls, expressions: ExpressionWriter, node: Expr) -> Chain:
        """A chain over a list that is not there yet: each item is fed to it when it is made."""
        return cls(expressions, taken_apart(node)[0], None)

    def feed(self, item: Value, sink: Sink) -> None:
        """One item of the list, through all layers, into the sink."""
        self._feed(item, 0, sink)

    @property
    def _known(self) -> Value:
        assert self.base is not None
        return self.base

    @property
    def is_sure(self) -> bool:
        """Whether the value to iterate is certainly a list or an object."""
        return len(self._known.kinds) == 1

    @property
    def test(self) -> str:
        return f"{self._known.code}.__class__ is {'dict' if self.by_value else 'list'}"

    def stated(self) -> Value | None:
        """The list, item by item, when the mapping states its items and nothing is left out of it."""
        items = None if self.by_value else self._known.items
        if items is None or len(self.layers) != 1 or not isinstance(self.layers[0], Projection):
            return None
        body = self.layers[0].right
        values = [
            self.writer.named(self.expressions.value(body, self.expressions.enter(item, [body])))
            for item in items
        ]
        # A projection drops what is missing. If nothing can be, the items stay known one by one.
        if not any(value.nullable for value in values):
            return of_items(values)
        name = self.writer.fresh("r")
        self.writer.line(f"{name} = present(({''.join(value.code + ', ' for value in values)}))")
        return Value(name, ARRAY, simple=True)

    def run(self, sink: Sink) -> None:
        """Every item, through all layers, into the sink."""
        if self._known.items is not None and not self.by_value:
            for item in self._known.items:
                self._feed(item, 0, sink)
        elif self.by_value:
            self._through(f"{self._known.code}.values()", 0, sink)
        elif isinstance(self.layers[0], Flatten):
            self._through(self.writer.named(Value(f"spread({self._known.code})"), "r").code, 1, sink)
        else:
            items = self._known.code
            join = joins.join(self.expressions, self.layers[0], items)
            self._through(join.items if join else items, 0, sink)
            if join:
                self.writer.line(join.after)

    def find(self, name: str) -> None:
        """The first item into a name that is None so far."""
        writer = self.writer

        def take(value: Value, _frame: Frame | None) -> None:
            writer.line(f"{name} = {value.code}")
            if self._depth:
                writer.line("break")

        items = None if self.by_value else self._known.items
        if items is None:
            with writer.block("if True:" if self.is_sure else f"if {self.test}:"):
                self.run(take)
            return
        # There is no loop to leave with `break`: each item is tried only if none before it gave anything.
        # `if True:` is there so that no name from the code of one item is used in that of the next.
        for position, item in enumerate(items):
            with writer.block(f"if {name} is None:" if position else "if True:"):
                self._feed(item, 0, take)

    def _through(self, over: str, position: int, sink: Sink) -> None:
        element = self.writer.fresh("e")
        with self.writer.block(f"for {element} in {over}:"), self.writer.loop():
            self._depth += 1
            self.deepest = max(self.deepest, self._depth)
            self._feed(Value(element, simple=True), position, sink)
            self._depth -= 1

    def _feed(self, value: Value, position: int, sink: Sink) -> None:
        """One item into the layer at a position."""
        if position == len(self.layers):
            sink(value, None)
            return
        layer = self.layers[position]
        if isinstance(layer, Flatten):
            self._splice(value, position + 1, sink)
            return
        last = position + 1 == len(self.layers) and isinstance(layer.right, Identity | Current)
        read = [layer.right, layer.condition] if isinstance(layer, FilterProjection) else [layer.right]
        inside = self.expressions.enter(value, read, self.behind if last else ())
        if not isinstance(layer, FilterProjection):
            self._pass_on(layer.right, inside, position, sink)
            return
        test = self.expressions.value(layer.condition, inside)
        # Inside `[?…]` an item that passed the test is known to be there, which spares a test in the body.
        sure = test.code == inside.value.code or implies_presence(layer.condition)
        with self.writer.block(f"if {truth(self.writer, test)}:"), inside.narrowed(sure):
            self._pass_on(layer.right, inside, position, sink)

    def _pass_on(self, body: Expr, inside: Frame, position: int, sink: Sink) -> None:
        """The expression after the brackets, for one item; missing values are dropped."""
        # `{…}` of null is null, which the projection drops: one test here instead of one in each part.
        if inside.value.nullable and isinstance(body, MultiselectList | MultiselectHash):
            with self.writer.block(f"if {inside.value.code} is not None:"), inside.narrowed(True):
                self._pass_on(body, inside, position, sink)
            return
        value = self.expressions.value(body, inside)
        if value.nothing:
            self.writer.line("pass")
        elif not value.nullable:
            self._hand_on(value, body, inside, position, sink)
        else:
            value = value if value.units else self.writer.named(value)
            with self.writer.block(f"if {value.units or value.code} is not None:"):
                there = replace(value, kinds=value.kinds - NULL)
                self._hand_on(there, body, inside, position, sink)

    def _hand_on(self, value: Value, body: Expr, inside: Frame, position: int, sink: Sink) -> None:
        if isinstance(body, Identity | Current) and position + 1 == len(self.layers):
            with inside.narrowed(not value.nullable):
                sink(value, inside)
        else:
            self._feed(value, position + 1, sink)

    def _splice(self, value: Value, position: int, sink: Sink) -> None:
        if value.items is not None:
            for item in value.items:
                self._feed(item, position, sink)
        elif "array" not in value.kinds:
            self._feed(value, position, sink)
        else:
            self._splice_either(self.writer.named(value), position, sink)

    def _splice_either(self, value: Value, position: int, sink: Sink) -> None:
        """A list's items, or else the value itself; what is done with it is written twice if it is short."""
        writer, name = self.writer, value.code
        # The code for "not a list" is written first, only to see how long it is. If it is long, one loop
        # over the list, or over a tuple of the value alone, saves the second copy.
        mark = writer.mark()
        with writer.aside() as kept:
            self._feed(replace(value, kinds=value.kinds - ARRAY), position, sink)
        if len(kept) > _SHORT:
            writer.undo(mark)
            self._through(f"({name} if {name}.__class__ is list else ({name},))", position, sink)
            return
        with writer.block(f"if {name}.__class__ is list:"):
            self._through(name, position, sink)
        writer.place("else:", kept, *(() if kept else ("pass",)))


def implies_presence(node: Expr) -> bool:
    """Whether a condition can be true only where its context is there."""
    match node:
        case Identifier() | Current() | Identity():
            return True
        case Subexpression(parts) | IndexExpression(parts):
            return implies_presence(parts[0])
        case Or(left, right):
            return implies_presence(left) and implies_presence(right)
        case And(left, right):
            return implies_presence(left) or implies_presence(right)
        case Comparator("eq", left, Constant(value)):
            return value is not None and implies_presence(left)
    return False
