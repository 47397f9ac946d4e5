"""A schema as a tree to read in a terminal: a line for each property, with its type and what it means.

shop/order: An order of the shop.
number*       a whole number                   The number that buyers see.
lines         list of objects, or null
  sku*        text
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from crossdock.core.diagnostics import shorten
from crossdock.schema.shape import Shape
from crossdock.schema.store import Schema
from crossdock.tools.sheet.wording import constant

_DEPTH: Final = 16
_NAMES: Final = 40
_TYPES: Final = 28
_WIDTH: Final = 100
_VALUES: Final = 8
_KINDS: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "boolean",
    "object": "object",
    "array": "list",
}
_SEVERAL: Final = {"object": "objects", "number": "numbers", "whole number": "whole numbers"}
_HEAD: Final = "* is required, ? may be null."


@dataclass(frozen=True, slots=True)
class TreeLine:
    depth: int
    name: str
    kind: str
    note: str

    @property
    def label(self) -> str:
        return "  " * self.depth + self.name


def schema_tree(schema: Schema) -> str:
    """The tree of a schema, without a line end at its end."""
    shape = schema.shape()
    lines = list(_inside(shape, 0, ((shape, "the whole"),)))
    names = min(max((len(line.label) for line in lines), default=0), _NAMES)
    types = min(max((len(line.kind) for line in lines), default=0), _TYPES)
    about = described(shape)
    head = [f"{schema.name}: {about}" if about else schema.name, _HEAD if lines else type_text(shape)]
    return "\n".join([*head, "", *(_written(line, names, types) for line in lines)]).rstrip("\n")


def _written(line: TreeLine, names: int, types: int) -> str:
    text = f"{line.label:<{names}}  {line.kind:<{types}}  "
    return (text + shorten(line.note, max(_WIDTH - len(text), 20))).rstrip()


def _inside(shape: Shape, depth: int, around: tuple[tuple[Shape, str], ...]) -> Iterator[TreeLine]:
    """The lines of the properties of an object, or of the objects in a list."""
    while "array" in (shape.types or ()) and "object" not in (shape.types or ()):
        shape = shape.items()
    if depth == _DEPTH or shape.types is None or "object" not in shape.types:
        return
    required = shape.required()
    parts = [(name, shape.member(name), name in required) for name in shape.property_order()]
    for name, part, needed in (*parts, ("(any other name)", shape.others(), False)):
        if part is None:
            continue
        known = next((place for each, place in around if _element(part).is_as(each)), None)
        note = "; ".join(filter(None, (marks(part), described(part))))
        kind = type_text(part) if known is None else f"{type_text(part)}, as {known}"
        yield TreeLine(depth, shorten(name) + "*" * needed, shorten(kind), note)
        if known is None:
            yield from _inside(part, depth + 1, (*around, (_element(part), name)))


def _element(shape: Shape) -> Shape:
    """What is in a list, also in a list of lists; any other value is itself."""
    for _ in range(_DEPTH):
        if "array" not in (shape.types or ()):
            break
        shape = shape.items()
    return shape


def type_text(shape: Shape) -> str:
    """The values that are allowed; ``?`` for null, too."""
    if shape.types is None:
        return "anything"
    values = [constant(value) for value in shape.enum or () if value is not None]
    kinds = [word for kind, word in _KINDS.items() if kind in shape.types]
    if kinds == ["list"]:
        inner = type_text(shape.items())
        kinds = [f"list of {_SEVERAL.get(inner) or _grouped(inner)}"]
    said = " | ".join(values if values and len(values) <= _VALUES else kinds) or "null"
    return f"{_grouped(said)}?" if "null" in shape.types and said != "null" else said


def _grouped(said: str) -> str:
    return f"({said})" if " | " in said else said


def marks(shape: Shape) -> str:
    """What a reader asks beside the type: the format, and whether the value is sensitive."""
    found = dict(shape.assertions())
    marks = [str(found[word]) for word in ("format", "x-format") if word in found]
    return ", ".join([*marks, *(["sensitive"] if found.get("x-sensitive") is True else [])])


def described(shape: Shape) -> str:
    """The first sentence of the description."""
    told = next((each for word, each in shape.assertions() if word == "description"), None)
    text = " ".join(told.split()) if isinstance(told, str) else ""
    return text.partition(". ")[0].removesuffix(".") + "." if text else ""
