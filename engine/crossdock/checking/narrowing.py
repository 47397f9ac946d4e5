"""Types after a condition: what the condition has shown of a value and of what is in it.

A fact is about one path: the value there is not null, has one of these kinds, is one of these constants.
Facts stay with the type that they are about, so that they hold wherever the value is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crossdock.checking.type_kinds import EVERY, Kinds, kinds_of_value
from crossdock.checking.types import Type
from crossdock.core.equality import among, identity
from crossdock.core.json_types import JSON
from crossdock.core.records import record, replace
from crossdock.language.expr import Expr


@record(frozen=True, slots=True)
class Anchor:
    """Where a path begins, if not at the context: a context function, or a variable with its ``$``.

    It is not a string, because a property can be named ``root`` or ``$x`` too.
    """

    name: str


Token = str | int | Anchor  # the name of a property, the position of an element, the beginning
Path = tuple[Token, ...]
Constants = tuple[JSON, ...] | None
Alternatives = tuple[Expr, ...]
"""Conditions about the context of which at least one is true."""


@record(frozen=True, slots=True)
class Fact:
    """What is known of a value.

    ``present``: it is not null. ``nonempty``: it is true, so that text, a list or an object has content.
    ``constants``: it is one of these. ``excluded``: it is none of these. ``least``: it is a list, or whatever
    has a length, of at least so many. ``alternatives`` hold with it as the context (see ``alternatives``).
    """

    kinds: Kinds = EVERY
    nonempty: bool = False
    constants: Constants = None
    excluded: tuple[JSON, ...] = ()
    present: bool = True
    least: int = 0
    alternatives: tuple[Alternatives, ...] = ()

    @property
    def length(self) -> int:
        """The number of elements that there are at least, if it is a list."""
        return max(self.least, 1 if self.nonempty else 0)

    def both(self, other: Fact) -> Fact:
        """The fact that this one and another one hold, about the same value."""
        constants = self.constants
        if constants is None:
            constants = other.constants
        elif other.constants is not None:
            constants = tuple(value for value in constants if among(value, other.constants))
        nonempty = self.nonempty or other.nonempty
        present = self.present or other.present
        kinds, excluded = self.kinds & other.kinds, self.excluded + other.excluded
        least, alternatives = max(self.least, other.least), self.alternatives
        alternatives += tuple(each for each in other.alternatives if each not in alternatives)
        return Fact(kinds, nonempty, constants, excluded, present, least, alternatives)

    def one_of(self, other: Fact) -> Fact:
        """The fact that this one or another one holds, about the same value: what both of them say."""
        constants = None
        if self.constants is not None and other.constants is not None:
            constants = tuple({identity(each): each for each in self.constants + other.constants}.values())
        excluded = tuple(value for value in self.excluded if among(value, other.excluded))
        present = self.present and other.present
        kinds, nonempty = self.kinds | other.kinds, self.nonempty and other.nonempty
        alternatives = tuple(each for each in self.alternatives if each in other.alternatives)
        least = min(self.length, other.length)
        return Fact(kinds, nonempty, constants, excluded, present, least, alternatives)

    def among(self, constants: Constants) -> Constants:
        """Those of some constants that the value can still be. With None for constants that are not known."""
        if self.constants is not None:
            constants = self.constants if constants is None else _common(constants, self.constants)
        if constants is None:
            return None
        return tuple(
            value
            for value in constants
            if not among(value, self.excluded) and kinds_of_value(value) & self.kinds
        )


Facts = Mapping[Path, Fact]
TRUE: Final = Fact(EVERY - {"false"}, nonempty=True)
PRESENT: Final = Fact()
_UNKNOWN: Final = Fact(present=False)
NO_FACTS: Final[Facts] = {}


def _common(constants: tuple[JSON, ...], others: tuple[JSON, ...]) -> tuple[JSON, ...]:
    return tuple(value for value in constants if among(value, others))


def all_of(left: Facts, right: Facts) -> Facts:
    """The facts that hold if both of two conditions do."""
    if not left or not right:
        return left or right
    merged = dict(left)
    for path, fact in right.items():
        merged[path] = merged[path].both(fact) if path in merged else fact
    return merged


def any_of(left: Facts, right: Facts) -> Facts:
    """The facts that hold if one of two conditions does, whichever it is."""
    return {path: fact.one_of(right[path]) for path, fact in left.items() if path in right}


@record(frozen=True, slots=True, eq=False)
class NarrowedType:
    """A type with the facts about its value and about the parts of that: ``facts`` have relative paths.

    ``fact`` is the one about the value itself.
    """

    base: Type
    fact: Fact
    facts: Facts

    @property
    def name(self) -> str:
        return self.base.name

    @property
    def kinds(self) -> Kinds:
        # Where nothing is known a fact does not change that: a comparison proves a kind, not a schema.
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

    def others(self) -> Type | None:
        return self.base.others()

    def with_optional(self, optional: bool) -> Type:
        return NarrowedType(self.base.with_optional(optional), self.fact, self.facts)

    def restricted(self, kinds: Kinds) -> Type:
        # Of what is not known, facts are not kept: each part of a chain would have its own.
        base = self.base.restricted(kinds)
        return NarrowedType(base, self.fact, self.facts) if self.base.known else base


def is_scope_path(path: Path) -> bool:
    """Whether a path begins at a context function or at a variable."""
    return bool(path) and isinstance(path[0], Anchor)


def scope_paths(facts: Facts) -> frozenset[Path]:
    """Those of some paths that begin at a context function or at a variable."""
    return frozenset([path for path in facts if path and type(path[0]) is Anchor])


def inside(facts: Facts, token: Token) -> Facts:
    """The facts about a part of a value."""
    return {path[1:]: fact for path, fact in facts.items() if path and path[0] == token}


def narrowed(typ: Type, facts: Facts) -> Type:
    """The type of a value about which these facts hold; with none, the type as it is."""
    if not facts:
        return typ
    if isinstance(typ, NarrowedType):  # one level for all conditions: each level would cost every reading
        before, fact = dict(typ.facts), typ.fact
        if typ.optional and fact.present:  # it was there, and what is read now may be missing again
            before[()] = replace(fact, present=False)
        facts, typ = all_of(before, facts), typ.base
    fact = facts.get((), _UNKNOWN)
    return NarrowedType(typ.with_optional(False) if fact.present else typ, fact, facts)
