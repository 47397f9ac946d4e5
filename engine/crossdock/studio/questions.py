"""What the page asks about a place: its type in the schema, and where a source goes in the mapping."""

from __future__ import annotations

from collections.abc import Sequence

from crossdock.checking.type_kinds import in_words, kinds_of_types
from crossdock.core.json_types import JSON
from crossdock.core.paths import field_text
from crossdock.language.syntax import LinkedMapping
from crossdock.schema.store import Schema
from crossdock.studio.places import range_of
from crossdock.tools.explain.fields import destinations
from crossdock.tools.explain.paths import UnknownPathError, parts_of, shape_at

_MOST_VALUES = 12


def about_source(mapping: LinkedMapping, pointer: str) -> JSON:
    """The type of a place of the payload, and where it goes: into results, decisions and checks."""
    known = _described(mapping.source, pointer)
    try:
        found = destinations(mapping, pointer)
    except UnknownPathError:
        return known
    return {
        **known,
        "goes_to": [{"target": link.target, "at": range_of(link.span)} for link in found.direct],
        "decides_on": [{"target": link.target, "at": range_of(link.span)} for link in found.decides],
        "checks": [{"message": check.text, "at": range_of(check.span)} for check in found.checks],
        "ignored": [{"path": field_text(item.path), "reason": item.reason} for item in found.ignored],
    }


def about_target(mapping: LinkedMapping, pointer: str) -> JSON:
    """The type of a place of the result."""
    return _described(mapping.target, pointer)


def _described(schema: Schema | None, pointer: str) -> dict[str, JSON]:
    parts = parts_of(pointer)
    shape = shape_at(schema, parts)
    found: dict[str, JSON] = {"path": field_text(parts)}
    if schema is None:
        return found
    found["schema"] = schema.name
    if shape is not None:
        found["type"] = in_words(kinds_of_types(shape.types))
        found["values"] = _values(shape.known_values)
    return found


def _values(known: Sequence[JSON] | None) -> list[JSON]:
    """The values that a schema allows, if there are few."""
    return list(known) if known is not None and len(known) <= _MOST_VALUES else []
