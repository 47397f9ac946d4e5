"""What values of a schema look like: the question that a check asks before there is any value.

A shape is a schema node with its references, unions and merges seen through. Where alternatives differ,
a shape answers for all of them together: a property is there when one alternative documents it, and
required when all of them require it.

    shape = store.get("shop/order").shape()
    shape.member("items").items().member("quantity").types  # frozenset({"number", "null"})
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import field
from typing import Any, TypeVar

from crossdock.core.json_types import JSON
from crossdock.core.records import record
from crossdock.schema import node as nodes
from crossdock.schema.dialect import NOTHING, Node

_T = TypeVar("_T")
_OTHERS = 0
"""The key of the other properties among the known parts: no property has it, and ``None`` is the items."""


@record(frozen=True, slots=True, eq=False)
class Shape:
    """What a schema node says of a value. Pure; each of its answers is made once."""

    node: Node
    _target: nodes.Target = field(repr=False)
    _known: dict[str | int | None, Shape | None] = field(default_factory=dict, repr=False)
    _answers: dict[str, Any] = field(default_factory=dict, repr=False)
    notes: dict[Hashable, object] = field(default_factory=dict, repr=False)
    """What others have made of this shape, to be made once."""
    _same: dict[int, Shape] = field(default_factory=dict, repr=False)
    """The shapes of the schemas around, by the identity of their nodes: those of one store share it."""

    def _once(self, question: str, answer: Callable[[], _T]) -> _T:
        if question not in self._answers:
            self._answers[question] = answer()
        answered: _T = self._answers[question]
        return answered

    @property
    def types(self) -> frozenset[str] | None:
        """The JSON types that a value may have; None for any. ``number`` takes whole numbers too."""
        if "types" not in self._answers:  # as `_once`, without a call: this is asked most
            self._answers["types"] = self._kinds()
        types: frozenset[str] | None = self._answers["types"]
        return types

    def _kinds(self) -> frozenset[str] | None:
        kinds = self._types(self.node)
        if kinds == nodes.ANY_KIND:
            return None
        return kinds - {"integer"} if "number" in kinds else kinds

    def is_as(self, other: Shape) -> bool:
        """Whether the two are the same part of a schema."""
        return self._resolved() is other._resolved()

    def _resolved(self) -> Node:
        return nodes.resolved(self.node, self._target)

    def documented_as(self) -> Shape | None:
        """The shape that a value has by its documentation, where nothing validates it."""
        return self._once("documented_as", lambda: self._shape(self._documented(self.node)))

    def content(self) -> Shape | None:
        """The shape that the JSON in a text has by its documentation."""
        given = next((each for word, each in self.assertions() if word == "contentSchema"), None)
        return self._shape(given) if isinstance(given, dict) else None

    def references(self) -> frozenset[str]:
        """The absolute references that lead on from here, itself or through schemas beside it."""
        return nodes.references(self.node)

    def property_order(self) -> tuple[str, ...]:
        """The documented properties in the order of the schema files, those of a reference after its own."""
        return self._once("order", lambda: tuple(dict.fromkeys(self._names(self.node))))

    def property_names(self) -> frozenset[str]:
        """The documented properties."""
        return self._once("names", lambda: frozenset(self._names(self.node)))

    def items(self) -> Shape:
        """The shape of a list's elements, whatever their place."""
        if None not in self._known:
            self._known[None] = self.of(self._items(self.node))
        return self._known[None] or self

    @property
    def least_items(self) -> int:
        """How many elements a list has at least."""
        return self._once("least", lambda: self._least_items(self.node))

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

    def assertions(self) -> Iterator[tuple[str, JSON]]:
        """The keywords that surely apply to a value here, with what they are given."""
        return self._assertions(self.node)

    def _assertions(self, node: Node) -> Iterator[tuple[str, JSON]]:
        yield from node.items()
        for each in nodes.merged(node, self._target):
            yield from self._assertions(each)

    @property
    def known_values(self) -> tuple[JSON, ...] | None:
        """The known values, if others are allowed too; None if the schema lists none."""
        return self._once("known", lambda: _as_tuple(self._values(self.node, _own_known_values)))

    def member(self, name: str) -> Shape | None:
        """The shape of a property; None when it is not documented here."""
        if name not in self._known:
            self._known[name] = self._shape(self._property(self.node, name))
        return self._known[name]

    def others(self) -> Shape | None:
        """The shape of the properties of a map, which ``additionalProperties`` or patterns describe."""
        if _OTHERS not in self._known:
            self._known[_OTHERS] = self._shape(self._others(self.node))
        return self._known[_OTHERS]

    def _documented(self, node: Node) -> Node | None:
        merged = nodes.merged(node, self._target)
        return _both([nodes.documented_as(node), *map(self._documented, merged)])

    def of(self, node: Node) -> Shape:
        """The shape of another node. What only refers to a schema has the answers of that schema."""
        found = self._same.get(id(node))
        if found is None:
            if len(node) == 1 and "$ref" in node:
                like = self.of(nodes.resolved(node, self._target))
                found = Shape(node, self._target, like._known, like._answers, like.notes, self._same)
            else:
                found = Shape(node, self._target, _same=self._same)
            self._same[id(node)] = found  # which keeps the node, so that the number stays its own
        return found

    def _shape(self, node: Node | None) -> Shape | None:
        return None if node is None else self.of(node)

    def _types(self, node: Node) -> frozenset[str]:
        kinds = nodes.kinds(node)
        if nodes.is_alone(node):
            return kinds
        for each in nodes.merged(node, self._target):
            kinds &= self._types(each)
        for branches in nodes.choices(node):
            kinds &= frozenset[str]().union(*map(self._types, branches))
        return kinds

    def _property(self, node: Node, name: str) -> Node | None:
        return self._part(node, lambda each: self._own_property(each, name))

    def _others(self, node: Node) -> Node | None:
        return self._part(node, lambda each: _either(nodes.other_property_schemas(each)))

    def _part(self, node: Node, own: Callable[[Node], Node | None]) -> Node | None:
        """The schema of a part of an object. ``own``: what one node says of it, without those beside it.

        Where only some alternatives document the part, they tell what it is if nothing else does. Else they
        only add names and marks, because the part may be anything that the rest of the schema allows.
        """
        if nodes.is_alone(node):
            return _both([own(node)])
        sure = [own(node), *(self._part(each, own) for each in nodes.merged(node, self._target))]
        partial: list[Node | None] = []
        for branches in nodes.choices(node):
            found = [self._part(each, own) for each in branches if self._takes_other_keys(each)]
            closed = [self._part(each, own) for each in branches if self._closed(each)]
            told = [each for each in (*found, *closed) if each is not None]
            (sure if told and None not in found else partial).append(_either(told))
        known, perhaps = _both(sure), _either(partial)
        return perhaps if known is None else _both([known, _tested(perhaps)])

    def _takes_other_keys(self, node: Node) -> bool:
        return "object" in self._types(node) and not self._closed(node)

    def _own_property(self, node: Node, name: str) -> Node | None:
        found = _both(nodes.property_schemas(node, name))
        if (tested := nodes.tested(node)) is not None:
            inside = self._property(tested, name)
            found = _both([found, {} if inside == {} else _tested(inside)])
        if found is None and name in nodes.mentioned(node) and nodes.others(node) != NOTHING:
            return {}
        return found

    def _names(self, node: Node) -> Iterator[str]:
        yield from nodes.properties(node)
        for each in (
            *nodes.merged(node, self._target),
            *(one for choice in nodes.choices(node) for one in choice),
            *nodes.nodes([nodes.tested(node)]),
        ):
            yield from self._names(each)
        yield from nodes.mentioned(node)

    def _items(self, node: Node) -> Node:
        if "array" not in self._types(node):
            return NOTHING
        found: list[Node | None] = [_own_items(node), *map(self._items, nodes.merged(node, self._target))]
        found += (_either(map(self._items, branches)) for branches in nodes.choices(node))
        if (tested := nodes.tested(node)) is not None:
            found.append(_tested(self._items(tested)))
        return _both(found) or {}

    def _least_items(self, node: Node) -> int:
        given = node.get("minItems")
        found = [int(given)] if isinstance(given, int | float) else [0]
        found += (self._least_items(each) for each in nodes.merged(node, self._target))
        for branches in nodes.choices(node):
            lists = [self._least_items(each) for each in branches if "array" in self._types(each)]
            found.append(min(lists, default=0))
        return max(found)

    def _required(self, node: Node) -> frozenset[str]:
        names = node.get("required")
        found = frozenset(map(str, names)) if isinstance(names, list) else frozenset[str]()
        if nodes.is_alone(node):
            return found
        for each in nodes.merged(node, self._target):
            found |= self._required(each)
        for branches in nodes.choices(node):
            sets = [self._required(each) for each in branches if "object" in self._types(each)]
            found |= frozenset.intersection(*sets) if sets else frozenset()
        return found

    def _open(self, node: Node) -> bool:
        if nodes.properties(node) or nodes.patterns(node) or nodes.others(node) != {}:
            return False
        if not all(map(self._open, nodes.merged(node, self._target))):
            return False
        return all(
            any("object" in self._types(each) and self._open(each) for each in branches)
            for branches in nodes.choices(node)
        )

    def _closed(self, node: Node) -> bool:
        if nodes.others(node) == NOTHING:
            return True
        if node.get("unevaluatedProperties") in (False, NOTHING) or any(
            map(self._closed, nodes.merged(node, self._target))
        ):
            return True
        choices = (
            [each for each in branches if "object" in self._types(each)] for branches in nodes.choices(node)
        )
        return any(branches and all(map(self._closed, branches)) for branches in choices)

    def _values(self, node: Node, own: Callable[[Node], list[JSON] | None]) -> list[JSON] | None:
        found = [own(node), *(self._values(each, own) for each in nodes.merged(node, self._target))]
        for branches in nodes.choices(node):
            lists = [self._values(each, own) for each in branches if self._types(each)]
            known = [each for each in lists if each is not None]
            found.append(_united(known) if len(known) == len(lists) else None)
        known = [each for each in found if each is not None]
        return _common(known) if known else None


