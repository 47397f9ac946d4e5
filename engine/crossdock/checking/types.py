"""Types: what is known of a value before there is a payload.

A type has kinds (see ``type_kinds``), the types of what is in the value, and ``optional``, which is true if
the value may be null or missing: to an expression both are the same. If nothing is known of a value, its
type is ``ANYTHING``, and the check reports nothing about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Final, Protocol

from crossdock.checking.type_kinds import BOOLEAN, EVERY, Kinds, in_words, kinds_of_value
from crossdock.core.json_types import JSON
from crossdock.core.records import record, replace

if TYPE_CHECKING:
    pass


class Type(Protocol):
    """What is known of a value. ``name`` is how messages call it: ``shop/order.items[].sku``."""

    @property
    def name(self) -> str: ...

    @property
    def kinds(self) -> Kinds: ...

    @property
    def optional(self) -> bool: ...

    @property
    def known(self) -> bool:
        """False if the value may be anything, so that nothing can be reported about it."""

    @property
    def constants(self) -> tuple[JSON, ...] | None:
        """All values that it can have, null among them if it may be null; None if they are not known."""

    @property
    def likely(self) -> tuple[JSON, ...] | None:
        """The values that the schema's author knows of, if there may be others (``x-known-values``)."""

    def member(self, name: str) -> Type | None:
        """The type of a property; None if there is no property with that name."""

    def property_names(self) -> frozenset[str]:
        """The names of the documented properties."""

    def items(self) -> Type:
        """The type of the elements, if the value is a list."""

    def values(self) -> Type:
        """The type of all the properties, if the value is an object."""

    def others(self) -> Type | None:
        """The type of the properties that are not documented; None if there are none."""

    def with_optional(self, optional: bool) -> Type:
        """The same type, but optional or not."""

    def restricted(self, kinds: Kinds) -> Type:
        """The same type, but only with those of its kinds that are among these."""


@record(frozen=True, slots=True)
class AnyType:
    """The type of a value of which nothing is known. It may have any property.

    ``lacking``: but for one thing: it has no value sometimes, as the answer of a step that may fail.
    """

    optional: bool = True
    name: str = "anything"
    kinds: Kinds = EVERY
    known: bool = False
    constants: tuple[JSON, ...] | None = None
    likely: tuple[JSON, ...] | None = None
    lacking: bool = False

    def member(self, name: str) -> Type | None:  # noqa: ARG002
        return LACKING if self.lacking else ANYTHING

    def property_names(self) -> frozenset[str]:
        return frozenset()

    def items(self) -> Type:
        return ANYTHING

    def values(self) -> Type:
        return ANYTHING

    def others(self) -> Type | None:
        return ANYTHING

    def with_optional(self, optional: bool) -> Type:
        return self if optional and self.optional else ANYTHING if optional else _SOMETHING

    def restricted(self, kinds: Kinds) -> Type:  # noqa: ARG002
        return self


ANYTHING: Final = AnyType()
_SOMETHING: Final = AnyType(optional=False)
LACKING: Final = AnyType(lacking=True)
"""What may be anything, and surely is nothing for some payloads."""


@record(frozen=True, slots=True)
class ScalarType:
    """Text, a number, true, false or null that an expression makes."""

    kinds: Kinds
    optional: bool = False
    constants: tuple[JSON, ...] | None = None
    known: bool = True
    likely: tuple[JSON, ...] | None = None

    @property
    def name(self) -> str:
        return in_words(self.kinds)

    def member(self, name: str) -> Type | None:  # noqa: ARG002
        return None

    def property_names(self) -> frozenset[str]:
        return frozenset()

    def items(self) -> Type:
        return NOTHING

    def values(self) -> Type:
        return NOTHING

    def others(self) -> Type | None:
        return None

    def with_optional(self, optional: bool) -> Type:
        if optional == self.optional:
            return self
        return ScalarType(self.kinds, optional, self.constants, self.known, self.likely)

    def restricted(self, kinds: Kinds) -> Type:
        constants = self.constants
        if constants is None and self.kinds <= kinds:
            return self
        if constants is not None:
            constants = tuple(value for value in constants if kinds_of_value(value) & kinds)
        return ScalarType(self.kinds & kinds, self.optional, constants, self.known, self.likely)


