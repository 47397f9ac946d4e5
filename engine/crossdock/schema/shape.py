"""What values of a schema look like: the question that a check asks before there is any value.

A shape is a schema node with its references, unions and merges seen through. Where alternatives differ,
a shape answers for all of them together: a property is there when one alternative documents it, and
required when all of them require it.

    shape = store.get("shop/order").shape()
    shape.property("items").items().property("quantity").types  # frozenset({"number", "null"})
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar, cast

from crossdock.core.json_types import JSON
from crossdock.core.kinds import kind_of
from crossdock.schema.dialect import NOTHING, TYPES, Node

_ANY = frozenset(TYPES)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """What a schema node says of a value. Pure; each of its answers is made once."""

    node: Node
    _resolve: Callable[[Node], Node] = field(repr=False)
    _known: dict[str | None, Shape | None] = field(default_factory=dict, repr=False)
    _answers: dict[str, object] = field(default_factory=dict, repr=False)

    def _once(self, question: str, answer: Callable[[], _T]) -> _T:
        if question not in self._answers:
            self._answers[question] = answer()
        return cast(_T, self._answers[question])

    @property
    def types(self) -> frozenset[str] | None:
        """The JSON types that a value may have; None for any. ``number`` takes whole numbers too."""
        return self._once("types", self._kinds)

    def _kinds(self) -> frozenset[str] | None:
        kinds = self._types(self.node)
        if kinds == _ANY:
            return None
        return kinds - {"integer"} if "number" in kinds else kinds

    def is_as(self, other: Shape) -> bool:
        """Whether the two are the same part of a schema."""
        return self._resolve(self.node) is other._resolve(other.node)

    def property_names(self) -> frozenset[str]:
        """The documented properties."""
        return self._once("names", lambda: frozenset(self._names(self.node)))

    def items(self) -> Shape:
        """The shape of a list's elements, whatever their place."""
        if None not in self._known:
            self._known[None] = Shape(self._items(self.node), self._resolve)
        return self._known[None] or self

    def required(self) -> frozenset[str]:
        """The properties that an object of this shape always has."""
        return self._once("required", lambda: self._required(self.node))

    @property
    def is_open(self) -> bool:
        """An object is allowed here and has no documented properties: any property may be read."""
        return self._once("is_open", lambda: "object" in self._types(self.node) and self._open(self.node))

    @property
    def is_closed(self) -> bool:
        """An object here has no properties but the documented ones."""
        return self._once("is_closed", lambda: self._closed(self.node))

    @property
    def enum(self) -> tuple[JSON, ...] | None:
        """The allowed values; None for any. A constant is an enumeration of one value."""
        return self._once("enum", lambda: _as_tuple(self._values(self.node, _own_values)))

    @property
    def known_values(self) -> tuple[JSON, ...] | None:
        """The known values, if others are allowed too; None if the schema lists none."""
        return self._once("known", lambda: _as_tuple(self._values(self.node, _own_known_values)))

    @property
    def sensitive(self) -> bool:
        """Whether a value here must not be shown."""
        return self._sensitive(self.node)

    def property(self, name: str) -> Shape | None:
        """The shape of a property; None when it is not documented here."""
        if name not in self._known:
            self._known[name] = self._shape(self._property(self.node, name))
        return self._known[name]

    def _shape(self, node: Node | None) -> Shape | None:
        return None if node is None else Shape(node, self._resolve)

    def _merged(self, node: Node) -> Iterator[Node]:
        """The schemas that hold together with this one."""
        if "$ref" in node:
            yield self._resolve({"$ref": node["$ref"]})
        yield from _nodes(node.get("allOf"))

    def _choices(self, node: Node) -> Iterator[list[Node]]:
        """The lists of schemas of which one holds together with this one."""
        for word in ("anyOf", "oneOf"):
            if word in node:
                yield _nodes(node[word])
        if "if" in node:
            yield [*_nodes([node.get("then", {})]), *_nodes([node.get("else", {})])]

    def _types(self, node: Node) -> frozenset[str]:
        kinds = _own_types(node)
        for each in self._merged(node):
            kinds &= self._types(each)
        for branches in self._choices(node):
            kinds &= frozenset[str]().union(*map(self._types, branches))
        return kinds

    def _property(self, node: Node, name: str) -> Node | None:
        found = [*_own_properties(node, name), *(self._property(each, name) for each in self._merged(node))]
        found += (_either(self._property(each, name) for each in each_of) for each_of in self._choices(node))
        return _both(found)

    def _names(self, node: Node) -> Iterator[str]:
        properties = node.get("properties")
        if isinstance(properties, dict):
            yield from properties
        for each in (*self._merged(node), *(one for choice in self._choices(node) for one in choice)):
            yield from self._names(each)

    def _items(self, node: Node) -> Node:
        if "array" not in self._types(node):
            return NOTHING
        found: list[Node | None] = [_own_items(node), *map(self._items, self._merged(node))]
        found += (_either(map(self._items, branches)) for branches in self._choices(node))
        return _both(found) or {}

    def _required(self, node: Node) -> frozenset[str]:
        names = node.get("required")
        found = frozenset(map(str, names)) if isinstance(names, list) else frozenset[str]()
        for each in self._merged(node):
            found |= self._required(each)
        for branches in self._choices(node):
            sets = [self._required(each) for each in branches if "object" in self._types(each)]
            found |= frozenset.intersection(*sets) if sets else frozenset()
        return found

    def _open(self, node: Node) -> bool:
        documented = node.get("properties") or node.get("patternProperties")
        if documented or node.get("additionalProperties", {}) != {}:
            return False
        if not all(map(self._open, self._merged(node))):
            return False
        return all(
            any("object" in self._types(each) and self._open(each) for each in branches)
            for branches in self._choices(node)
        )

    def _closed(self, node: Node) -> bool:
        if node.get("additionalProperties") is False or node.get("additionalProperties") == NOTHING:
            return True
        if node.get("unevaluatedProperties") in (False, NOTHING) or any(
            map(self._closed, self._merged(node))
        ):
            return True
        choices = (
            [each for each in branches if "object" in self._types(each)] for branches in self._choices(node)
        )
        return any(branches and all(map(self._closed, branches)) for branches in choices)

    def _values(self, node: Node, own: Callable[[Node], list[JSON] | None]) -> list[JSON] | None:
        found = [own(node), *(self._values(each, own) for each in self._merged(node))]
        for branches in self._choices(node):
            lists = [self._values(each, own) for each in branches if self._types(each)]
            known = [each for each in lists if each is not None]
            found.append(_united(known) if len(known) == len(lists) else None)
        known = [each for each in found if each is not None]
        return _common(known) if known else None

    def _sensitive(self, node: Node) -> bool:
        below = (*self._merged(node), *(one for choice in self._choices(node) for one in choice))
        return node.get("x-sensitive") is True or any(map(self._sensitive, below))


