"""A schema as msgspec types, which validate a payload while it is parsed.

The types accept less than the schema, never more: 1.0 is not an integer for them, large floats are refused,
and members without a name in the schema are dropped while parsing. Dropped members, and the first of two
equal keys, are detected by writing the value again: it then has fewer strings than the payload. A schema with
keywords that the types cannot express, such as a format or ``anyOf``, has no typed reader; only its acceptor
is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from types import NoneType
from typing import Annotated, Any, Final, Literal, Required, TypedDict, cast

import msgspec
import orjson

from crossdock.core.json_types import EXACT, JSON
from crossdock.schema.dialect import NOTHING, Node
from crossdock.schema.keyword_rules import as_list, searcher
from crossdock.schema.node import other_items, others, properties, reference
from crossdock.schema.store import Schema

# The kinds of values as Python has them, in the order of a union.
KINDS: Final = ("None", "str", "int", "float", "bool", "dict", "list")
_NAMES: Final = {
    "None": ("null",),
    "str": ("string",),
    "int": ("integer", "number"),
    "float": ("number",),  # a whole number is an int
    "bool": ("boolean",),
    "dict": ("object",),
    "list": ("array",),
}
_SILENT: Final = frozenset(
    (
        *("title", "description", "$comment", "default", "examples", "deprecated", "readOnly", "writeOnly"),
        *("contentEncoding", "contentMediaType", "contentSchema", "$defs", "definitions", "$id", "$schema"),
    )
)

_DEEPEST_SCHEMA = 40
_DEEPEST_OPEN = 4
_LENGTHS: Final = {
    "str": {"minLength": "min_length", "maxLength": "max_length"},
    "list": {"minItems": "min_length", "maxItems": "max_length"},
}
_BOUNDS: Final = {"minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt"}
_TOLD: Final = frozenset(
    (
        *("type", "properties", "required", "items", "additionalProperties", "pattern", "enum"),
        *_LENGTHS["str"],
        *_LENGTHS["list"],
        *_BOUNDS,
    )
)
SCALARS: Final = {"None": NoneType, "str": str, "int": int, "float": float, "bool": bool}


class _UntypedError(Exception):
    """The types cannot say what a schema says."""


@dataclass(frozen=True, slots=True)
class TypedDecoder:
    """How the types of a schema read bytes, and write what they read. ``decode`` raises ``refusal``."""

    decode: Callable[[bytes], JSON]
    write: Callable[[JSON], bytes]
    refusal: type[Exception]


def typed(schema: Schema) -> TypedDecoder | None:
    """The typed reader of a schema, or None when types cannot say what it says."""
    try:
        decoder = msgspec.json.Decoder(_Types(schema).of(schema.node))
    except (_UntypedError, TypeError, ValueError, RecursionError):
        return None
    return TypedDecoder(decoder.decode, orjson.dumps, msgspec.MsgspecError)


@dataclass(slots=True)
class _Types:
    """The types of a schema's nodes, each made once; one that is asked for within itself has none."""

    schema: Schema
    made: dict[tuple[int, frozenset[str]], Any] = field(default_factory=dict)

    def of(self, node: Node, kinds: frozenset[str] = frozenset(KINDS), depth: int = 0) -> Any:
        """The type of a node for some kinds of values."""
        while True:
            kinds = frozenset(kind for kind in kinds if _takes(node, kind))
            if any(_says(word) and word not in _TOLD and word != "$ref" for word in node):
                raise _UntypedError
            if (target := reference(node)) is None:
                break
            if any(_says(word) for word in node if word not in ("$ref", "type")):
                raise _UntypedError
            node = self.schema.store.target(target)
        if depth > _DEEPEST_SCHEMA or not kinds or _unsafe(node, kinds):
            raise _UntypedError
        key = (id(node), kinds)
        if key not in self.made:
            self.made[key] = None
            self.made[key] = reduce(or_, [self._kind(node, kind, depth) for kind in KINDS if kind in kinds])
        if self.made[key] is None:
            raise _UntypedError
        return self.made[key]

    def _kind(self, node: Node, kind: str, depth: int) -> Any:
        """The type of a node for one kind of values."""
        if "enum" in node:
            return self._choice(node, kind)
        match kind:
            case "dict":
                return self._object(node, depth)
            case "list":
                items = other_items(node)
                below = self._open() if items is None else self.of(items, depth=depth + 1)
                return self._limited(list_of(below), node, _LENGTHS["list"])
            case "str":
                known = (
                    {"pattern": f"(?a:{searcher(str(node['pattern'])).pattern})"} if "pattern" in node else {}
                )
                return self._limited(str, node, _LENGTHS["str"], known)
            case "int":
                return self._limited(int, node, _BOUNDS)
            case "float":
                return self._limited(float, node, _BOUNDS, _exact(node))
        return SCALARS[kind]

    def _limited(
        self, of: Any, node: Node, words: Mapping[str, str], known: Mapping[str, object] | None = None
    ) -> Any:
        """A type with what some keywords say of it."""
        told: dict[str, Any] = dict(known or {})
        for word in words.keys() & node.keys():
            told[words[word]] = _bound(node[word], of)
        return Annotated[of, msgspec.Meta(**told)] if told else of

    def _choice(self, node: Node, kind: str) -> Any:
        """The type of some texts or null; other values to choose from are left to the acceptor."""
        if kind == "None":
            return NoneType
        texts = tuple(each for each in as_list(node["enum"]) if isinstance(each, str))
        if kind != "str" or any(word in node for word in ("pattern", *_LENGTHS["str"])):
            raise _UntypedError
        return Literal[texts]

    def _object(self, node: Node, depth: int) -> Any:
        """The type of an object, with every name that its schema knows."""
        named = properties(node)
        required = set(map(str, as_list(node.get("required", []))))
        if not named and not required:
            extra = others(node)
            if extra == NOTHING:
                return object_type("Closed", {})
            return map_of(self.of(extra, depth=depth + 1) if extra else self._open())
        below = {name: self.of(each, depth=depth + 1) for name, each in named.items()}
        fields = {
            name: below.get(name) or self._open() for name in [*named, *sorted(required - named.keys())]
        }
        return object_type("Object", {n: Required[t] if n in required else t for n, t in fields.items()})

    def _open(self) -> Any:
        """The type of what no schema describes, as deep as it may be here."""
        scalars = {**SCALARS, "float": self._limited(float, {}, {}, _exact({}))}
        scalar = made = reduce(or_, scalars.values())
        for _ in range(_DEEPEST_OPEN):
            made = scalar | list_of(made) | map_of(made)
        return made


