"""Places in payloads as people write them: a pointer ``/items/0/sku``, or a path ``items[].sku``.

Both become parts: names, indexes, and ``[]`` for every element.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from crossdock.core.diagnostics import did_you_mean
from crossdock.schema.shape import Shape
from crossdock.schema.store import Schema

Parts = tuple[str | int, ...]
EACH: Final = "[]"
_TOKEN = re.compile(r"\[(\d*)\]|([^.\[\]]+)")
_INDEX = re.compile(r"0|[1-9]\d*")


class UnknownPathError(LookupError):
    """There is no such place; the text says so, and what may be meant."""


def parts_of(text: str) -> Parts:
    """The parts of a pointer or a path. Raises UnknownPathError for what is neither."""
    if "/" in text:
        names = (part.replace("~1", "/").replace("~0", "~") for part in text.removeprefix("/").split("/"))
        return tuple(int(name) if _INDEX.fullmatch(name) else name for name in names)
    parts: list[str | int] = []
    for match in _TOKEN.finditer(text):
        index, name = match.groups()
        parts.append(name if name is not None else int(index) if index else EACH)
    if _squeezed(path_of(parts)) != _squeezed(_indexed(text)):
        raise UnknownPathError(f"`{text}` is no path; write /items/0/sku, or items[].sku")
    return tuple(parts)


def _indexed(text: str) -> str:
    return re.sub(r"\[\d+\]", EACH, text)


def _squeezed(text: str) -> str:
    return text.strip().removeprefix(".")


def pattern(parts: Iterable[str | int]) -> tuple[str, ...]:
    """The parts with every index as any."""
    return tuple(EACH if isinstance(part, int) else part for part in parts)


def path_of(parts: Iterable[str | int]) -> str:
    """The path of parts: ``items[].sku``."""
    path = ""
    for part in pattern(parts):
        path += part if part == EACH else f".{part}" if path else part
    return path


def begins(whole: Parts, start: Parts) -> bool:
    """Whether a place is another, or inside it; ``[]`` is any index."""
    if len(start) > len(whole):
        return False
    return all(part == wanted or _fits(part, wanted) for part, wanted in zip(whole, start, strict=False))


def _fits(part: str | int, wanted: str | int) -> bool:
    return EACH in (part, wanted) and (isinstance(part, int) or isinstance(wanted, int))


def shape_at(schema: Schema | None, parts: Iterable[str | int]) -> Shape | None:
    """What a schema says of a place; None when it does not know it."""
    shape = schema.shape() if schema is not None else None
    for part in pattern(parts):
        if shape is None:
            return None
        shape = shape.items() if part == EACH else shape.property(part)
    return shape


def must_know(schema: Schema, parts: Parts) -> None:
    """Raise UnknownPathError when a schema documents no such place, and nothing is open on the way to it."""
    shape: Shape = schema.shape()
    for position, part in enumerate(pattern(parts)):
        if shape.types is None or shape.is_open:
            return
        inner = shape.items() if part == EACH else shape.property(part)
        if inner is None or (part == EACH and "array" not in shape.types):
            help = did_you_mean(part, shape.property_names())
            here = path_of(parts[: position + 1])
            raise UnknownPathError(f"`{schema.name}` has no `{here}`" + (f"; {help}" if help else ""))
        shape = inner