def _nodes(value: JSON) -> list[Node]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _own_types(node: Node) -> frozenset[str]:
    if node.get("not") == {}:
        return frozenset()
    given = node.get("type")
    if given is not None:
        kinds = frozenset(map(str, given if isinstance(given, list) else [given]))
        return kinds | {"integer"} if "number" in kinds else kinds
    values = [node["const"]] if "const" in node else node.get("enum")
    return frozenset(map(kind_of, values)) if isinstance(values, list) else _ANY


def _own_properties(node: Node, name: str) -> list[Node | None]:
    properties, patterns = node.get("properties"), node.get("patternProperties")
    found: list[Node | None] = []
    if isinstance(properties, dict):
        found += _nodes([properties.get(name)])
    if isinstance(patterns, dict):
        found += _nodes([each for pattern, each in patterns.items() if re.search(pattern, name)])
    others = node.get("additionalProperties")
    return found or (list(_nodes([others])) if others else [])


def _own_items(node: Node) -> Node:
    """Of the elements in any place. A list without ``items`` may hold anything."""
    others = node.get("items", {})
    return _either([*_nodes(node.get("prefixItems")), *_nodes([others])]) or {}


def _own_values(node: Node) -> list[JSON] | None:
    if "const" in node:
        return [node["const"]]
    values = node.get("enum")
    if isinstance(values, list):
        return values
    return [None] if node.get("type") in ("null", ["null"]) else None


def _own_known_values(node: Node) -> list[JSON] | None:
    values = node.get("x-known-values")
    if isinstance(values, list):
        return values
    return [None] if node.get("type") in ("null", ["null"]) else None


def _as_tuple(values: list[JSON] | None) -> tuple[JSON, ...] | None:
    return None if values is None else tuple(values)


def _both(nodes: Iterable[Node | None]) -> Node | None:
    """What all of the nodes say together; None when none is given."""
    given = _unlike(nodes, "allOf")
    telling = [each for each in given if each]
    if len(telling) > 1:
        return {"allOf": list[JSON](telling)}
    return telling[0] if telling else given[0] if given else None


def _either(nodes: Iterable[Node | None]) -> Node | None:
    """What any one of the nodes says; None when none is given."""
    unlike = _unlike(nodes, "anyOf")
    given = [each for each in unlike if each != NOTHING] or unlike[:1]
    if len(given) > 1:
        return {"anyOf": list[JSON](given)} if all(given) else {}
    return given[0] if given else None


def _unlike(nodes: Iterable[Node | None], word: str) -> list[Node]:
    """The given nodes, each once, and in place of a node that only lists others those others.

    Both keep a union of recursive schemas from growing with every step down into it.
    """
    found: dict[object, Node] = {}
    for each in nodes:
        if each is not None and list(each) == [word]:
            found.update({id(one): one for one in _nodes(each[word])})
        elif each is not None:
            found.setdefault(each["$ref"] if list(each) == ["$ref"] else id(each), each)
    return list(found.values())


def _united(lists: list[list[JSON]]) -> list[JSON]:
    return list({_text(value): value for values in lists for value in values}.values())


def _common(lists: list[list[JSON]]) -> list[JSON]:
    others = [set(map(_text, values)) for values in lists[1:]]
    return [value for value in lists[0] if all(_text(value) in other for other in others)]


def _text(value: JSON) -> str:
    return json.dumps(value, sort_keys=True)
