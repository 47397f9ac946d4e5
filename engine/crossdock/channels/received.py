"""A request as it is received: numbers for texts, and lists whose elements fail alone.

Two keywords of the request's schema ask for it. With ``x-numbers-as-text`` a number is taken as its text
where only text is allowed, because the sender does not distinguish them. An element that breaks its schema
is left out of a list with ``x-fails-alone``, and reported, so that the others are done.

    request = received({"lines": [{"sku": 53}, "x"]}, schema, "request")
    request.value        # {"lines": [{"sku": "53"}, None]}
    request.left_out     # (LeftOut(parts=("lines", 1), message="expected an object, found text", …),)
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from functools import reduce
from typing import Final

from crossdock.core.json_types import JSON, Missing, settled
from crossdock.core.kinds import kind_of
from crossdock.core.paths import Parts, parse_path, path_text
from crossdock.language.functions.text import text_of
from crossdock.schema import node as nodes
from crossdock.schema.fitting import fitted
from crossdock.schema.marks import Marks, marks_of
from crossdock.schema.store import Schema
from crossdock.schema.validator import Violation, all_violations, input_error, validate

NUMBERS_AS_TEXT: Final = "x-numbers-as-text"
FAILS_ALONE: Final = "x-fails-alone"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An element of a list that cannot be used. ``concept`` and ``id`` say what it is, as far as is known."""

    parts: Parts
    message: str
    concept: str
    id: str | None

    @property
    def sentence(self) -> str:
        return f"{path_text(self.parts)} cannot be used and is left out: {self.message}."


@dataclass(frozen=True, slots=True)
class Received:
    """A request that fits its schema: ``value`` has null in the place of each element that ``whole`` has."""

    value: JSON
    whole: JSON
    left_out: tuple[LeftOut, ...] = ()


def received(request: JSON, schema: Schema | None, name: str, *, alone: bool) -> Received:
    """A request as a schema has it, whole numbers as integers. Messages call it ``name``.

    ``alone``: elements may be left out. Raises InputError for a request that breaks the schema elsewhere.
    """
    fitting = settled(request) if schema is None else fitted(request, schema)
    if schema is None or not isinstance(fitting, Missing):
        assert not isinstance(fitting, Missing)
        return Received(fitting, fitting)
    marks, request = marks_of(schema), settled(request)
    if schema.node.get(NUMBERS_AS_TEXT) is True:
        request = _with_texts(request, marks)
    left_out = _left_out(request, schema, marks) if alone else ()
    fitting = fitted(_without(request, left_out) if left_out else request, schema)
    if isinstance(fitting, Missing):
        raise input_error(validate(request, schema), name)
    return Received(fitting, request, left_out)


# --- numbers as text


def _with_texts(value: JSON, marks: Marks) -> JSON:
    """The value with numbers as text where only text is allowed. What needs no change is not copied."""
    match value:
        case bool():
            return value
        case int() | float():
            allowed = frozenset.intersection(nodes.ANY_KIND, *map(nodes.kinds, marks.applied))
            return text_of(value) if "string" in allowed and kind_of(value) not in allowed else value
        case dict():
            known = {key: marks.member(key) for key in value if marks.names_key(key)}
            changed = {key: _with_texts(value[key], inner) for key, inner in known.items()}
            same = all(changed[key] is value[key] for key in changed)
            return value if same else {**value, **changed}
        case list():
            items = [_with_texts(each, marks.items()) for each in value]
            return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    return value


# --- elements that fail alone


def _left_out(request: JSON, schema: Schema, marks: Marks) -> tuple[LeftOut, ...]:
    """The elements that break the schema, in their order; none when something else breaks it too."""
    found: dict[Parts, list[Violation]] = {}
    for violation in all_violations(request, schema):
        parts = _failing(violation.parts, marks)
        if parts is None:
            return ()
        found.setdefault(parts, []).append(violation)
    return tuple(_described(parts, found[parts][0], request, marks) for parts in found)


def _failing(parts: Parts, marks: Marks) -> Parts | None:
    """The outermost element around a place that fails alone."""
    for length, part in enumerate(parts, start=1):
        if isinstance(part, int) and _keyword(marks) is not None:
            return parts[:length]
        marks = marks.at(part)
    return None


def _keyword(marks: Marks) -> dict[str, JSON] | None:
    given = (node.get(FAILS_ALONE) for node in marks.applied)
    return next((each for each in given if isinstance(each, dict)), None)


def _described(parts: Parts, violation: Violation, request: JSON, marks: Marks) -> LeftOut:
    around = reduce(Marks.at, parts[:-1], marks)
    keyword = _keyword(around) or {}
    where = path_text(violation.parts[len(parts) :])
    message = f"`{where}`: {violation.message}" if where else violation.message
    named = parse_path(str(keyword["id"])) if "id" in keyword else None
    id = None if named is None else _named(_at(request, parts), named, around.items())
    return LeftOut(parts, message, str(keyword.get("concept", "element")), id)


def _named(element: JSON, named: Parts, marks: Marks) -> str | None:
    """The text or the number at a path in an element, unless it is sensitive."""
    found = _at(element, named)
    plain = isinstance(found, str | int | float) and not isinstance(found, bool)
    return text_of(found) if plain and not reduce(Marks.at, named, marks).sensitive else None


def _at(value: JSON, parts: Iterable[str | int]) -> JSON:
    for part in parts:
        if isinstance(value, dict) and isinstance(part, str):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _without(request: JSON, left_out: Iterable[LeftOut]) -> JSON:
    """A copy of the request with null in the place of some elements."""
    copied = deepcopy(request)
    for each in left_out:
        around, place = _at(copied, each.parts[:-1]), each.parts[-1]
        assert isinstance(around, list) and isinstance(place, int), "it is an element of a list"
        around[place] = None
    return copied
