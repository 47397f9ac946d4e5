"""What must not be shown: the places that a schema marks with ``x-sensitive``, and all below them.

A mapping that is used brings schemas of its own, for the part of the payload that it is given and the
part of the result that it writes; all of them count.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from crossdock.core.paths import EACH, Parts, field_of
from crossdock.schema.shape import Shape
from crossdock.schema.store import Schema

_DEEPEST = 12


@dataclass(slots=True)
class Secrets:
    """Schemas, each for a path and everything below it."""

    schemas: dict[Parts, list[Schema]] = field(default_factory=dict)
    _known: dict[tuple[Parts, bool], bool] = field(default_factory=dict)

    def add(self, place: Parts, schema: Schema | None) -> None:
        if schema is not None and schema not in self.schemas.setdefault(place, []):
            self.schemas[place].append(schema)
            self._known.clear()

    def at(self, parts: Parts) -> bool:
        """Whether a value here must not be shown."""
        return self._ask(parts, below=False)

    def below(self, parts: Parts) -> bool:
        """Whether a list or an object here holds what must not be shown, or must not be shown itself."""
        return self._ask(parts, below=True)

    def _ask(self, parts: Parts, *, below: bool) -> bool:
        key = field_of(parts), below
        if key not in self._known:
            own = ((place, schema) for place, schemas in self.schemas.items() for schema in schemas)
            self._known[key] = any(
                _says(schema, parts[len(place) :], below=below)
                for place, schema in own
                if parts[: len(place)] == place
            )
        return self._known[key]


def _says(schema: Schema, parts: Parts, *, below: bool) -> bool:
    shape: Shape | None = schema.shape()
    for part in field_of(parts):
        if shape is None or shape.sensitive:
            break
        shape = shape.items() if part == EACH else shape.property(part)
    if shape is None:
        return False
    return shape.sensitive or (below and _holds(shape, 0, set()))


def _holds(shape: Shape, depth: int, met: set[int]) -> bool:
    """Whether something below is sensitive."""
    if id(shape) in met or depth > _DEEPEST:
        return False
    met.add(id(shape))
    inner = [shape.property(name) for name in shape.property_names()]
    if shape.types is not None and "array" in shape.types:
        inner.append(shape.items())
    return any(each.sensitive or _holds(each, depth + 1, met) for each in inner if each is not None)
