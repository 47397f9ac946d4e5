"""The places of one payload, or of one result, that schemas mark with ``x-sensitive``.

A mapping that is used brings schemas of its own, for the part of the payload that it is given and the part
of the result that it writes; all of them count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from crossdock.checking.masking import HIDDEN
from crossdock.core.paths import Part, Parts, field_of
from crossdock.schema.marks import Marks, marks_of
from crossdock.schema.store import Schema


@dataclass(slots=True)
class MarkedPlaces:
    """Schemas, each for a field and everything below it."""

    schemas: dict[tuple[str, ...], list[Schema]] = field(default_factory=dict)
    _known: dict[tuple[str, ...], tuple[Marks, ...]] = field(default_factory=dict)

    def add(self, place: Parts, schema: Schema | None) -> None:
        if schema is not None and schema not in self.schemas.setdefault(field_of(place), []):
            self.schemas[field_of(place)].append(schema)
            self._known.clear()

    def at(self, parts: Parts) -> bool:
        """Whether a value here must not be shown."""
        return any(each.sensitive for each in self._marks(parts))

    def below(self, parts: Parts) -> bool:
        """Whether a list or an object here holds what must not be shown, or must not be shown itself."""
        return any(each.below for each in self._marks(parts))

    def hides_key(self, around: Parts, key: str) -> bool:
        """Whether the key of an object is sensitive; one that a schema names is not."""
        marks = self._marks(around)
        return any(each.hides_keys for each in marks) and not any(each.names_key(key) for each in marks)

    def shown(self, parts: Parts) -> Parts:
        """A place with the keys masked that must not be shown."""
        return tuple(self._shown(parts))

    def _shown(self, parts: Parts) -> Iterator[Part]:
        for place, part in enumerate(parts):
            hidden = isinstance(part, str) and self.hides_key(parts[:place], part)
            yield HIDDEN if hidden else part

    def _marks(self, parts: Parts) -> tuple[Marks, ...]:
        """What each schema around a place marks there."""
        place = field_of(parts)
        if (known := self._known.get(place)) is None:
            known = tuple(
                _at(schema, place[len(start) :])
                for start, schemas in self.schemas.items()
                for schema in schemas
                if place[: len(start)] == start
            )
            self._known[place] = known
        return known


@dataclass(slots=True)
class NoMarkedPlaces(MarkedPlaces):
    """The places of a payload that is shown as it is, whatever its schemas mark."""

    def add(self, place: Parts, schema: Schema | None) -> None: ...


def _at(schema: Schema, parts: Parts) -> Marks:
    marks = marks_of(schema)
    for part in parts:
        marks = marks.at(part)
    return marks
