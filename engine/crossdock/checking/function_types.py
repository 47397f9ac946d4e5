"""The types of the library's functions, where they are more exact than the signatures.

A signature says that a function returns a list or a number. Here it is which elements the list has, which
properties the object, and whether the result for whole numbers is one.
"""

from __future__ import annotations

from typing import Final

from crossdock.checking.given_types import tuple_type
from crossdock.checking.type_kinds import EVERY, NUMBER, Kinds, kinds_of
from crossdock.checking.type_parts import (
    element_at,
    least_of,
    may_hold_null,
    origins_of,
    schema_types_in,
)
from crossdock.checking.types import (
    ANYTHING,
    TEXT,
    ListType,
    ObjectType,
    ScalarType,
    Type,
    union,
)
from crossdock.language.functions import Function

_ARRAY = frozenset({"array"})
_NUMBERS: Final = NUMBER | {"string"}
# The kinds that a function takes as the elements of its list.
ELEMENTS: Final[dict[str, Kinds]] = {
    "join": frozenset({"string"}),
    "sum": _NUMBERS,
    "avg": _NUMBERS,
    "share": _NUMBERS,
    "shares": _NUMBERS,
    "fill": _NUMBERS,
    "max": _NUMBERS,
    "min": _NUMBERS,
    "sort": _NUMBERS,
}
SORTING: Final = ("max", "min", "sort")
BY: Final = ("max_by", "min_by", "sort_by")
# The kinds that a function takes as the key of an element.
KEYS: Final[dict[str, Kinds]] = {
    **dict.fromkeys(BY, _NUMBERS),
    "group_by": frozenset({"string", "integer"}),
    "index_by": frozenset({"string", "integer"}),
    "unique_by": EVERY,
}


def result_of(function: Function, types: list[Type], inner: Type) -> Type:
    """The type of a function's result. ``types`` are those of its arguments, ``inner`` that of its `&…`."""
    first = types[0] if types else ANYTHING
    match function.name:
        case "not_null":
            result = union(typ.with_optional(False) for typ in types if typ.kinds)
            return result.with_optional(all(typ.optional for typ in types))
        case "reverse" | "sort" | "sort_by":
            return _in_another_order(first, _least(first))
        case "unique" | "unique_by":
            return _in_another_order(first, min(_least(first), 1))
        case "first" | "last":
            return element_at(first, 0 if function.name == "first" else -1)
        case "max" | "min" | "max_by" | "min_by":
            return first.items().with_optional(_least(first) == 0)
        case "avg":
            return ScalarType(NUMBER, optional=_least(first) == 0)
        case "round" if _to_whole(types):
            return ScalarType(frozenset({"integer"}))
        case "add" | "min_of" | "max_of":
            return ScalarType(_number(types), optional=all(typ.optional for typ in types))
        case "subtract" | "multiply" | "neg" | "magnitude" | "abs":
            return ScalarType(_number(types))
        case "sum":
            return ScalarType(_number([first.items()]))
        case "ceil" | "floor":
            return ScalarType(frozenset({"integer"}))
    return _made_of(function, types, first, inner)


def _made_of(function: Function, types: list[Type], first: Type, inner: Type) -> Type:
    """The types of lists and objects that are made of others."""
    match function.name:
        case "map":
            return ListType(inner, least=_least(types[-1]))
        case "merge":
            return _merged(types)
        case "parse_json":
            texts = schema_types_in(first)
            return union(typ.content() for typ in texts) if texts else ANYTHING
        case "to_array":
            return _as_list(first)
        case "split":
            return ListType(TEXT, least=1)
        case "keys" | "values" | "entries":
            return _listed(function.name, first)
        case "zip":
            least = min(map(_least, types), default=0)
            return ListType(tuple_type(typ.items() for typ in types), least=least)
        case "allot":
            return ListType(_allotted(types))
        case "fit":
            return ListType(ScalarType(frozenset({"integer"}), optional=True), least=_least(first))
        case "fill":
            return ListType(ScalarType(_number([first, types[-1].items()])), least=_least(types[-1]))
        case "shares":
            return ListType(ScalarType(NUMBER), least=_least(types[-1]))
        case "chunks":
            return ListType(ListType(first.items(), least=1), least=min(_least(first), 1))
        case "group_by":
            return ObjectType({}, rest=ListType(first.items(), least=1))
        case "index_by":
            return ObjectType({}, rest=first.items()) if first.items().known else ANYTHING
        case "text":
            return TEXT.with_optional(first.optional)
        case "positions":
            return ListType(ScalarType(frozenset({"integer"})), least=_least(first))
    return _declared(function)


