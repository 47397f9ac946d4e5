"""Places in payloads as people write them, looked up in a schema.

A place is a pointer ``/items/0/sku``, or a path ``items[].sku``.
"""

from __future__ import annotations

from collections.abc import Iterable

from crossdock.core.diagnostics import did_you_mean
from crossdock.core.paths import EACH, Part, Parts, PathError, field_of, field_text, parse_path, pointer_parts
from crossdock.schema.shape import Shape
from crossdock.schema.store import Schema


class UnknownPathError(LookupError):
    """There is no such path. The message suggests a similar one."""


def parts_of(text: str) -> Parts:
    """The parts of a pointer or a path. Raises UnknownPathError for any other text."""
    if text.startswith("/") or ("/" in text and '"' not in text):
        return pointer_parts("/" + text.removeprefix("/"))
    try:
        return parse_path(text.strip().removeprefix("."), blanks=True)
    except PathError as error:
        raise UnknownPathError(f"{error}; write /items/0/sku or items[].sku") from None


def shape_at(schema: Schema | None, parts: Iterable[Part]) -> Shape | None:
    """The shape of a path in a schema; None if the schema does not document it."""
    shape = schema.shape() if schema is not None else None
    for part in field_of(parts):
        if shape is None:
            return None
        shape = shape.items() if part == EACH else shape.member(part)
    return shape


def must_know(schema: Schema, parts: Parts) -> None:
    """Raise UnknownPathError if a schema does not document a path and is closed on the way to it."""
    shape: Shape = schema.shape()
    for position, part in enumerate(field_of(parts)):
        if shape.types is None or shape.is_open:
            return
        inner = shape.items() if part == EACH else shape.member(part)
        if inner is None or (part == EACH and "array" not in shape.types):
            help = did_you_mean(part, shape.property_names())
            here = field_text(parts[: position + 1])
            raise UnknownPathError(f"`{schema.name}` has no `{here}`" + (f"; {help}" if help else ""))
        shape = inner
