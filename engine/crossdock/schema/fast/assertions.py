"""The tests of one schema node that look at one value and nothing below it, as conditions in Python.

What is asked is always of one kind of value, so a test that says nothing about the kind leaves nothing
behind, and one that the kind can never pass refuses it here and now:

    {"type": ["string", "null"], "maxLength": 3}   text     len(v) > 3
                                                   null     (no condition)
                                                   int      refused
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from crossdock.core.equality import identity
from crossdock.core.json_types import JSON
from crossdock.schema.dialect import Node
from crossdock.schema.keyword_rules import FORMATS, as_list

# The kinds of values as Python has them, in the order in which a value is asked for its kind.
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
_BOUNDS: Final = {"minimum": "<", "maximum": ">", "exclusiveMinimum": "<=", "exclusiveMaximum": ">="}
_SIZES: Final = {
    "str": (("minLength", "<"), ("maxLength", ">")),
    "list": (("minItems", "<"), ("maxItems", ">")),
    "dict": (("minProperties", "<"), ("maxProperties", ">")),
}

_SILENT: Final = frozenset(
    (
        *("title", "description", "$comment", "default", "examples", "deprecated", "readOnly", "writeOnly"),
        *("contentEncoding", "contentMediaType", "contentSchema", "$defs", "definitions", "$id", "$schema"),
    )
)

Hold = Callable[[str], str]
"""Gives a name to an expression that is evaluated once, when the module is loaded."""


def says(word: str) -> bool:
    """Whether a keyword says something that a value can break."""
    return word not in _SILENT and not word.startswith("x-")


def takes(node: Node, kind: str) -> bool:
    """Whether a value of a kind can fit a node at all, as far as the node itself tells."""
    if node.get("not") == {}:
        return False
    if "type" in node and not set(_NAMES[kind]) & set(map(str, as_list(node["type"]))):
        return False
    return all(_of_kind(values, kind) for values in _choices(node))


def conditions(node: Node, kind: str, var: str, hold: Hold) -> Iterator[str]:
    """The conditions under which ``var``, a value of a kind that the node takes, breaks it.

    Their order matters: a text that is too long fails by its length, and no pattern searches it.
    """
    for values in _choices(node):
        yield from _enumerated(_of_kind(values, kind), kind, var, hold)
    for word, sign in _SIZES.get(kind, ()):
        if word in node and (node[word] or sign == ">"):
            yield f"len({var}) {sign} {node[word]!r}"
    if kind in ("int", "float"):
        yield from _numeric(node, kind, var)
    elif kind == "str":
        yield from _textual(node, var, hold)
    elif kind == "list" and node.get("uniqueItems"):
        yield f"twins({var}) is not None"


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


def _enumerated(values: list[JSON], kind: str, var: str, hold: Hold) -> Iterator[str]:
    match kind:
        case "None":
            pass
        case "dict" | "list":
            known = list({identity(each): each for each in values}.values())
            yield f"identity({var}) not in {hold(f'identities({known!r})')}"
        case _:
            yield f"{var} not in {hold(f'frozenset({sorted(set(values), key=repr)!r})')}"


def _numeric(node: Node, kind: str, var: str) -> Iterator[str]:
    for word, sign in _BOUNDS.items():
        if word in node:
            yield f"{var} {sign} {node[word]!r}"
    if "multipleOf" in node:
        step = node["multipleOf"]
        small = kind == "int" and isinstance(step, int) and step < 10**6
        yield f"{var} % {step}" if small else f"not multiple({step!r}, {var})"


def _textual(node: Node, var: str, hold: Hold) -> Iterator[str]:
    if "pattern" in node:
        search = hold(f"pattern({str(node['pattern'])!r})")
        yield f"{search}({var}) is None"
    if (name := str(node.get("format"))) in FORMATS:
        yield f"not {hold(f'format_of({name!r})')}({var})"
