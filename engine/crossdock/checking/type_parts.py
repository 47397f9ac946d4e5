"""What types say of the parts of a value: elements, properties, and the parts of schemas that they may be."""

from __future__ import annotations

from crossdock.checking.narrowing import NarrowedType, inside, narrowed
from crossdock.checking.schema_types import SchemaType
from crossdock.checking.types import AnyType, ListType, ObjectType, ScalarType, Type, UnionType, union
from crossdock.core.records import replace


def element_at(typ: Type, index: int) -> Type:
    """The type of the element at an index. It is optional where the list may be shorter."""
    there = -least_of(typ) <= index < least_of(typ) and not typ.kinds - {"array"}
    match typ:
        case ListType(parts=parts) if -len(parts) <= index < len(parts):
            found = parts[index]
            return found.with_optional(True) if typ.optional else found
        case UnionType(options):
            return union(element_at(option, index) for option in options)
        case NarrowedType(base, _, facts):
            found = element_at(base, index)
            if there and not base.items().optional:
                found = found.with_optional(typ.optional)
            return narrowed(found, inside(facts, index))
    found = typ.items()
    return found if there and not typ.optional else found.with_optional(True)


def may_be_missing(typ: Type) -> bool:
    """Whether it is known that a value may be missing; where nothing is known nothing is claimed."""
    return typ.optional and (typ.known or (isinstance(typ, AnyType) and typ.lacking))


def may_be_no_list(typ: Type) -> bool:
    return typ.known and (typ.optional or bool(typ.kinds - {"array"}))


def least_of(typ: Type) -> int:
    """How many elements a value has at least, if it is a list."""
    match typ:
        case ListType():
            return max(typ.least, len(typ.parts))
        case SchemaType():
            return typ.least_items
        case NarrowedType(base, fact):
            return max(least_of(base), fact.length)
        case UnionType(options):
            return min((least_of(option) for option in options if "array" in option.kinds), default=0)
    return 0


def least_of_slice(least: int, start: int | None, stop: int | None, step: int | None) -> int:
    """How many elements a slice has at least, if the list has at least ``least``."""
    # A longer list gives more elements only where both ends count from the start, and forwards.
    if (start or 0) < 0 or (stop or 0) < 0 or (step is not None and step < 1):
        return 0
    return len(range(least)[start:stop:step])


def schema_types_in(typ: Type) -> list[SchemaType]:
    """The parts of schemas that a value may be."""
    match typ:
        case SchemaType():
            return [typ]
        case NarrowedType(base):
            return schema_types_in(base)
        case UnionType(options):
            return [found for option in options for found in schema_types_in(option)]
    return []


def origins_of(typ: Type, name: str) -> tuple[str, ...]:
    """The parts of schemas that were read to make a property; empty if no expression made the object."""
    match typ:
        case ObjectType(origins=origins):
            return origins.get(name, ())
        case UnionType(options):
            return tuple(dict.fromkeys(origin for option in options for origin in origins_of(option, name)))
        case NarrowedType(base):
            return origins_of(base, name)
    return ()


def may_hold_null(typ: Type, name: str) -> bool:
    """Whether a property of an object may be null, and not only be left out.

    Both are optional, but the object keeps a property that is null, and its schema may forbid that.
    """
    match typ:
        case SchemaType():
            found = typ.member(name)
            return isinstance(found, SchemaType) and found.takes_null
        case ObjectType(left_out=names) if name in names:
            return False
        case NarrowedType(base):
            found = typ.member(name)
            return found is not None and found.optional and may_hold_null(base, name)
        case UnionType(options):
            return any(may_hold_null(option, name) for option in options)
        case ScalarType() | ListType():
            return False
    found = typ.member(name)
    return found is not None and found.optional


def spliced(element: Type) -> Type:
    """The elements of a flattened list: those of its lists, and its other elements."""
    match element:
        case UnionType(options):
            return union(spliced(option) for option in options)
        case NarrowedType(base):
            return spliced(base)
        case SchemaType(shape=shape, sure=False) if shape.types is not None and "array" in shape.types:
            return element.items() if shape.types <= {"array", "null"} else union([element, element.items()])
    if not element.known or "array" not in element.kinds:
        return element
    others = element.kinds - {"array"}
    return union([element.items(), element.restricted(others)]) if others else element.items()


def validated(typ: Type, target: Type) -> Type:
    """The type of a value that is valid: it has the properties of ``typ``, each as ``target`` has it."""
    if not target.known:
        return typ
    if not typ.known:
        return target.with_optional(False)
    match typ:
        case UnionType(options):
            return union(validated(option, target) for option in options)
        case ObjectType(fields):
            required = target.shape.required() if isinstance(target, SchemaType) else frozenset()
            parts = {
                name: _validated_part(inner, target.member(name), required=name in required)
                for name, inner in fields.items()
            }
            return replace(typ, fields=parts)
        case ListType(element, parts=parts):
            item = target.items()
            made = tuple(validated(part, item) for part in parts)
            return replace(typ, element=validated(element, item), parts=made)
    kinds = typ.kinds & target.kinds
    return target.restricted(kinds).with_optional(typ.optional) if kinds else typ


def _validated_part(typ: Type, target: Type | None, *, required: bool) -> Type:
    found = typ if target is None else validated(typ, target)
    return found.with_optional(typ.optional and not required)


def through_list(name: str, typ: Type) -> str | None:
    """The help for a property that is looked for in a list, and that its elements have."""
    if "array" not in typ.kinds or not typ.known or typ.items().member(name) is None:
        return None
    return f"`{typ.name}` is a list: `[].{name}` reads it from each element"
