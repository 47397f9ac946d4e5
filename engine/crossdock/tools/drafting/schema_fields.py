"""The fields of a schema: its single values, objects and lists, each with its path.

Paths are relative to the current place, with ``[]`` for the elements of a list. Recursive schemas are
followed once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from crossdock.checking.schema_types import SchemaType
from crossdock.checking.types import Type
from crossdock.core.limits import CANDIDATE_DEPTH, CANDIDATES
from crossdock.core.paths import EACH, path_text
from crossdock.schema.dialect import Node
from crossdock.schema.shape import Shape
from crossdock.schema.store import Schema

_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class SchemaField:
    """A field of a schema. ``order`` is its position in the order of the schema."""

    path: tuple[str, ...]
    shape: Shape
    order: int = 0

    @property
    def kinds(self) -> frozenset[str]:
        return (self.shape.types or frozenset({"any"})) - {"null"}

    @property
    def is_object(self) -> bool:
        return "object" in self.kinds and bool(self.shape.property_names())

    @property
    def is_list(self) -> bool:
        return "array" in self.kinds

    @property
    def is_leaf(self) -> bool:
        return not self.is_object and not self.is_list

    @property
    def name(self) -> str:
        return next((part for part in reversed(self.path) if part != EACH), "")

    @property
    def names(self) -> tuple[str, ...]:
        """The names on the way, without the lists."""
        return tuple(part for part in self.path if part != EACH)

    @property
    def lists(self) -> int:
        return self.path.count(EACH)

    @property
    def description(self) -> str:
        text = self.shape.node.get("description")
        return text if isinstance(text, str) else ""

    def as_type(self, *, optional: bool = True) -> Type:
        return SchemaType(self.shape, path_text(self.path), optional)


def places_below(schema: Schema, shape: Shape) -> list[SchemaField]:
    """All fields below a shape, each object and list before its parts."""
    found: list[SchemaField] = []
    for path, inner in _below(schema, shape, (), (schema.resolve(shape.node),)):
        found.append(SchemaField(path, inner, len(found)))
        if len(found) == CANDIDATES:
            break
    return found


def _below(
    schema: Schema, shape: Shape, path: tuple[str, ...], around: tuple[Node, ...]
) -> Iterator[tuple[tuple[str, ...], Shape]]:
    if len(path) >= CANDIDATE_DEPTH:
        return
    inner: list[tuple[str, Shape]] = []
    for name in shape.property_order():
        if (found := shape.member(name)) is not None:
            inner.append((name, found))
    if shape.types is not None and "array" in shape.types and "object" not in shape.types:
        inner.append((EACH, shape.items()))
    for name, found in inner:
        node = schema.resolve(found.node)
        if any(node is one for one in around):
            continue
        yield (*path, name), found
        yield from _below(schema, found, (*path, name), (*around, node))


def expression_of(path: tuple[str, ...]) -> str:
    """A path as an expression; for each list on the way its first element."""
    text = ""
    for part in path:
        if part == EACH:
            text += "[0]"
            continue
        name = part if _NAME.fullmatch(part) else json.dumps(part, ensure_ascii=False)
        text += f".{name}" if text else name
    return text
