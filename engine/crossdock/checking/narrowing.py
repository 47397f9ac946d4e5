"""Views after a condition: what it has shown of a value, and of what is in it.

A fact is about one path: the value there is not null, has one of these kinds, is one of these constants.
Facts go with the view that they are about, so that they hold wherever it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from crossdock.checking.types import (
    EVERY,
    Documented,
    Either,
    Kinds,
    ListOf,
    Record,
    Scalar,
    View,
    either,
    kind_of,
)
from crossdock.core.json_types import JSON

Token = str | int  # the name of a property, or the place of an element
Path = tuple[Token, ...]
Constants = tuple[JSON, ...] | None


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of a value: it is ``there``, has ``some`` content, is one of, is none of ``others``."""

    kinds: Kinds = EVERY
    some: bool = False
    constants: Constants = None
    others: tuple[JSON, ...] = ()
    there: bool = True

    def both(self, other: Fact) -> Fact:
        """This fact and another of the same value."""
        constants = self.constants
        if constants is None:
            constants = other.constants
        elif other.constants is not None:
            constants = tuple(value for value in constants if value in other.constants)
        some = self.some or other.some
        there = self.there or other.there
        return Fact(self.kinds & other.kinds, some, constants, self.others + other.others, there)

    def one_of(self, other: Fact) -> Fact:
        """This fact or another of the same value."""
        constants = None
        if self.constants is not None and other.constants is not None:
            constants = tuple(dict.fromkeys(self.constants + other.constants))
        others = tuple(value for value in self.others if value in other.others)
        there = self.there and other.there
        return Fact(self.kinds | other.kinds, self.some and other.some, constants, others, there)

    def among(self, constants: Constants) -> Constants:
        """The constants that are left of these."""
        if self.constants is not None:
            constants = self.constants if constants is None else _common(constants, self.constants)
        if constants is None:
            return None
        return tuple(value for value in constants if value not in self.others and kind_of(value) & self.kinds)


Facts = Mapping[Path, Fact]
TRUE: Final = Fact(EVERY - {"false"}, some=True)
THERE: Final = Fact()
_UNKNOWN: Final = Fact(there=False)
NO_FACTS: Final[Facts] = {}


def _common(constants: tuple[JSON, ...], others: tuple[JSON, ...]) -> tuple[JSON, ...]:
    return tuple(value for value in constants if value in others)


def all_of(left: Facts, right: Facts) -> Facts:
    """What two conditions show that both hold."""
    if not left or not right:
        return left or right
    merged = dict(left)
    for path, fact in right.items():
        merged[path] = merged[path].both(fact) if path in merged else fact
    return merged


def any_of(left: Facts, right: Facts) -> Facts:
    """What two conditions show of which one holds."""
    return {path: fact.one_of(right[path]) for path, fact in left.items() if path in right}


@dataclass(frozen=True, slots=True, eq=False)
class Narrowed:
    """A value of which something is known beside what its kind of value is: of itself, and of its parts."""

    base: View
    fact: Fact
    facts: Facts

    @property
    def name(self) -> str:
        return self.base.name

    @property
    def kinds(self) -> Kinds:
        return self.base.kinds & self.fact.kinds if self.base.known else self.base.kinds

    @property
    def optional(self) -> bool:
        return self.base.optional

    @property
    def known(self) -> bool:
        return self.base.known

    @property
    def constants(self) -> Constants:
        return self.fact.among(self.base.constants)

    @property
    def likely(self) -> Constants:
        found = self.base.likely
        return None if found is None else self.fact.among(found)

    def property(self, name: str) -> View | None:
        found = self.base.property(name)
        return None if found is None else narrowed(found, inside(self.facts, name))

    def property_names(self) -> frozenset[str]:
        return self.base.property_names()

    def items(self) -> View:
        return self.base.items()

    def values(self) -> View:
        return self.base.values()

    def marked(self, optional: bool) -> View:
        return replace(self, base=self.base.marked(optional))

    def limited(self, kinds: Kinds) -> View:
        return replace(self, base=self.base.limited(kinds))


def is_around(path: Path) -> bool:
    """Whether a path begins at a value around the context, such as `root()`."""
    return bool(path) and str(path[0]).endswith("()")


def inside(facts: Facts, token: Token) -> Facts:
    """The facts about a part of a value."""
    return {path[1:]: fact for path, fact in facts.items() if path and path[0] == token}


def narrowed(view: View, facts: Facts) -> View:
    """A view of which these facts hold: what their paths lead to is there, and what they lead through."""
    if not facts:
        return view
    fact = facts.get((), _UNKNOWN)
    return Narrowed(view.marked(False) if fact.there else view, fact, facts)


def element_at(view: View, index: int) -> View:
    """The element at an index, which may lie outside."""
    match view:
        case ListOf(parts=parts) if -len(parts) <= index < len(parts):
            found = parts[index]
            return found.marked(True) if view.optional else found
        case Either(options):
            return either(element_at(option, index) for option in options)
        case Narrowed(base, fact, facts):
            found = element_at(base, index)
            if fact.some and index in (0, -1) and not view.kinds - {"array"} and not base.items().optional:
                found = found.marked(view.optional)
            return narrowed(found, inside(facts, index))
    return view.items().marked(True)


def documented_in(view: View) -> list[Documented]:
    """The parts of schemas that a view may be."""
    match view:
        case Documented():
            return [view]
        case Narrowed(base):
            return documented_in(base)
        case Either(options):
            return [found for option in options for found in documented_in(option)]
    return []


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


def may_hold_null(view: View, name: str) -> bool:
    """Whether a property of an object may be there and null, and not only be left out."""
    match view:
        case Documented():
            found = view.property(name)
            return isinstance(found, Documented) and found.takes_null
        case Narrowed(base):
            found = view.property(name)
            return found is not None and found.optional and may_hold_null(base, name)
        case Either(options):
            return any(may_hold_null(option, name) for option in options)
        case Scalar() | ListOf():
            return False
    found = view.property(name)
    return found is not None and found.optional
