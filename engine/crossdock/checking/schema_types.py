"""The types of values that a schema describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from crossdock.checking.type_kinds import EVERY, Kinds, kinds_of_types, kinds_of_value
from crossdock.checking.types import ANYTHING, Type, union
from crossdock.core.json_types import JSON
from crossdock.core.paths import EACH, joined
from crossdock.core.records import record, replace

if TYPE_CHECKING:
    from crossdock.schema.shape import Shape


@record(frozen=True, slots=True)
class SchemaType:
    """A value that a schema describes; ``name`` is the schema and the path in it.

    ``only`` are the kinds that are left after a condition. With ``sure`` false nothing validates the value:
    the schema documents which properties can be read, and each may be missing or something else.
    """

    shape: Shape
    name: str
    optional: bool = False
    only: Kinds | None = None
    sure: bool = True

    @property
    def kinds(self) -> Kinds:
        if not self.sure:
            return EVERY
        kinds = kinds_of_types(self.shape.types)
        return kinds if self.only is None else kinds & self.only

    @property
    def known(self) -> bool:
        return self.sure and self.shape.types is not None

    @property
    def constants(self) -> tuple[JSON, ...] | None:
        values = self.shape.enum if self.sure else None
        if values is None or self.only is None:
            return values
        return tuple(value for value in values if kinds_of_value(value) & self.only)

    @property
    def likely(self) -> tuple[JSON, ...] | None:
        return self.shape.known_values if self.sure else None

    @property
    def takes_null(self) -> bool:
        return not self.sure or self.shape.types is None or "null" in self.shape.types

    @property
    def least_items(self) -> int:
        """How many elements a list has at least."""
        return self.shape.least_items if self.sure else 0

    def member(self, name: str) -> Type | None:
        notes, key = self.shape.notes, (name, self.name, self.optional, self.only, self.sure)
        if key not in notes:
            notes[key] = self._member(name)
        return cast("Type | None", notes[key])

    def _member(self, name: str) -> Type | None:
        shape = self.shape.member(name)
        if shape is None:
            return ANYTHING if self.shape.is_open else None
        sure = name in self.shape.required() and not self.optional and not self.kinds - {"object"}
        return self._part(shape, name, optional=not sure)

    def property_names(self) -> frozenset[str]:
        return self.shape.property_names()

    def items(self) -> Type:
        return self._part(self.shape.items(), EACH)

    def values(self) -> Type:
        if self.shape.is_open:
            return ANYTHING
        shapes = {name: self.shape.member(name) for name in sorted(self.property_names())}
        shapes["*"] = self.shape.others()
        # A property that is left out is not among the values, so that only null makes one optional.
        return union(self._part(shape, name) for name, shape in shapes.items() if shape is not None)

    def others(self) -> Type | None:
        if not self.sure:
            return ANYTHING
        if "object" not in self.kinds:
            return None
        if (found := self.shape.others()) is not None:
            return self._part(found, "*")
        return None if self.shape.is_closed else ANYTHING

    def with_optional(self, optional: bool) -> Type:
        if optional == self.optional:
            return self
        return SchemaType(self.shape, self.name, optional, self.only, self.sure)

    def restricted(self, kinds: Kinds) -> Type:
        if not self.sure or (self.shape.enum is None and self.kinds <= kinds):
            return self
        return replace(self, only=kinds if self.only is None else kinds & self.only)

    def content(self) -> Type:
        """The type of what is in a text with JSON, which nothing validates."""
        shape = self.shape.content()
        return ANYTHING if shape is None else type_of_shape(shape, self.name, sure=False)

    def _part(self, shape: Shape, name: str, *, optional: bool = False) -> SchemaType:
        return type_of_shape(shape, joined(self.name, name), optional=optional, sure=self.sure)


def type_of_shape(shape: Shape, name: str, *, optional: bool = False, sure: bool = True) -> SchemaType:
    """The type of values with a shape, or with the one that documents them."""
    if (documented := shape.documented_as()) is not None:
        shape, sure = documented, False
    optional = optional or not sure or shape.types is None or "null" in shape.types
    return SchemaType(shape, name, optional, sure=sure)