def _says(word: str) -> bool:
    """Whether a keyword says something that a value can break."""
    return word not in _SILENT and not word.startswith("x-")


def _takes(node: Node, kind: str) -> bool:
    """Whether a value of a kind can fit a node at all, as far as the node itself tells."""
    if node.get("not") == {}:
        return False
    if "type" in node and not set(_NAMES[kind]) & set(map(str, as_list(node["type"]))):
        return False
    return all(_of_kind(values, kind) for values in _choices(node))


def _choices(node: Node) -> Iterator[list[JSON]]:
    """The lists of values that a node leaves to choose from."""
    if "enum" in node:
        yield as_list(node["enum"])
    if "const" in node:
        yield [node["const"]]


def _of_kind(values: list[JSON], kind: str) -> list[JSON]:
    """The values that one of a kind can be equal to: 1 and 1.0 are equal in JSON, 1 and true are not."""
    kinds = ("int", "float") if kind in ("int", "float") else (kind,)
    return [each for each in values if ("None" if each is None else type(each).__name__) in kinds]


def _unsafe(node: Node, kinds: frozenset[str]) -> bool:
    """msgspec takes a pattern for a type when a list or dict is as good as the text: Python breaks down."""
    return "pattern" in node and "str" in kinds and bool(kinds & {"list", "dict"})


def _exact(node: Node) -> dict[str, object]:
    """The bounds of a float that is exactly what was written, where a schema has none."""
    below = {} if node.keys() & {"minimum", "exclusiveMinimum"} else {"gt": -EXACT}
    above = {} if node.keys() & {"maximum", "exclusiveMaximum"} else {"lt": EXACT}
    return {**below, **above}


def _bound(given: JSON, of: Any) -> JSON:
    """A bound as a number of the type that it is for, when the two are the same."""
    if of not in (int, float):
        return given
    number = cast(float, given)
    if of is float and abs(number) >= EXACT:
        raise _UntypedError
    if type(given) is of:
        return given
    if abs(number) >= EXACT or number != int(number):
        raise _UntypedError
    made: JSON = of(number)
    return made


def list_of(below: Any) -> Any:
    """The type of a list."""
    return list.__class_getitem__(below)


def map_of(below: Any) -> Any:
    """The type of an object whose names are not known."""
    return dict.__class_getitem__((str, below))


def object_type(name: str, fields: Mapping[str, Any]) -> Any:
    """The type of an object that drops every name it does not know."""
    make: Any = TypedDict
    return make(name, dict(fields), total=False)