NOTHING: Final = ScalarType(frozenset(), optional=True)
"""The type of null."""

WRITTEN_NULL: Final = ScalarType(frozenset(), constants=(None,))
"""The type of null that is written out: it is there, and no key is left out for it."""

NEVER: Final = ScalarType(frozenset())
"""The type of no value at all, such as the elements of an empty list."""

TEXT: Final = ScalarType(frozenset({"string"}))
TRUTH: Final = ScalarType(BOOLEAN)


@record(frozen=True, slots=True)
class ListType:
    """A list that an expression makes. ``parts`` are the types of its elements in order, if known.

    It has at least ``least`` elements. ``element`` follows from ``parts``; only the parts are compared and
    hashed, and the hash is kept: else, each level of a list of lists would double the work.
    """

    element: Type = field(compare=False)
    optional: bool = False
    name: str = "the list made here"
    kinds: Kinds = frozenset({"array"})
    known: bool = True
    constants: tuple[JSON, ...] | None = None
    likely: tuple[JSON, ...] | None = None
    parts: tuple[Type, ...] = field(default=(), compare=False)
    least: int = 0
    _elements: tuple[bool, tuple[Type, ...]] = field(init=False, repr=False)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_elements", (bool(self.parts), self.parts or (self.element,)))
        object.__setattr__(self, "_hash", hash((self.optional, self.kinds, self._elements)))

    def __hash__(self) -> int:
        return self._hash

    def member(self, name: str) -> Type | None:  # noqa: ARG002
        return None

    def property_names(self) -> frozenset[str]:
        return frozenset()

    def items(self) -> Type:
        return self.element

    def values(self) -> Type:
        return NOTHING

    def others(self) -> Type | None:
        return None

    def with_optional(self, optional: bool) -> Type:
        return self if optional == self.optional else replace(self, optional=optional)

    def restricted(self, kinds: Kinds) -> Type:
        return self if self.kinds <= kinds else replace(self, kinds=self.kinds & kinds)


@record(frozen=True, slots=True, eq=False)
class ObjectType:
    """An object that an expression or a cell makes, with exactly these properties.

    ``origins`` are the parts of schemas that were read to make each of them. ``left_out`` are the properties
    that are left out, and not null, where they have no value. ``rest`` is the type of properties whose names
    are not known.
    """

    fields: Mapping[str, Type]
    name: str = "the object made here"
    optional: bool = False
    kinds: Kinds = frozenset({"object"})
    known: bool = True
    constants: tuple[JSON, ...] | None = None
    likely: tuple[JSON, ...] | None = None
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    rest: Type | None = None

    def member(self, name: str) -> Type | None:
        found = self.fields.get(name)
        if found is None and self.rest is not None and self.rest.known:
            return self.rest.with_optional(True)
        return found.with_optional(True) if found is not None and self.optional else found

    def property_names(self) -> frozenset[str]:
        return frozenset(self.fields)

    def items(self) -> Type:
        return NOTHING

    def values(self) -> Type:
        rest = self.rest if self.rest is not None and self.rest.known else NEVER
        fields = (
            typ.with_optional(typ.optional and name not in self.left_out) for name, typ in self.fields.items()
        )
        return union(typ for typ in (*fields, rest) if typ is not NEVER)

    def others(self) -> Type | None:
        return self.rest

    def with_optional(self, optional: bool) -> Type:
        return self if optional == self.optional else replace(self, optional=optional)

    def restricted(self, kinds: Kinds) -> Type:
        return self if self.kinds <= kinds else replace(self, kinds=self.kinds & kinds)


