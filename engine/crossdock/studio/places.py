"""Diagnostics and places for the page: offsets as JavaScript counts them, in UTF-16 code units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crossdock.checking.masking import HIDDEN, masked_by
from crossdock.core.diagnostics import Diagnostic, Span
from crossdock.core.json_types import JSON
from crossdock.core.paths import Part, pointer
from crossdock.schema.store import Schema


def units(text: str, offset: int) -> int:
    """An offset in characters as one in UTF-16 code units."""
    return offset if text.isascii() else len(text[:offset].encode("utf-16-le", "surrogatepass")) // 2


def range_of(span: Span) -> dict[str, JSON]:
    """A stretch of a file: its name, its range, and its line from 1."""
    text = span.source.text
    return {
        "file": span.source.name,
        "from": units(text, span.start),
        "to": units(text, span.end),
        "line": span.line,
        "column": span.column,
    }


def diagnostics_data(found: Iterable[Diagnostic]) -> list[JSON]:
    return [diagnostic_data(item) for item in found]


def diagnostic_data(item: Diagnostic) -> JSON:
    return {
        "id": item.id,
        "severity": item.severity,
        "message": item.message,
        "help": item.help,
        "notes": list(item.notes),
        "at": range_of(item.span) if item.span is not None else None,
        "input": {"name": item.input.name, "pointer": item.input.pointer} if item.input else None,
        "output": item.output,
    }


def hidden_in(payload: JSON, schema: Schema | None) -> list[JSON]:
    """The pointers to the values of a payload that its schema marks as sensitive."""
    return list(differing(payload, masked_by(payload, schema)))


def differing(value: JSON, masked: JSON, at: tuple[Part, ...] = ()) -> Iterator[str]:
    """The pointers to what is masked in a value, and to all below a key that is."""
    if masked == HIDDEN and value != HIDDEN:
        yield pointer(*at)
    elif isinstance(value, dict) and isinstance(masked, dict):
        for key, inner in value.items():
            if key in masked:
                yield from differing(inner, masked[key], (*at, key))
            else:
                yield pointer(*at, key)
    elif isinstance(value, list) and isinstance(masked, list):
        for place, (inner, shown) in enumerate(zip(value, masked, strict=True)):
            yield from differing(inner, shown, (*at, place))
