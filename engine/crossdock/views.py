"""What is known of a value before there is one: its kinds, whether it may be missing, and what is in it.

A view stands in the checker where a value stands in the interpreter. ``kinds`` are JSON's types without
null, ``true`` and ``false`` apart so that what is falsy can be told from what is not, and ``integer``
apart from ``number``, which may have a fraction. Null and missing are one: ``optional``. Where nothing is
known nothing is claimed: ``ANYTHING``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol

from crossdock.values import JSON

if TYPE_CHECKING:
    from crossdock.schemas import Schema
    from crossdock.shapes import Shape

Kinds = frozenset[str]
Path = tuple[str, ...]

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

    def property(self, name: str) -> View | None:  # noqa: ARG002
        return ANYTHING

    def property_names(self) -> frozenset[str]:
        return frozenset()

    def items(self) -> View:
        return ANYTHING

    def values(self) -> View:
        return ANYTHING

    def marked(self, optional: bool) -> View:
        return replace(self, optional=optional)

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
        kinds = kinds_of(self.shape.types)
        return kinds if self.only is None else kinds & self.only

    @property
    def known(self) -> bool:
        return self.shape.types is not None

    @property
    def constants(self) -> tuple[JSON, ...] | None:
        return self.shape.enum

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
        return replace(self, optional=optional)

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
        return replace(self, optional=optional)

    def limited(self, kinds: Kinds) -> View:
        return replace(self, kinds=self.kinds & kinds)


NOTHING: Final = Scalar(frozenset(), optional=True)
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
        return replace(self, optional=optional)

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
        return replace(self, optional=optional)

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
        return either(option.limited(kinds) for option in self.options if option.kinds & kinds)


def origins_of(view: View, name: str) -> tuple[str, ...]:
    """What was read to make a property of an object that an expression makes."""
    match view:
        case Record(origins=origins):
            return origins.get(name, ())
        case Either(options):
            return tuple(dict.fromkeys(origin for option in options for origin in origins_of(option, name)))
        case Narrowed(base):
            return origins_of(base, name)
    return ()


def either(views: Iterable[View]) -> View:
    """The view of a value that is one of these."""
    flat: dict[View, None] = {}
    for view in views:
        flat.update(dict.fromkeys(view.options if isinstance(view, Either) else (view,)))
    options = tuple(flat)
    if not options:
        return NOTHING
    return options[0] if len(options) == 1 else Either(options)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A value of which a condition has shown that these paths in it are there."""

    base: View
    present: frozenset[Path]

    @property
    def name(self) -> str:
        return self.base.name

    @property
    def kinds(self) -> Kinds:
        return self.base.kinds

    @property
    def optional(self) -> bool:
        return self.base.optional

    @property
    def known(self) -> bool:
        return self.base.known

    @property
    def constants(self) -> tuple[JSON, ...] | None:
        return self.base.constants

    def property(self, name: str) -> View | None:
        found = self.base.property(name)
        inside = frozenset(path[1:] for path in self.present if path and path[0] == name)
        return found if found is None or not inside else narrowed(found, inside)

    def property_names(self) -> frozenset[str]:
        return self.base.property_names()

    def items(self) -> View:
        return self.base.items()

    def values(self) -> View:
        return self.base.values()

    def marked(self, optional: bool) -> View:
        return Narrowed(self.base.marked(optional), self.present)

    def limited(self, kinds: Kinds) -> View:
        return Narrowed(self.base.limited(kinds), self.present)


def narrowed(view: View, present: frozenset[Path]) -> View:
    """A view after a condition: what its paths lead to is there, and so is what they lead through."""
    if not present:
        return view
    return Narrowed(view.marked(False), present)


def tuple_of(views: Iterable[View], *, optional: bool = False) -> ListOf:
    """A list whose elements are these, in this order."""
    parts = tuple(views)
    return ListOf(either(parts), optional, parts=parts)


def element_at(view: View, index: int) -> View:
    """The element at an index, which may lie outside."""
    match view:
        case ListOf(parts=parts) if -len(parts) <= index < len(parts):
            found = parts[index]
            return found.marked(True) if view.optional else found
        case Either(options):
            return either(element_at(option, index) for option in options)
        case Narrowed(base):
            return element_at(base, index)
    return view.items().marked(True)


def made(value: JSON) -> View:
    """The view of a value that is written out."""
    match value:
        case None:
            return NOTHING
        case bool():
            return Scalar(frozenset({"true" if value else "false"}), constants=(value,))
        case str():
            return Scalar(frozenset({"string"}), constants=(value,))
        case int() | float():
            whole = isinstance(value, int) or value.is_integer()
            return Scalar(frozenset({"integer" if whole else "number"}), constants=(value,))
        case list():
            return tuple_of(map(made, value))
        case dict():
            return Record({key: made(inner) for key, inner in value.items()})


def view_of(schema: Schema | None) -> View:
    """What a schema says of its values; without one, nothing is known."""
    return ANYTHING if schema is None else Documented(schema.shape(), schema.name)