def _listed(name: str, first: Type) -> ListType:
    """The keys, the values or both of an object, as a list."""
    items = {"keys": TEXT, "values": first.values()}
    entry = ObjectType({"key": TEXT, "value": first.values()})
    return ListType(items.get(name, entry), least=_least_members(first))


def _allotted(types: list[Type]) -> Type:
    """What `allot` says of a part of an amount."""
    place = ScalarType(frozenset({"integer"}))
    part = ScalarType(_number([typ.items() for typ in types[:2]]))
    return ObjectType({"amount": place, "room": place.with_optional(True), "part": part})


def _to_whole(types: list[Type]) -> bool:
    """Whether `round` gives a whole number: it is given no digits, or none but 0."""
    return len(types) == 1 or types[1].constants == (0,)


def _least(typ: Type) -> int:
    """How many elements a function is given at least: null is the empty list to it."""
    return 0 if typ.optional else least_of(typ)


def _least_members(typ: Type) -> int:
    """How many properties an object has at least."""
    if typ.optional or typ.kinds - {"object"}:
        return 0
    found = (typ.member(name) for name in typ.property_names())
    return sum(1 for member in found if member is not None and member.known and not member.optional)


def _in_another_order(typ: Type, least: int) -> Type:
    if not typ.known:
        return typ.with_optional(True)
    parts: list[Type] = []
    if "array" in typ.kinds:
        parts.append(ListType(typ.items(), least=least))
    if "string" in typ.kinds:
        parts.append(TEXT)
    return union(parts)


def _as_list(typ: Type) -> Type:
    if not typ.known:
        return ListType(union([typ.items(), typ]))
    others = typ.kinds - _ARRAY
    alone = ListType(typ.restricted(others), least=1) if others or typ.optional else None
    kept = typ.restricted(_ARRAY).with_optional(False) if "array" in typ.kinds else None
    return union(part for part in (kept, alone) if part is not None)


def _declared(function: Function) -> Type:
    """The type of the result by the signature alone."""
    if "any" in function.returns or "object" in function.returns:
        return ANYTHING
    if "array" in function.returns:
        return ListType(ANYTHING)
    return ScalarType(kinds_of(function.returns), optional="null" in function.returns)


def _number(types: list[Type]) -> Kinds:
    """The result is a whole number if all arguments are; otherwise it may have a fraction."""
    whole = all(typ.known and typ.kinds <= {"integer"} for typ in types)
    return frozenset({"integer"}) if whole else NUMBER


def _merged(types: list[Type]) -> Type:
    """One object of several: a later property replaces an earlier one, if it is present."""
    if not all(typ.known for typ in types):
        return ANYTHING
    fields: dict[str, Type] = {}
    origins: dict[str, tuple[str, ...]] = {}
    null: set[str] = set()  # the properties that may be null, and not only be left out
    rest: Type | None = None
    for typ in types:
        others = typ.others()
        for name in dict.fromkeys((*fields, *typ.property_names())):
            found = typ.member(name)
            if found is None:
                continue
            earlier = fields.get(name)
            may_be_null = may_hold_null(typ, name)
            if earlier is None and rest is not None and rest.known:
                earlier = rest.with_optional(True)
                null.add(name)  # a map does not say whether its values are left out or null
            if earlier is not None and found.optional:
                given = union([found.with_optional(False), earlier])
                fields[name] = given.with_optional(True) if may_be_null else given
            else:
                fields[name] = found
                null.discard(name)
            if may_be_null:
                null.add(name)
            own = (*(each.name for each in schema_types_in(found)), *origins_of(typ, name))
            origins[name] = tuple(dict.fromkeys((*origins.get(name, ()), *own)))
        if others is not None:
            rest = others if rest is None else union([rest, others])
    left_out = frozenset(fields) - null
    return ObjectType(fields, origins=origins, left_out=left_out, rest=rest)