def _own_items(node: Node) -> Node:
    """Of the elements in any place. A list without ``items`` may hold anything."""
    return _either([*nodes.first_items(node), nodes.other_items(node) or {}]) or {}


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


def _both(several: Iterable[Node | None]) -> Node | None:
    """What all of the nodes say together; None when none is given."""
    given = _unlike(several, "allOf")
    telling = [each for each in given if each]
    if len(telling) > 1:
        return {"allOf": list[JSON](telling)}
    return telling[0] if telling else given[0] if given else None


def _either(several: Iterable[Node | None]) -> Node | None:
    """What any one of the nodes says; None when none is given."""
    unlike = _unlike(several, "anyOf")
    given = [each for each in unlike if each != NOTHING] or unlike[:1]
    if len(given) > 1:
        return {"anyOf": list[JSON](given)} if all(given) else {}
    return given[0] if given else None


def _tested(node: Node | None) -> Node | None:
    """A schema that documents the names and marks of another one, and refuses nothing."""
    return {"if": node} if node else None


def _unlike(several: Iterable[Node | None], word: str) -> list[Node]:
    """The given nodes, each once, and in place of a node that only lists others those others.

    Both keep a union of recursive schemas from growing with every step down into it.
    """
    given = [each for each in several if each is not None]
    if len(given) < 2 and not any(word in each for each in given):
        return given  # nearly always
    found: dict[object, Node] = {}
    for each in given:
        if list(each) == [word]:
            found.update({id(one): one for one in nodes.nodes(each[word])})
        else:
            found.setdefault(nodes.reference(each) if list(each) == ["$ref"] else id(each), each)
    return list(found.values())


def _united(lists: list[list[JSON]]) -> list[JSON]:
    return list({_text(value): value for values in lists for value in values}.values())


def _common(lists: list[list[JSON]]) -> list[JSON]:
    others = [set(map(_text, values)) for values in lists[1:]]
    return [value for value in lists[0] if all(_text(value) in other for other in others)]


def _text(value: JSON) -> str:
    return json.dumps(value, sort_keys=True)
