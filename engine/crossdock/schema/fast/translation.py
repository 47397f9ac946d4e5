"""A schema as a document for jsonschema-rs, which says of a value in no time whether it fits.

It knows the keywords as we mean them, but for a few. Those are tests in Python: ``tested`` for one value, as
in ``{"tested": [["maxLength", null], ["pattern", "^b"]]}``, and ``judged`` for all that a schema says of a
value. So a document is JSON, closed and complete, and can be kept on disk.

    plain(schema)      what the schema says
    strict(schema)     the same, and what holds for every payload: numbers that a float has exactly, and depth

The second may refuse what the first accepts, and that is looked at again: see ``acceptance``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import inf
from typing import Final, cast

from crossdock.core.json_types import EXACT, JSON
from crossdock.core.limits import PAYLOAD_DEPTH
from crossdock.schema.dialect import NOTHING, Node
from crossdock.schema.keyword_rules import FORMATS, as_list
from crossdock.schema.node import kinds as kinds_of
from crossdock.schema.node import others, reference
from crossdock.schema.safe_regex import longest_tried
from crossdock.schema.store import Schema

_COPIED: Final = frozenset(
    (
        *("type", "enum", "const", "required"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
        *("minContains", "maxContains"),
    )
)
_ONE: Final = frozenset(
    ("items", "contains", "propertyNames", "not", "if", "then", "else", "additionalProperties")
)
_LIST: Final = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_MAP: Final = frozenset(("properties", "dependentSchemas"))
_BELOW: Final = frozenset(("items", "properties", "additionalProperties"))
_TESTED: Final = ("pattern", "format", "multipleOf", "uniqueItems")
# What Python and Rust read alike, in patterns of ASCII: plain characters, classes of them, groups, repeats.
_PLAIN: Final = r"[A-Za-z0-9_ ,:;@%=!'\"<>/-]|\\[.\-+*?()\[\]{}|^$/]"
_CLASS: Final = r"\[\^?-?(?:[A-Za-z0-9_ ,:;@%=!'\"<>/.+*]|[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9])+-?\]"
_REPEAT: Final = r"(?:[*+?]|\{[0-9]{1,3}(?:,[0-9]{0,3})?\})?(?![*+?{])"
_SHARED: Final = re.compile(rf"\^?(?:(?:{_PLAIN}|{_CLASS}|\)){_REPEAT}|\((?:\?:)?|\|)*\$?")
_MOST: Final = int(EXACT) - 1
_BOUNDS: Final[Node] = {"minimum": -_MOST, "maximum": _MOST}
_SCALARS: Final[JSON] = ["null", "boolean", "number", "string"]


@dataclass(frozen=True, slots=True)
class Translated:
    """A document, and the nodes that ``judged`` counts: those are left to validation."""

    document: Node
    judged: list[Node]


def plain(schema: Schema) -> Translated:
    """The document of what a schema says."""
    made = _DocumentWriter(schema)
    return made.translated(made.node(schema.node))


def strict(schema: Schema) -> Translated:
    """The document of what a schema says, and of what every payload must be."""
    made = _DocumentWriter(schema)
    levels = made.levels(schema.node, ())
    # The depth comes first: without it, the library could be led to the end of the stack.
    if levels is None:  # it refers to itself
        root: Node = {"allOf": [made.anything(PAYLOAD_DEPTH), made.node(schema.node)]}
    else:
        made.room = PAYLOAD_DEPTH - levels
        root = made.strict_node(schema.node)
    return made.translated(root)


@dataclass(slots=True)
class _DocumentWriter:
    """The nodes of one document. ``room`` is how deep a value may nest that no schema describes."""

    schema: Schema
    room: int = 0
    parts: Node = field(default_factory=dict)
    judged: list[Node] = field(default_factory=list)
    _names: dict[tuple[str, str], str] = field(default_factory=dict)
    _depths: dict[int, int] = field(default_factory=dict)

    def translated(self, root: Node) -> Translated:
        return Translated({**root, "$defs": self.parts}, self.judged)

    def node(self, node: Node) -> Node:
        """What a node says."""
        made: Node = {}
        for word, given in node.items():
            if word in _COPIED:
                made[word] = _once(given) if word in ("type", "required") else given
            elif word == "dependentRequired":
                made[word] = {name: _once(names) for name, names in cast(Node, given).items()}
            elif word in _ONE:
                made[word] = self.node(given) if isinstance(given, dict) else given
            elif word in _LIST:
                made[word] = [self.node(cast(Node, each)) for each in as_list(given)]
            elif word in _MAP:
                made[word] = {name: self.node(cast(Node, each)) for name, each in cast(Node, given).items()}
        if "patternProperties" in node:
            self.judged.append(node)
            return {"judged": len(self.judged) - 1}
        if _is_shared(pattern := node.get("pattern")):
            made["pattern"] = pattern
            if (most := longest_tried(str(pattern))) < cast(float, node.get("maxLength", inf)):
                made["maxLength"] = int(most)
        if tests := [[word, node[word]] for word in _TESTED if _is_tested(node, word)]:
            made["tested"] = [["maxLength", node.get("maxLength")], *tests]
        if (target := reference(node)) is not None:
            made["$ref"] = self._part("p", target)
        return made

    def strict_node(self, node: Node) -> Node:
        """What a node says, with what must be true of every value below it."""
        if (target := reference(node)) is not None:
            beside = self.node({word: given for word, given in node.items() if word != "$ref"})
            return {**beside, "$ref": self._part("s", target)}
        if any(word in node for word in ("patternProperties", *((_ONE | _LIST | _MAP) - _BELOW))):
            return {"allOf": [self.anything(self.room), self.node(node)]}
        made = self.node({word: given for word, given in node.items() if word not in _BELOW})
        kinds = kinds_of(node)
        if "number" in kinds or "integer" in kinds:
            made["minimum"] = max(cast(float, node.get("minimum", -_MOST)), -_MOST)
            made["maximum"] = min(cast(float, node.get("maximum", _MOST)), _MOST)
        if "object" in kinds:
            named = cast(Node, node.get("properties", {}))
            made["properties"] = {name: self.strict_node(cast(Node, each)) for name, each in named.items()}
            made["additionalProperties"] = self._others(others(node))
        if "array" in kinds:
            made["items"] = self._others(cast(Node, node.get("items", {})))
        return made

    def _others(self, node: Node) -> Node:
        if node == NOTHING:
            return node
        return self.strict_node(node) if node else self.anything(self.room)

    def anything(self, room: int) -> Node:
        """A value that no schema describes, and how deep it may nest."""
        if room <= 0:
            return {**_BOUNDS, "type": _SCALARS}
        if f"a{room}" not in self.parts:
            self.parts[f"a{room}"] = {}
            below = self.anything(room - 1)
            self.parts[f"a{room}"] = {**_BOUNDS, "items": below, "additionalProperties": below}
        return {"$ref": f"#/$defs/a{room}"}

    def levels(self, node: Node, around: tuple[int, ...]) -> int | None:
        """How many levels of values a node describes, the value itself included; None for no end of them."""
        if id(node) in around:
            return None
        if id(node) not in self._depths:
            around = (*around, id(node))
            if (target := reference(node)) is not None:
                found = [self.levels(self.schema.store.target(target), around)]
            else:
                found = [1]
                below: list[JSON] = [*cast(Node, node.get("properties", {})).values()]
                below += [others(node), node.get("items", {})]
                for each in filter(None, below):
                    deeper = self.levels(cast(Node, each), around)
                    found.append(None if deeper is None else deeper + 1)
            if None in found:
                return None
            self._depths[id(node)] = max(cast("list[int]", found))
        return self._depths[id(node)]

    def _part(self, kind: str, target: str) -> str:
        """The reference to a node that references lead to."""
        if (kind, target) not in self._names:
            name = self._names[kind, target] = f"{kind}{len(self._names)}"
            node = self.schema.store.target(target)
            self.parts[name] = self.node(node) if kind == "p" else self.strict_node(node)
        return f"#/$defs/{self._names[kind, target]}"


def _once(given: JSON) -> JSON:
    """A list with each name once, as the library wants it."""
    return list(dict.fromkeys(map(str, given))) if isinstance(given, list) else given


def _is_shared(pattern: JSON) -> bool:
    """Whether a pattern means the same in Rust: plain characters, classes of them, groups and repeats."""
    return isinstance(pattern, str) and _SHARED.fullmatch(pattern) is not None


def _is_tested(node: Node, word: str) -> bool:
    """Whether a keyword is there, says something, and is left to Python."""
    if word == "pattern" and _is_shared(node.get(word)):
        return False
    if word == "format":
        return node.get(word) in FORMATS
    return bool(node.get(word)) if word == "uniqueItems" else word in node
