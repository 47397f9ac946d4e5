"""Projections as loops: what stands behind ``[*]``, ``[]``, ``[?…]`` and ``.*`` runs in their bodies.

A chain of projections is one loop, or one in another: each item goes through all of the chain before
the next, and the lists in between are never built. A list whose items the mapping itself states has no
loop at all: its items are written out one by one. And of a list of which only the first item is wanted
no more is worked out, unless that could hide a failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from crossdock.execution.codegen.locals import Access, Frame
from crossdock.execution.codegen.writer import ARRAY, NONE, NULL, Value, of_items, truth
from crossdock.language.legacy import Tree

if TYPE_CHECKING:
    from crossdock.execution.codegen.expressions import Trees

_SAME: Final = ("identity", "current")
_NEEDY: Final = ("multi_select_list", "multi_select_dict")  # give nothing for nothing
_SHORT: Final = 3
_LAYERS: Final = ("projection", "filter_projection", "flatten")

Sink = Callable[[Value, Frame | None], None]  # an item, and its frame if it has one already


def collected(trees: Trees, tree: Tree, frame: Frame) -> Value:
    """The list that a chain of projections gives; None when there is nothing to go through."""
    chain = Chain.of(trees, tree, frame)
    if chain.base is None:
        return NONE
    if (values := chain.stated()) is not None:
        return values
    writer = trees.writer
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
    trees: Trees, tree: Tree, frame: Frame, sink: Sink, behind: Iterable[Access] = (), *, must: bool = False
) -> bool:
    """Every item of such a list into a sink that reads its properties; False for any other tree.

    There ``must`` be a list, or else there may be nothing instead.
    """
    if tree["type"] not in _LAYERS:
        return False
    chain = Chain.of(trees, tree, frame, behind)
    if chain.base is None:
        trees.writer.line("raise Unexplained" if must else "pass")
    elif chain.is_sure:
        chain.run(sink)
    elif must:
        trees.writer.line(f"if not {chain.test}: raise Unexplained")
        chain.run(sink)
    else:
        with trees.writer.block(f"if {chain.test}:"):
            chain.run(sink)
    return True


def first(trees: Trees, tree: Tree, frame: Frame) -> Value | None:
    """The first item of such a list, or None when all of the list has to be worked out."""
    if tree["type"] not in _LAYERS:
        return None
    writer = trees.writer
    mark = writer.mark()
    chain = Chain.of(trees, tree, frame)
    if chain.base is None:
        return NONE
    before = writer.risks
    name = writer.fresh("r")
    writer.line(f"{name} = None")
    chain.find(name)
    if writer.risks == before and chain.deepest <= 1:
        return Value(name, simple=True)
    writer.undo(mark)
    return None


def takes_first(tree: Tree) -> bool:
    """Whether what stands behind a list reads it only for its first item."""
    while tree["type"] in ("subexpression", "index_expression") and tree["children"][0]["type"] != "identity":
        tree = tree["children"][0]
    if tree["type"] == "index_expression":
        tree = tree["children"][1]
    return tree["type"] == "index" and tree["value"] == 0


def onto(left: Tree, right: Tree) -> Tree | None:
    """``left | right`` as one chain, when the right side goes through what comes out of the left."""
    if right["type"] in ("identity", "current"):
        return left
    if right["type"] not in _LAYERS:
        return None
    base = onto(left, right["children"][0])
    return None if base is None else {**right, "children": [base, *right["children"][1:]]}


def flat(tree: Tree) -> Tree:
    """A pipe of projections as one chain; any other tree as it is."""
    while tree["type"] == "pipe" and len(tree["children"]) == 2:
        chain = onto(*tree["children"])
        if chain is None:
            break
        tree = chain
    return tree


def taken_apart(tree: Tree) -> tuple[list[Tree], Tree]:
    """The layers of a chain from the inside out, and what it goes through."""
    layers: list[Tree] = []
    while tree["type"] in _LAYERS:
        layers.insert(0, tree)
        tree = tree["children"][0]
    if tree["type"] == "value_projection":
        layers.insert(0, tree)
        tree = tree["children"][0]
    return layers, tree


class Chain:
    """A chain of projections: what it goes through, and its layers from there outwards."""

    def __init__(self, trees: Trees, layers: list[Tree], base: Value | None, behind: Iterable[Access] = ()):
        self.trees = trees
        self.writer = trees.writer
        self.layers = layers
        self.base = base
        self.behind = tuple(behind)
        self.by_value = layers[0]["type"] == "value_projection"
        self.deepest = 0
        self._depth = 0

    @classmethod
    def of(cls, trees: Trees, tree: Tree, frame: Frame, behind: Iterable[Access] = ()) -> Chain:
        """A chain and what it goes through, which is worked out."""
        layers, source = taken_apart(tree)
        value = trees.value(source, frame)
        by_value = layers[0]["type"] == "value_projection"
        if value.items is None or by_value:
            value = trees.writer.named(value)
        fits = ("object" if by_value else "array") in value.kinds
        return cls(trees, layers, value if fits else None, behind)

    @classmethod
    def of_items(cls, trees: Trees, tree: Tree) -> Chain:
        """A chain over a list that is not there yet: each item is fed to it when it is made."""
        return cls(trees, taken_apart(tree)[0], None)

    def feed(self, item: Value, sink: Sink) -> None:
        """One item of the list, through all layers, into the sink."""
        self._feed(item, 0, sink)

    @property
    def _known(self) -> Value:
        assert self.base is not None
        return self.base

    @property
    def is_sure(self) -> bool:
        """Whether there surely is something to go through."""
        return len(self._known.kinds) == 1

    @property
    def test(self) -> str:
        return f"{self._known.code}.__class__ is {'dict' if self.by_value else 'list'}"

    def stated(self) -> Value | None:
        """The list, item by item, when the mapping states its items and nothing is left out of it."""
        items = None if self.by_value else self._known.items
        if items is None or len(self.layers) != 1 or self.layers[0]["type"] != "projection":
            return None
        body = self.layers[0]["children"][1]
        values = [self.writer.named(self.trees.value(body, self.trees.enter(item, [body]))) for item in items]
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
        elif self.layers[0]["type"] == "flatten":
            self._through(self.writer.named(Value(f"spread({self._known.code})"), "r").code, 1, sink)
        else:
            self._through(self._known.code, 0, sink)

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
        for position, item in enumerate(items):
            with writer.block(f"if {name} is None:" if position else "if True:"):
                self._feed(item, 0, take)

    def _through(self, over: str, position: int, sink: Sink) -> None:
        element = self.writer.fresh("e")
        with self.writer.block(f"for {element} in {over}:"):
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
        if layer["type"] == "flatten":
            self._splice(value, position + 1, sink)
            return
        parts = layer["children"]
        last = position + 1 == len(self.layers) and parts[1]["type"] in _SAME
        inside = self.trees.enter(value, parts[1:], self.behind if last else ())
        if layer["type"] != "filter_projection":
            self._pass_on(parts[1], inside, position, sink)
            return
        test = self.trees.value(parts[2], inside)
        sure = test.code == inside.value.code or implies_presence(parts[2])
        with self.writer.block(f"if {truth(self.writer, test)}:"), inside.narrowed(sure):
            self._pass_on(parts[1], inside, position, sink)

    def _pass_on(self, body: Tree, inside: Frame, position: int, sink: Sink) -> None:
        """What stands behind the brackets, for one item; what is missing is dropped."""
        if inside.value.nullable and body["type"] in _NEEDY:
            with self.writer.block(f"if {inside.value.code} is not None:"), inside.narrowed(True):
                self._pass_on(body, inside, position, sink)
            return
        value = self.trees.value(body, inside)
        if value.nothing:
            self.writer.line("pass")
        elif not value.nullable:
            self._hand_on(value, body, inside, position, sink)
        else:
            value = value if value.units else self.writer.named(value)
            with self.writer.block(f"if {value.units or value.code} is not None:"):
                there = replace(value, kinds=value.kinds - NULL)
                self._hand_on(there, body, inside, position, sink)

    def _hand_on(self, value: Value, body: Tree, inside: Frame, position: int, sink: Sink) -> None:
        if body["type"] in _SAME and position + 1 == len(self.layers):
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


def implies_presence(tree: Tree) -> bool:
    """Whether a condition can be true only where its context is there."""
    match tree["type"], tree["children"]:
        case (("field" | "current" | "identity"), _):
            return True
        case (("subexpression" | "index_expression" | "pipe"), [first, *_]):
            return tree["type"] != "pipe" and implies_presence(first)
        case "or_expression", [left, right]:
            return implies_presence(left) and implies_presence(right)
        case "and_expression", [left, right]:
            return implies_presence(left) or implies_presence(right)
        case "comparator", [left, {"type": "literal", "value": value}]:
            return tree["value"] == "eq" and value is not None and implies_presence(left)
    return False
