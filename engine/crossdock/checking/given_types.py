"""The types of what is given: a schema, a constant that is written out, the elements of a list."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from crossdock.checking.schema_types import type_of_shape
from crossdock.checking.type_kinds import kinds_of_value
from crossdock.checking.types import (
    ANYTHING,
    NOTHING,
    ListType,
    ObjectType,
    ScalarType,
    Type,
    union,
)
from crossdock.core.json_types import JSON
from crossdock.core.records import replace

if TYPE_CHECKING:
    from crossdock.schema.store import Schema


def tuple_type(types: Iterable[Type], *, optional: bool = False) -> ListType:
    """The type of a list whose elements have these types, in this order."""
    parts = tuple(types)
    known = [part.constants[0] for part in parts if part.constants and len(part.constants) == 1]
    fixed = bool(known) and len(known) == len(parts) and not any(part.optional for part in parts)
    return ListType(union(parts), optional, parts=parts, constants=([*known],) if fixed else None)


def constant_type(value: JSON) -> Type:
    """The type of a constant."""
    match value:
        case None:
            return NOTHING
        case list():
            return replace(tuple_type(map(constant_type, value)), constants=(value,))
        case dict():
            return ObjectType({key: constant_type(inner) for key, inner in value.items()}, constants=(value,))
    return ScalarType(kinds_of_value(value), constants=(value,))


def type_of_one(values: Collection[JSON]) -> Type:
    """The type of one of these constants, as the union of their types."""
    if len(values) < 2 or any(value is None or isinstance(value, list | dict) for value in values):
        return union(map(constant_type, values))
    different = {repr(value): value for value in values}  # a union of as many types would take long
    kinds = frozenset[str]().union(*map(kinds_of_value, different.values()))
    return ScalarType(kinds, constants=tuple(different.values()))


def schema_type(schema: Schema | None) -> Type:
    """The type of a schema's values; ``ANYTHING`` if there is no schema."""
    return ANYTHING if schema is None else schema.once(_type_of)


def documented_type(schema: Schema | None) -> Type:
    """The type of values that a schema documents, and that are not validated."""
    return ANYTHING if schema is None else type_of_shape(schema.shape(), schema.name, sure=False)


def _type_of(schema: Schema) -> Type:
    typ = type_of_shape(schema.shape(), schema.name)
    return typ.with_optional(False) if typ.sure else typ
