"""What is known of a value before there is one: its kinds, whether it may be missing, and what is in it.

A view stands in the checker where a value stands in the interpreter. ``kinds`` are JSON's types without
null, ``true`` and ``false`` apart so that what is falsy can be told from what is not, and ``integer``
apart from ``number``, which may have a fraction. Null and missing are one: ``optional``. Where nothing is
known nothing is claimed: ``ANYTHING``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol

from crossdock.core.json_types import JSON

if TYPE_CHECKING:
    from crossdock.schema.shape import Shape
    from crossdock.schema.store import Schema

Kinds = frozenset[str]

BOOLEAN: Final = frozenset({"true", "false"})
NUMBER: Final = frozenset({"integer", "number"})
EVERY: Final = frozenset({"string", "array", "object", *BOOLEAN, *NUMBER})
_WORDS: Final = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}


def kinds_of(types: Iterable[str] | None) -> Kinds:
    """JSON types as kinds; null is not among them. None, and ``any``, are every kind."""
    if types is None:
        return EVERY
    found: set[str] = set()
    for name in types:
        match name:
            case "any":
                return EVERY
            case "boolean":
                found |= BOOLEAN
            case "number":
                found |= NUMBER
            case "null" | "expression":
                pass
            case _:
                found.add(name)
    return frozenset(found)


@lru_cache(maxsize=256)
def _kinds_of_types(types: Kinds | None) -> Kinds:
    return kinds_of(types)


def in_words(kinds: Kinds) -> str:
    """Kinds as a message says them: ``text or a number``."""
    found = set(kinds)
    if found & BOOLEAN:
        found = (found - BOOLEAN) | {"boolean"}
    if "number" in found:
        found.discard("integer")
    words = [word for kind, word in _WORDS.items() if kind in found]
    if not words:
        return "nothing"
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


def kind_of(value: JSON) -> Kinds:
    """The kind of a value that is written out; none for null."""
    match value:
        case None:
            return frozenset()
        case bool():
            return frozenset({"true" if value else "false"})
        case str():
            return frozenset({"string"})
        case int() | float():
            return frozenset({"integer" if isinstance(value, int) or value.is_integer() else "number"})
        case list():
            return frozenset({"array"})
        case dict():
            return frozenset({"object"})


class View(Protocol):
    """What is known of a value."""

    @property
    def name(self) -> str: ...

    @property
    def kinds(self) -> Kinds: ...

    @property
    def optional(self) -> bool: ...

    @property
    def known(self) -> bool:
        """False when the value may be anything, so that nothing can be claimed of it."""

    @property
    def constants(self) -> tuple[JSON, ...] | None:
        """The few values that it may have; None when they are not known."""

    @property
    def likely(self) -> tuple[JSON, ...] | None:
        """The values that are known of it, when there may be others."""

    def property(self, name: str) -> View | None:
        """A property; None when there is none of that name."""

    def property_names(self) -> frozenset[str]: ...

    def items(self) -> View: ...

    def values(self) -> View: ...

    def marked(self, optional: bool) -> View:
        """The same value, known to be there or not known to be."""

    def limited(self, kinds: Kinds) -> View:
        """The same value, known to be of these kinds."""


@dataclass(frozen=True, slots=True)
class Anything:
    """Nothing is known: every property may be there."""

    optional: bool = True
    name: str = "anything"
    kinds: Kinds = EVERY
    known: bool = False
    constants: tuple[JSON, ...] | None = None
    likely: tuple[JSON, ...] | None = None

    def property(self, name: str) -> View | None:  # noqa: ARG002
        return ANYTHING

    def property_names(self) -> frozenset[str]:
        return frozenset()

    def items(self) -> View:
        return ANYTHING

    def values(self) -> View:
        return ANYTHING

    def marked(self, optional: bool) -> View:
        return self if optional == self.optional else replace(self, optional=optional)

    def limited(self, kinds: Kinds) -> View:  # noqa: ARG002
        return self


ANYTHING: Final = Anything()


@dataclass(frozen=True, slots=True)
class Documented:
    """A value that a schema describes; ``name`` says which part of which schema."""

    shape: Shape
    name: str
    optional: bool = False
    only: Kinds | None = None

    @property
    def kinds(self) -> Kinds:
        kinds = _kinds_of_types(self.shape.types)
        return kinds if self.only is None else kinds & self.only

    @property
    def known(self) -> bool:
        return self.shape.types is not None

    @property
    def constants(self) -> tuple[JSON, ...] | None:
        values = self.shape.enum
        if values is None or self.only is None:
            return values
        return tuple(value for value in values if kind_of(value) & self.only)

    @property
    def likely(self) -> tuple[JSON, ...] | None:
        return self.shape.known_values

    @property
    def takes_null(self) -> bool:
        return self.shape.types is None or "null" in self.shape.types

    def property(self, name: str) -> View | None:
        shape = self.shape.property(name)
        if shape is None:
            return ANYTHING if self.shape.is_open else None
        sure = name in self.shape.required() and not self.optional and not self.kinds - {"object"}
        return _documented(shape, f"{self.name}.{name}", optional=not sure)

    def property_names(self) -> frozenset[str]:
        return self.shape.property_names()

    def items(self) -> View:
        return _documented(self.shape.items(), f"{self.name}[]", optional=False)

    def values(self) -> View:
        if self.shape.is_open:
            return ANYTHING
        found = [self.property(name) for name in sorted(self.property_names())]
        return either(view for view in found if view is not None)

    def marked(self, optional: bool) -> View:
        return self if optional == self.optional else replace(self, optional=optional)

    def limited(self, kinds: Kinds) -> View:
        return replace(self, only=kinds if self.only is None else kinds & self.only)


def _documented(shape: Shape, name: str, *, optional: bool) -> Documented:
    return Documented(shape, name, optional or shape.types is None or "null" in shape.types)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value that an expression makes, with nothing in it."""

    kinds: Kinds
    optional: bool = False
    constants: tuple[JSON, ...] | None = None
    known: bool = True
    likely: tuple[JSON, ...] | None = None

    @property
    def name(self) -> str:
        return in_words(self.kinds)

    def property(self, name: str) -> View | None:  # noqa: ARG002
        return None

    def property_names(self) -> frozenset[str]:
        return frozenset()

    def items(self) -> View:
        return NOTHING

    def values(self) -> View:
        return NOTHING

    def marked(self, optional: bool) -> View:
        return self if optional == self.optional else replace(self, optional=optional)

    def limited(self, kinds: Kinds) -> View:
        constants = self.constants
        if constants is not None:
            constants = tuple(value for value in constants if kind_of(value) & kinds)
        return replace(self, kinds=self.kinds & kinds, constants=constants)


