"""Views after a condition: what it has shown of a value, and of what is in it.

A fact is about one path: the value there is not null, has one of these kinds, is one of these constants.
Facts go with the view that they are about, so that they hold wherever it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from crossdock.checking.type_kinds import EVERY, Kinds, kinds_of_value
from crossdock.checking.types import Type
from crossdock.core.json_types import JSON


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a path begins at, other than the context: a context function, or a variable with its ``$``."""

    name: str


Token = str | int | Anchor  # the name of a property, the position of an element, a beginning
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
        return tuple(
            value for value in constants if value not in self.others and kinds_of_value(value) & self.kinds
        )


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
class NarrowedType:
    """A value of which something is known beside what its kind of value is: of itself, and of its parts."""

    base: Type
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

    def member(self, name: str) -> Type | None:
        found = self.base.member(name)
        return None if found is None else narrowed(found, inside(self.facts, name))

    def property_names(self) -> frozenset[str]:
        return self.base.property_names()

    def items(self) -> Type:
        return self.base.items()

    def values(self) -> Type:
        return self.base.values()

    def with_optional(self, optional: bool) -> Type:
        return replace(self, base=self.base.with_optional(optional))

    def restricted(self, kinds: Kinds) -> Type:
        return replace(self, base=self.base.restricted(kinds))


def is_scope_path(path: Path) -> bool:
    """Whether a path begins at a context function or at a variable."""
    return bool(path) and isinstance(path[0], Anchor)


def inside(facts: Facts, token: Token) -> Facts:
    """The facts about a part of a value."""
    return {path[1:]: fact for path, fact in facts.items() if path and path[0] == token}


def narrowed(typ: Type, facts: Facts) -> Type:
    """A view of which these facts hold: what their paths lead to is there, and what they lead through."""
    if not facts:
        return typ
    fact = facts.get((), _UNKNOWN)
    return NarrowedType(typ.with_optional(False) if fact.there else typ, fact, facts)