@record(frozen=True, slots=True)
class UnionType:
    """A value of one of several types. It has a property if one of them has it.

    ``documented``: one that documents no property counts as having none, as long as others document some.
    Also without it, one of which nothing is known does, where another one is documented and not validated.
    """

    options: tuple[Type, ...]
    documented: bool = False

    @property
    def name(self) -> str:
        names = list(dict.fromkeys(option.name for option in self.options))
        return " or ".join(names if len(names) <= 4 else [*names[:3], f"{len(names) - 3} others"])

    @property
    def kinds(self) -> Kinds:
        return frozenset().union(*(option.kinds for option in self.options))

    @property
    def optional(self) -> bool:
        return any(option.optional for option in self.options)

    @property
    def known(self) -> bool:
        return all(option.known for option in self.options)

    @property
    def constants(self) -> tuple[JSON, ...] | None:
        found: list[JSON] = []
        for option in self.options:
            if option.constants is None:
                return None
            found.extend(option.constants)
        return tuple(found)

    @property
    def likely(self) -> tuple[JSON, ...] | None:
        return None

    def member(self, name: str) -> Type | None:
        options = self.options
        if self.documented:
            options = tuple(option for option in options if option.property_names()) or options
        elif any(not option.known and option.property_names() for option in options):
            options = tuple(option for option in options if option.known or option.property_names())
        found = [typ for option in options if (typ := option.member(name)) is not None]
        if not found:
            return None
        made = union(found) if len(found) == len(self.options) else union(found).with_optional(True)
        if isinstance(made, UnionType) and made.documented != self.documented:
            return replace(made, documented=self.documented)
        return made

    def property_names(self) -> frozenset[str]:
        return frozenset().union(*(option.property_names() for option in self.options))

    def items(self) -> Type:
        return union(option.items() for option in self.options if "array" in option.kinds)

    def values(self) -> Type:
        return union(option.values() for option in self.options if "object" in option.kinds)

    def others(self) -> Type | None:
        found = [typ for option in self.options if (typ := option.others()) is not None]
        return union(found) if found else None

    def with_optional(self, optional: bool) -> Type:
        if all(option.optional == optional for option in self.options):
            return self
        return UnionType(tuple(each.with_optional(optional) for each in self.options), self.documented)

    def restricted(self, kinds: Kinds) -> Type:
        typ = union(option.restricted(kinds) for option in self.options if option.kinds & kinds)
        return typ.with_optional(True) if self.optional else typ


def where_false(typ: Type) -> Type:
    """A type where its value counts as false: an object has no properties then."""
    if not typ.known or "object" not in typ.kinds:
        return typ
    others = typ.restricted(typ.kinds - {"object"})
    return union([*([others] if others.kinds or others.optional else []), ObjectType({}, typ.name)])


def union(types: Iterable[Type]) -> Type:
    """The type of a value of one of these types; of none of them, the type of no value at all."""
    flat: dict[Type, None] = {}
    for typ in types:
        flat.update(dict.fromkeys(typ.options if isinstance(typ, UnionType) else (typ,)))
    # The element of an empty list is not an alternative: it would make each property of the others optional.
    flat.pop(NEVER, None)
    # Scalars become one, or a chain of conditions would make a union of as many options.
    scalars = [typ for typ in flat if isinstance(typ, ScalarType)]
    if len(scalars) > 1:
        flat = {_united(scalars): None, **{typ: None for typ in flat if not isinstance(typ, ScalarType)}}
    options = tuple(flat)
    if not options:
        return NEVER
    return options[0] if len(options) == 1 else UnionType(options)


def _united(scalars: list[ScalarType]) -> ScalarType:
    """One scalar type for the values of all of these."""
    kinds = frozenset[str]().union(*(each.kinds for each in scalars))
    lists = [each.constants for each in scalars if each.kinds]
    constants: dict[str, JSON] | None = {}
    for values in lists:
        if values is None or constants is None:
            constants = None
        else:
            constants.update({repr(value): value for value in values})  # 1 and True are equal, and differ
    known = None if constants is None or not lists else tuple(constants.values())
    return ScalarType(kinds, any(each.optional for each in scalars), known)
