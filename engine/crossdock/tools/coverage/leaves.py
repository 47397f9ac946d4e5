"""The fields of a schema: every place of a value without documented parts.

    leaves_of(schema)       ["orderNumber", "items[].sku", "items[].tags", "attributes", …]

A list of plain values is one field, without its ``[]``; an object without documented properties is one
field; a recursive schema is followed once.
"""

from __future__ import annotations

from collections.abc import Iterator

from crossdock.core.limits import COVERED_DEPTH
from crossdock.core.paths import EACH, field_of, parse_path, path_text
from crossdock.schema.shape import Shape
from crossdock.schema.store import Schema

Parts = tuple[str, ...]


def leaves_of(schema: Schema) -> list[Parts]:
    """The fields, by name."""
    return sorted(_leaves(schema.shape(), (), frozenset()))


def _leaves(shape: Shape, path: Parts, around: frozenset[str]) -> Iterator[Parts]:
    references = shape.references()
    names = shape.property_names()
    listed = shape.types is not None and "array" in shape.types
    if references & around or len(path) > COVERED_DEPTH or not (names or listed):
        yield field(path)
        return
    around |= references
    for name in names:
        inner = shape.member(name)
        if inner is not None:
            yield from _leaves(inner, (*path, name), around)
    if listed:
        yield from _leaves(shape.items(), (*path, EACH), around)


def field(path: Parts) -> Parts:
    """A place without the brackets at its end: a list of plain values is one field."""
    while path and path[-1] == EACH:
        path = path[:-1]
    return path


def parts_of(text: str) -> Parts:
    """The parts of the path of a field."""
    return field_of(parse_path(text))


def text_of(path: Parts) -> str:
    """The path of a field as it is written; the whole payload is ``@``."""
    return path_text(path) or "@"
