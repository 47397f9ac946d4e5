"""The types of values that a schema describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from crossdock.checking.type_kinds import Kinds, kinds_of_types, kinds_of_value
from crossdock.checking.types import ANYTHING, Type, union
from crossdock.core.json_types import JSON
from crossdock.core.paths import EACH, joined

if TYPE_CHECKING:
    from crossdock.schema.shape import Shape


@dataclass(frozen=True, slots=True)
class SchemaType:
    """A value that a schema describes; ``name`` is the schema and the path in it.

    ``only`` are the kinds that are left after a condition.
    """

    shape: Shape
    name: str
    optional: bool = False
    only: Kinds | None = None

    @property
    def kinds(self) -> Kinds:
        kinds = kinds_of_types(self.shape.types)
        return kinds if self.only is None else kinds & self.only

    @property
    def known(self) -> bool:
        return self.shape.types is not None

    @property
    def constants(self) -> tuple[JSON, ...] | None:
        values = self.shape.enum
        if values is None or self.only is None:
            return values
        return tuple(value for value in values if kinds_of_value(value) & self.only)

    @property
    def likely(self) -> tuple[JSON, ...] | None:
        return self.shape.known_values

    @property
    def takes_null(self) -> bool:
        return self.shape.types is None or "null" in self.shape.types

    def member(self, name: str) -> Type | None:
        notes, key = self.shape.notes, (name, self)
        if key not in notes:
            notes[key] = self._member(name)
        return cast("Type | None", notes[key])

    def _member(self, name: str) -> Type | None:
        shape = self.shape.member(name)
        if shape is None:
            return ANYTHING if self.shape.is_open else None
        sure = name in self.shape.required() and not self.optional and not self.kinds - {"object"}
        return _part_type(shape, joined(self.name, name), optional=not sure)

    def property_names(self) -> frozenset[str]:
        return self.shape.property_names()

    def items(self) -> Type:
        return _part_type(self.shape.items(), joined(self.name, EACH), optional=False)

    def values(self) -> Type:
        if self.shape.is_open:
            return ANYTHING
        shapes = {name: self.shape.member(name) for name in sorted(self.property_names())}
        shapes["*"] = self.shape.others()
        # A property that is left out is not among the values, so that only null makes one optional.
        parts = ((joined(self.name, name), shape) for name, shape in shapes.items() if shape is not None)
        return union(_part_type(shape, name, optional=False) for name, shape in parts)

    def others(self) -> Type | None:
        if "object" not in self.kinds:
            return None
        if (found := self.shape.others()) is not None:
            return _part_type(found, joined(self.name, "*"), optional=False)
        return None if self.shape.is_closed else ANYTHING

    def with_optional(self, optional: bool) -> Type:
        return self if optional == self.optional else SchemaType(self.shape, self.name, optional, self.only)

    def restricted(self, kinds: Kinds) -> Type:
        if self.shape.enum is None and self.kinds <= kinds:
            return self
        only = kinds if self.only is None else kinds & self.only
        return SchemaType(self.shape, self.name, self.optional, only)


def _part_type(shape: Shape, name: str, *, optional: bool) -> SchemaType:
    return SchemaType(shape, name, optional or shape.types is None or "null" in shape.types)
