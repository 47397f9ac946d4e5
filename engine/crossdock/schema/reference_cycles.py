"""Schemas that refer to themselves: how many schemas apply to a value, and whether the number grows.

A schema may refer to itself through a property, as a tree does. It must not refer to itself at the same
place, which would never end; and not twice through the same property, because 2**40 schemas would then
apply to a value that nests 40 levels deep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from crossdock.core.limits import SCHEMA_CHAIN, SCHEMA_PLACES
from crossdock.schema.dialect import Node
from crossdock.schema.node import Target, first_items, in_place, nodes, other_items, patterns, properties


def endless(parts: Mapping[str, Node], target: Target, sizes: dict[int, int]) -> str | None:
    """The first part that applies too many schemas to one value, or more with every level."""
    for at, node in parts.items():
        if _expanded(node, target, sizes, 0) > SCHEMA_PLACES:
            return at
    return None


def _expanded(node: Node, target: Target, sizes: dict[int, int], chain: int) -> int:
    """How many schema nodes apply to one value here; infinite for a cycle."""
    size = sizes.get(id(node))
    if size is None:
        sizes[id(node)] = SCHEMA_PLACES + 1  # met again before it is known: a circle
        within = chain < SCHEMA_CHAIN
        size = 1 if within else SCHEMA_PLACES + 1
        for other in in_place(node, target) if within else ():
            size += _expanded(other, target, sizes, chain + 1)
        sizes[id(node)] = size
    return size


def circular(references: Iterable[tuple[str, str]]) -> bool:
    """Whether references may lead back to where they are; each is its place and what it names.

    A place is the name of a file, ``#`` and a JSON pointer. Parts of one definition are taken as one, so that
    False is certain. It is the answer for most files, and much cheaper than to walk through their schemas.
    """
    graph: dict[str, set[str]] = {}
    for at, named in references:
        graph.setdefault(_definition(at), set()).add(_definition(named))
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        return True
    return False


def _definition(place: str) -> str:
    """The definition below ``$defs`` that a place is in, or else its file."""
    file, _, pointer = place.partition("#")
    parts = pointer.split("/", 3)
    return f"{file}#{parts[2]}" if parts[1:2] == ["$defs"] and len(parts) > 2 else file


def multiplying(parts: Mapping[str, Node], target: Target) -> str | None:
    """The first part that leads back to itself twice through one property or element. None is endless."""
    graph = _Graph(target)
    for node in parts.values():
        graph.visit(node)
    for at, node in parts.items():
        if graph.recursive(node) and graph.multiplies(node):
            return at
    return None


@dataclass(slots=True)
class _Graph:
    """The schemas that lead to each other, each met once; those that lead back are a circle (Tarjan)."""

    target: Target
    met: dict[int, int] = field(default_factory=dict)
    circle_of: dict[int, int] = field(default_factory=dict)
    sizes: Counter[int] = field(default_factory=Counter)
    loops: set[int] = field(default_factory=set)

    def visit(self, first: Node) -> None:
        """A walk without recursion: how long a chain of schemas is, is up to its author."""
        if id(first) in self.met:
            return
        way: list[int] = []
        open_nodes = [self.entered(first, way)]
        while open_nodes:
            number, low, node, following = open_nodes[-1]
            other = next(following, None)
            if other is None:
                open_nodes.pop()
                self.closed(number, low[0], node, way)
                if open_nodes:
                    open_nodes[-1][1][0] = min(open_nodes[-1][1][0], low[0])
            elif id(other) not in self.met:
                open_nodes.append(self.entered(other, way))
            elif id(other) not in self.circle_of:
                low[0] = min(low[0], self.met[id(other)])
                self.loops |= {id(node)} if other is node else set()

    def entered(self, node: Node, way: list[int]) -> tuple[int, list[int], Node, Iterator[Node]]:
        number = self.met[id(node)] = len(self.met)
        way.append(id(node))
        return number, [number], node, iter([*in_place(node, self.target), *_below(node)])

    def closed(self, number: int, low: int, node: Node, way: list[int]) -> None:
        if low != number:
            return
        while id(node) not in self.circle_of:
            self.circle_of[way[-1]] = number
            self.sizes[number] += 1
            way.pop()

    def recursive(self, node: Node) -> bool:
        return self.sizes[self.circle_of[id(node)]] > 1 or id(node) in self.loops

    def multiplies(self, node: Node) -> bool:
        """Whether one property or element of a value is led back from more than once."""
        own, together = self.circle_of[id(node)], list(self.together(node))
        keys = {key for each in together for key in _keys(each)}
        return any(
            sum(self.circle_of[id(child)] == own for each in together for child in _at(each, key)) > 1
            for key in keys
        )

    def together(self, node: Node) -> Iterator[Node]:
        pending = [node]
        while pending:
            each = pending.pop()
            yield each
            pending.extend(in_place(each, self.target))


def _below(node: Node) -> list[Node]:
    """The schemas that apply to properties and elements of a value."""
    named = [*properties(node).values(), *patterns(node).values(), node.get("additionalProperties")]
    return nodes([*named, *first_items(node), other_items(node), node.get("contains")])


def _keys(node: Node) -> Iterator[str | int]:
    """The properties and places that a schema tells apart, and one for each of the others."""
    yield from ("", -1)
    yield from (f".{name}" for name in properties(node))
    yield from range(len(first_items(node)))


def _at(node: Node, key: str | int) -> Iterator[Node]:
    """The schemas that apply to one property or element of a value."""
    if isinstance(key, int):
        first = first_items(node)
        own = first[key] if 0 <= key < len(first) else other_items(node)
        yield from nodes([own, node.get("contains")])
        return
    named = properties(node).get(key[1:]) if key else None
    yield from nodes([named, *patterns(node).values()])
    if named is None:
        yield from nodes([node.get("additionalProperties")])
