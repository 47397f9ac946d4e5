"""What schemas mark with ``x-sensitive`` at a place, and below it.

Every schema that may apply to a value counts: also those of ``if``, ``not``, ``contains``,
``dependentSchemas`` and of alternatives that allow anything. So a mark is never lost, and where it depends
on the value whether a mark applies, it does.

    marks = marks_of(store.get("shop/order"))
    marks.member("buyer").below       # ("shop/order.buyer.email",): the sensitive places in it
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import TYPE_CHECKING, Final

from crossdock.core.json_types import JSON
from crossdock.core.paths import EACH, Part, joined
from crossdock.core.records import record
from crossdock.schema import node as nodes
from crossdock.schema.dialect import Node

if TYPE_CHECKING:
    from crossdock.schema.store import Schema

_MOST_NAMES: Final = 8
_MARK: Final = "x-sensitive"


@record(frozen=True, slots=True, eq=False)
class Marks:
    """The schemas that a value may be validated against, each reference followed.

    ``name`` is the schema and the path in it. ``around`` is the name of a sensitive place that the value
    lies in; it is empty if there is none.
    """

    applied: tuple[Node, ...]
    name: str
    around: str
    _target: nodes.Target = field(repr=False)
    _parts: dict[str, Marks] = field(default_factory=dict, repr=False)
    _below: list[tuple[str, ...]] = field(default_factory=list, repr=False)
    notes: list[object] = field(default_factory=list, repr=False)
    """What others have made of these marks, to be made once."""

    @property
    def key(self) -> tuple[frozenset[int], bool]:
        """The same for places with the same schemas and the same marks."""
        return frozenset(map(id, self.applied)), bool(self.around)

    @property
    def sensitive(self) -> str:
        """The name of the sensitive place that this is, or is in. Empty if it is not sensitive."""
        if self.around:
            return self.around
        return self.name if any(map(_is_marked, self.applied)) else ""

    @property
    def below(self) -> tuple[str, ...]:
        """The names of sensitive places, here or below; of many only some."""
        if not self._below:
            self._below.append((self.sensitive,) if self.sensitive else self._search())
        return self._below[0]

    def _search(self) -> tuple[str, ...]:
        """Nearest first. Each schema is entered once, so that recursive schemas end."""
        found: dict[str, None] = {}
        pending = deque((node, self.name) for node in self.applied)
        met = set(map(id, self.applied))
        while pending and len(found) < _MOST_NAMES:
            node, name = pending.popleft()
            if _is_marked(node):
                found[name] = None
                continue
            for inner, path in _inner(node, name, self._target):
                if id(inner) not in met:
                    met.add(id(inner))
                    pending.append((inner, path))
        return tuple(found)

    @property
    def hides_keys(self) -> bool:
        """Whether the keys of an object here are sensitive, those that a schema names excepted."""
        names = [each for node in self.applied for each in nodes.nodes([node.get("propertyNames")])]
        return bool(self.sensitive) or any(map(_is_marked, _together(names, self._target)))

    def names_key(self, key: str) -> bool:
        """Whether a schema names a property, so that its key is not a secret."""
        return any(key in nodes.properties(node) for node in self.applied)

    # The parts of a value

    def at(self, part: Part) -> Marks:
        """A property or an element; ``EACH`` may be either, as a property can be named ``[]``."""
        if isinstance(part, int):
            return self.items()
        if part != EACH:
            return self.member(part)
        inner = (*self.items().applied, *self.member(part).applied)
        return self._part("at []", inner, EACH)

    def member(self, name: str) -> Marks:
        """The property of an object."""
        if (known := self._parts.get(f".{name}")) is not None:
            return known
        found = [each for node in self.applied for each in nodes.property_schemas(node, name)]
        return self._part(f".{name}", found, name)

    def others(self) -> Marks:
        """Any property of an object that has no schema of its own."""
        found = [each for node in self.applied for each in nodes.other_property_schemas(node)]
        return self._part("others", found, "*")

    def members(self) -> tuple[Marks, ...]:
        """All the properties of an object."""
        named = dict.fromkeys(name for each in self.applied for name in nodes.properties(each))
        return (*map(self.member, named), self.others())

    def items(self) -> Marks:
        """The elements of a list, in whatever place."""
        if (known := self._parts.get("items")) is not None:
            return known
        found = [each for node in self.applied for each in _items_of(node)]
        return self._part("items", found, EACH)

    def _part(self, key: str, found: Iterable[Node], name: str) -> Marks:
        if key not in self._parts:
            together = _together(found, self._target)
            self._parts[key] = Marks(together, joined(self.name, name), self.sensitive, self._target)
        return self._parts[key]


def marks_of(schema: Schema) -> Marks:
    """The marks of a schema's values."""
    return schema.once(_marks_of)


def _marks_of(schema: Schema) -> Marks:
    target = schema.store.target
    return Marks(_together([schema.node], target), schema.name, "", target)


def _together(start: Iterable[Node], target: nodes.Target) -> tuple[Node, ...]:
    """Some schemas with all that the same value may be validated against."""
    found: dict[int, Node] = {}
    pending = list(start)
    while pending:
        node = pending.pop()
        if id(node) not in found:
            found[id(node)] = node
            pending.extend(nodes.in_place(node, target))
    return tuple(found.values())


def _inner(node: Node, name: str, target: nodes.Target) -> Iterator[tuple[Node, str]]:
    """The schemas in a schema: of the same value, of its keys, its properties and its elements."""
    for same in (*nodes.in_place(node, target), *nodes.nodes([node.get("propertyNames")])):
        yield same, name
    for key, inner in nodes.properties(node).items():
        yield inner, joined(name, key)
    for inner in nodes.other_property_schemas(node):
        yield inner, joined(name, "*")
    for inner in _items_of(node):
        yield inner, name + EACH


def _items_of(node: Node) -> list[Node]:
    given = (*nodes.first_items(node), nodes.other_items(node), node.get("contains"))
    return nodes.nodes(list(given))


def _is_marked(node: Node) -> bool:
    """Whether a node marks its value; a text also if its content has a mark."""
    return node.get(_MARK) is True or ("contentSchema" in node and _has_mark(node["contentSchema"]))


def _has_mark(value: JSON) -> bool:
    match value:
        case dict():
            return value.get(_MARK) is True or any(map(_has_mark, value.values()))
        case list():
            return any(map(_has_mark, value))
    return False
