"""A payload with every field of a schema, and a canary in every place that is sensitive."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from crossdock.core.json_types import JSON
from crossdock.core.paths import field_of
from crossdock.schema import node as nodes
from crossdock.schema.dialect import Node
from crossdock.schema.marks import Marks, marks_of
from crossdock.schema.store import Schema
from crossdock.schema.validator import validate
from fuzz.marked import FIGURE, MARK

_KINDS = ("object", "array", "string", "number", "integer", "boolean")
_TEXTS = {
    "date-time": "2026-01-02T03:04:05Z",
    "date": "2026-01-02",
    "uri": "https://shop.example.com/{}",
    "email": "{}@example.com",
}


@dataclass(slots=True)
class Filled:
    """``value`` fits the schema. ``fields`` are the sensitive fields that hold a canary."""

    value: JSON = None
    fields: set[tuple[str, ...]] = field(default_factory=set)
    _canaries: int = 0

    def text(self, node: Node) -> str:
        self._canaries += 1
        form = _TEXTS.get(str(node.get("format")), "{}")
        return form.format(f"{MARK}{self._canaries}")


def filled(schema: Schema) -> Filled:
    """A payload for a schema. What it does not allow is left out, so that the rest is valid."""
    found = Filled()
    found.value = _value(marks_of(schema), found, frozenset())
    for _ in range(500):
        broken = validate(found.value, schema)
        if not broken:
            break
        _leave_out(found.value, broken[0].parts)
    assert not validate(found.value, schema), schema.name
    found.fields = set(_canary_fields(found.value, ()))
    return found


def _value(marks: Marks, found: Filled, around: frozenset[int]) -> JSON:
    whole: Node = {}
    for each in marks.applied:
        whole = {**each, **whole}
    allowed = [kind for kind in _KINDS if all(kind in nodes.kinds(each) for each in marks.applied)]
    kind = allowed[0] if allowed else "string"
    if kind == "object" and not any(nodes.properties(each) for each in marks.applied):
        kind = kind if any(map(nodes.other_property_schemas, marks.applied)) else allowed[-1]
    match kind:
        case "object":
            met = frozenset(map(id, marks.applied))
            # A schema in itself ends here.
            return _object(marks, found, around | met) if around.isdisjoint(met) else {}
        case "array":
            inner = marks.items()
            least = cast(int, whole.get("minItems", 1))
            return [_value(inner, found, around) for _ in range(max(1, least))]
        case "string":
            return _text(marks, whole, found)
        case "boolean":
            return True
    if marks.sensitive:
        return FIGURE
    return cast("list[JSON]", whole.get("examples") or [whole.get("minimum", 1)])[0]


def _object(marks: Marks, found: Filled, around: frozenset[int]) -> JSON:
    names = dict.fromkeys(name for each in marks.applied for name in nodes.properties(each))
    parts = {name: marks.member(name) for name in names}
    if any(map(nodes.other_property_schemas, marks.applied)):
        key = f"{MARK}key" if marks.hides_keys else "other"
        parts[key] = marks.others()
    return {name: _value(part, found, around) for name, part in parts.items()}


def _text(marks: Marks, whole: Node, found: Filled) -> JSON:
    choices = whole.get("enum") or ([whole["const"]] if "const" in whole else whole.get("examples"))
    known = [each for each in cast("list[JSON]", choices or []) if isinstance(each, str)]
    if marks.sensitive and "enum" not in whole and "const" not in whole:
        return found.text(whole)
    if known:
        return known[0]
    return _TEXTS.get(str(whole.get("format")), "1").format("x")


def _leave_out(value: JSON, parts: tuple[str | int, ...]) -> None:
    """Remove the property or the element at a place, or the nearest one around it."""
    assert parts, "the whole payload is wrong"
    for part in parts[:-1]:
        value = value[part]  # type: ignore[index, call-overload]
    del value[parts[-1]]  # type: ignore[union-attr, arg-type]


def _canary_fields(value: JSON, parts: tuple[str | int, ...]) -> set[tuple[str, ...]]:
    match value:
        case dict():
            inner = [_canary_fields(each, (*parts, key)) for key, each in value.items()]
            keys = {field_of((*parts, key)) for key in value if MARK in key}
            return keys.union(*inner)
        case list():
            return set().union(*(_canary_fields(each, (*parts, place)) for place, each in enumerate(value)))
        case str() if MARK in value:
            return {field_of(parts)}
        case int() | float() if value == FIGURE:
            return {field_of(parts)}
    return set()
