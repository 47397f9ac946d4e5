"""What one schema node consists of: the schemas that apply to the same value, and to the parts of it.

No other module follows ``$ref``, ``allOf``, ``anyOf``, ``oneOf`` or ``if`` to find what a schema allows. What
a keyword means for one value, such as "exactly one of ``oneOf``", is left to the validators.

    merged(node, target)        all of them apply together with the node
    choices(node)               of each list, at least one applies together with the node
    in_place(node, target)      every schema that the same value may be validated against
    property_schemas(node, "sku")    what the node itself says of one property

``target`` gives the node of an absolute reference. Nodes come from ``dialect.Reading``: each keyword has a
value of the type that JSON Schema asks for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, cast

from crossdock.core.json_types import JSON
from crossdock.core.kinds import kind_of
from crossdock.schema.dialect import NOTHING, TYPES, Node

Target = Callable[[str], Node]

ANY_KIND: Final = frozenset(TYPES)
DOCUMENTED_AS: Final = "x-documented-as"
_BESIDE: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf", "if", "dependentSchemas"})
_IN_PLACE: Final = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", DOCUMENTED_AS)


def reference(node: Node) -> str | None:
    """The absolute reference of a node."""
    given = node.get("$ref")
    return given if isinstance(given, str) else None


def resolved(node: Node, target: Target) -> Node:
    """What a node's reference names, followed to its end; a node without one is itself."""
    while (given := reference(node)) is not None:
        node = target(given)
    return node


def references(node: Node) -> frozenset[str]:
    """The references of a node, and of the schemas beside it; none is followed."""
    own = {given} if (given := reference(node)) is not None else set()
    beside = (*nodes(node.get("allOf")), *nodes(node.get("anyOf")), *nodes(node.get("oneOf")))
    return frozenset(own).union(*map(references, beside))


# --- the same value


def is_alone(node: Node) -> bool:
    """Whether a node has neither schemas that apply together with it nor choices."""
    return _BESIDE.isdisjoint(node)


def merged(node: Node, target: Target) -> Iterator[Node]:
    """The schemas that apply together with this one."""
    if (given := reference(node)) is not None:
        yield resolved(target(given), target)
    yield from nodes(node.get("allOf"))


def choices(node: Node) -> Iterator[list[Node]]:
    """The lists of schemas of which at least one applies together with this one.

    What ``if`` itself says is in none of them: it decides, and a value need not fit it. See ``tested``.
    """
    for word in ("anyOf", "oneOf"):
        if word in node:
            yield nodes(node[word])
    if "if" in node:
        yield nodes([node.get("then", {}), node.get("else", {})])
    for each in schemas(node, "dependentSchemas").values():
        yield [each, {}]


def tested(node: Node) -> Node | None:
    """The schema of ``if``. It allows and refuses nothing, but documents the names that it tests."""
    given = node.get("if")
    return given if isinstance(given, dict) else None


def documented_as(node: Node) -> Node | None:
    """The schema that documents a value and is not validated: the value may be different."""
    given = node.get(DOCUMENTED_AS)
    return given if isinstance(given, dict) else None


def in_place(node: Node, target: Target) -> Iterator[Node]:
    """The schemas that the same value may fit, each reference followed once."""
    if (given := reference(node)) is not None:
        yield target(given)
    for word in _IN_PLACE:
        if word in node:  # most schemas have none of them
            below = node[word]
            yield from nodes(below if isinstance(below, list) else [below])
    yield from schemas(node, "dependentSchemas").values()


def kinds(node: Node) -> frozenset[str]:
    """The kinds of values that the node itself allows; ``number`` includes ``integer``."""
    if node.get("not") == {}:
        return frozenset()
    given = node.get("type")
    if given is not None:
        found = frozenset(map(str, given if isinstance(given, list) else [given]))
        return found | {"integer"} if "number" in found else found
    values = [node["const"]] if "const" in node else node.get("enum")
    return frozenset(map(kind_of, values)) if isinstance(values, list) else ANY_KIND


# --- the members of an object


def properties(node: Node) -> dict[str, Node]:
    """The schemas of named properties."""
    return schemas(node, "properties")


def patterns(node: Node) -> dict[str, Node]:
    """The schemas of properties whose names match a pattern."""
    return schemas(node, "patternProperties")


def others(node: Node) -> Node:
    """The schema of all other properties: ``{}`` for any value, ``{"not": {}}`` for none."""
    given = node.get("additionalProperties", {})
    return given if isinstance(given, dict) else {**NOTHING}


def property_schemas(node: Node, name: str) -> list[Node]:
    """The schemas that the node has for one property, those for the other properties included."""
    named = nodes([properties(node).get(name)])
    named += [each for pattern, each in patterns(node).items() if re.search(pattern, name)]
    extra = others(node)
    return named or ([extra] if extra and extra != NOTHING else [])


def mentioned(node: Node) -> Iterator[str]:
    """The names of properties that the node requires, or that its dependencies name."""
    yield from map(str, _names(node.get("required")))
    for word in ("dependentRequired", "dependentSchemas"):
        given = node.get(word)
        for name, below in given.items() if isinstance(given, dict) else ():
            yield name
            yield from map(str, _names(below))


def _names(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []


def other_property_schemas(node: Node) -> list[Node]:
    """The schemas that the node has for properties without a name, each for some of them."""
    extra = others(node)
    return [*patterns(node).values(), *([extra] if extra and extra != NOTHING else [])]


# --- the elements of a list


def first_items(node: Node) -> list[Node]:
    """The schemas of the first elements, by their place."""
    return nodes(node.get("prefixItems"))


def other_items(node: Node) -> Node | None:
    """The schema of the elements after the first ones; None when there is none."""
    given = node.get("items")
    return given if isinstance(given, dict) else None


def schemas(node: Node, word: str) -> dict[str, Node]:
    """The schemas by name below a keyword such as ``properties``."""
    given = node.get(word)
    return cast(dict[str, Node], given) if isinstance(given, dict) else {}


def nodes(value: JSON) -> list[Node]:
    """The schemas in a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