NOTHING: Final = Scalar(frozenset(), optional=True)
NEVER: Final = Scalar(frozenset())
TEXT: Final = Scalar(frozenset({"string"}))
TRUTH: Final = Scalar(BOOLEAN)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list that an expression makes. ``parts`` are its elements, one by one, when their number is known."""

    element: View
    optional: bool = False
    name: str = "the list made here"
    kinds: Kinds = frozenset({"array"})
    known: bool = True
    constants: tuple[JSON, ...] | None = None
    likely: tuple[JSON, ...] | None = None
    parts: tuple[View, ...] = ()

    def property(self, name: str) -> View | None:  # noqa: ARG002
        return None

    def property_names(self) -> frozenset[str]:
        return frozenset()

    def items(self) -> View:
        return self.element

    def values(self) -> View:
        return NOTHING

    def marked(self, optional: bool) -> View:
        return self if optional == self.optional else replace(self, optional=optional)

    def limited(self, kinds: Kinds) -> View:
        return replace(self, kinds=self.kinds & kinds)


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """An object with exactly these properties. ``origins`` says what was read to make each of them."""

    fields: Mapping[str, View]
    name: str = "the object made here"
    optional: bool = False
    kinds: Kinds = frozenset({"object"})
    known: bool = True
    constants: tuple[JSON, ...] | None = None
    likely: tuple[JSON, ...] | None = None
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def property(self, name: str) -> View | None:
        found = self.fields.get(name)
        return found.marked(True) if found is not None and self.optional else found

    def property_names(self) -> frozenset[str]:
        return frozenset(self.fields)

    def items(self) -> View:
        return NOTHING

    def values(self) -> View:
        return either(self.fields.values())

    def marked(self, optional: bool) -> View:
        return self if optional == self.optional else replace(self, optional=optional)

    def limited(self, kinds: Kinds) -> View:
        return replace(self, kinds=self.kinds & kinds)


@dataclass(frozen=True, slots=True)
class Either:
    """One of several: a property is documented when one of them documents it."""

    options: tuple[View, ...]

    @property
    def name(self) -> str:
        return " or ".join(dict.fromkeys(option.name for option in self.options))

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

    def property(self, name: str) -> View | None:
        found = [view for option in self.options if (view := option.property(name)) is not None]
        if not found:
            return None
        all_have_it = len(found) == len(self.options)
        return either(found) if all_have_it else either(found).marked(True)

    def property_names(self) -> frozenset[str]:
        return frozenset().union(*(option.property_names() for option in self.options))

    def items(self) -> View:
        return either(option.items() for option in self.options if "array" in option.kinds)

    def values(self) -> View:
        return either(option.values() for option in self.options if "object" in option.kinds)

    def marked(self, optional: bool) -> View:
        return Either(tuple(option.marked(optional) for option in self.options))

    def limited(self, kinds: Kinds) -> View:
        view = either(option.limited(kinds) for option in self.options if option.kinds & kinds)
        return view.marked(True) if self.optional else view


def either(views: Iterable[View]) -> View:
    """The view of a value that is one of these; of none, a value that there never is."""
    flat: dict[View, None] = {}
    for view in views:
        flat.update(dict.fromkeys(view.options if isinstance(view, Either) else (view,)))
    scalars = [view for view in flat if isinstance(view, Scalar)]
    if len(scalars) > 1:
        flat = {_united(scalars): None, **{view: None for view in flat if not isinstance(view, Scalar)}}
    options = tuple(flat)
    if not options:
        return NEVER
    return options[0] if len(options) == 1 else Either(options)


def _united(scalars: list[Scalar]) -> Scalar:
    """One scalar that may be each of these."""
    kinds = frozenset[str]().union(*(each.kinds for each in scalars))
    lists = [each.constants for each in scalars if each.kinds]
    constants: dict[str, JSON] | None = {}
    for values in lists:
        if values is None or constants is None:
            constants = None
        else:
            constants.update({repr(value): value for value in values})
    known = None if constants is None or not lists else tuple(constants.values())
    return Scalar(kinds, any(each.optional for each in scalars), known)


def tuple_of(views: Iterable[View], *, optional: bool = False) -> ListOf:
    """A list whose elements are these, in this order."""
    parts = tuple(views)
    return ListOf(either(parts), optional, parts=parts)


def made(value: JSON) -> View:
    """The view of a value that is written out."""
    match value:
        case None:
            return NOTHING
        case list():
            return tuple_of(map(made, value))
        case dict():
            return Record({key: made(inner) for key, inner in value.items()})
    return Scalar(kind_of(value), constants=(value,))


def view_of(schema: Schema | None) -> View:
    """What a schema says of its values; without one, nothing is known."""
    return ANYTHING if schema is None else Documented(schema.shape(), schema.name)
