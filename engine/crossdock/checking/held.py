"""What a value may hold that is sensitive: itself, its parts, or its keys.

The domain of the analysis in ``sensitivity``. A value is a part of the payload that schemas describe, or it
is made by an expression, or it may be both. When a value is too large to follow, or is made in a way that
is not followed, all of it is sensitive if anything in it may be.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import field
from typing import Final, cast

from crossdock.core.paths import EACH, Part, Parts
from crossdock.core.records import record, replace
from crossdock.schema.marks import Marks

_LARGEST: Final = 1024  # parts of one value; a value with more counts as a whole
_MOST_ORIGINS: Final = 8


@record(frozen=True, slots=True)
class MarkedSource:
    """A sensitive place that a value comes from, and the field of the result that it was written to."""

    name: str
    field: str = ""


@record(frozen=True, slots=True, eq=False)
class Held:
    """What one value may hold.

    ``secret``: it is made of these sensitive places, so that all of it is sensitive, keys included.
    ``marks``: it may be the part of a payload or a result that a schema describes. ``members`` and
    ``elements`` are those that an expression or a cell makes; ``others`` are properties of any name.
    """

    secret: tuple[MarkedSource, ...] = ()
    marks: tuple[Marks, ...] = ()
    members: Mapping[str, Held] = field(default_factory=dict)
    others: Held | None = None
    elements: Held | None = None
    size: int = 1
    _reveals: list[tuple[MarkedSource, ...]] = field(init=False, default_factory=list, repr=False)
    _key: list[Hashable] = field(init=False, default_factory=list, repr=False)

    @property
    def itself(self) -> tuple[MarkedSource, ...]:
        """The sensitive places that the value itself is, or is made of."""
        return _each_once(
            [*self.secret, *(MarkedSource(each.sensitive) for each in self.marks if each.sensitive)]
        )

    @property
    def reveals(self) -> tuple[MarkedSource, ...]:
        """The sensitive places that the value, or anything in it, is made of; of many only some."""
        if not self._reveals:
            found = [*self.secret, *(MarkedSource(name) for each in self.marks for name in each.below)]
            found += [origin for inner in self._inner() for origin in inner.reveals]
            self._reveals.append(_each_once(found))
        return self._reveals[0]

    @property
    def content(self) -> Hashable:
        """Equal for values that hold the same."""
        if not self._key:
            members = frozenset((name, each.content) for name, each in self.members.items())
            parts = tuple(each.content if each is not None else None for each in (self.others, self.elements))
            self._key.append((self.secret, frozenset(each.key for each in self.marks), members, parts))
        return self._key[0]

    def _inner(self) -> Iterator[Held]:
        yield from self.members.values()
        yield from (each for each in (self.others, self.elements) if each is not None)

    def hides_key(self, key: str, in_doubt: bool = False) -> bool:
        """Whether a key of this object is sensitive; one that the mapping or a schema names is not.

        ``in_doubt``: every other key is.
        """
        if key in self.members or any(each.names_key(key) for each in self.marks):
            return False
        return in_doubt or bool(self.secret) or any(each.hides_keys for each in self.marks)

    # The parts of a value

    def at(self, parts: Parts) -> Held:
        """What is at a place in the value; ``EACH`` is any element."""
        found = self
        for part in parts:
            found = found.part(part)
        return found

    def part(self, part: Part) -> Held:
        if isinstance(part, int):
            return self.element()
        if part == EACH:  # a property can have this name too
            return joined_values([self.element(), self.member(part)])
        return self.member(part)

    def member(self, name: str) -> Held:
        """The property of an object."""
        found = [described(each.member(name)) for each in self.marks]
        found += [each for each in (self.members.get(name), self.others) if each is not None]
        return self._below(found)

    def any_member(self) -> Held:
        """Any property of an object."""
        found = [described(inner) for each in self.marks for inner in each.members()]
        found += [*self.members.values(), *([self.others] if self.others is not None else [])]
        return self._below(found)

    def key(self) -> Held:
        """Any key of an object."""
        hidden = [MarkedSource(each.name) for each in self.marks if each.hides_keys]
        return made_of(_each_once([*self.secret, *hidden]))

    def element(self) -> Held:
        """Any element of a list."""
        found = [described(each.items()) for each in self.marks]
        return self._below([*found, *([self.elements] if self.elements is not None else [])])

    def _below(self, found: Iterable[Held]) -> Held:
        """Parts; those of what is made of something sensitive are it as well."""
        return joined_values([*found, made_of(self.secret)] if self.secret else found)

    def written_to(self, path: str) -> Held:
        """The same value as a field of the result, which messages call by its path."""
        if not self.secret:
            return self
        return replace(self, secret=tuple(replace(each, field=path) for each in self.secret))


CLEAR: Final = Held()
"""A value that holds nothing sensitive."""


def described(marks: Marks) -> Held:
    """A value that schemas describe."""
    if not marks.applied and not marks.around:
        return CLEAR
    if not marks.notes:
        marks.notes.append(Held(marks=(marks,)))
    return cast(Held, marks.notes[0])


def made_of(origins: tuple[MarkedSource, ...]) -> Held:
    """A value that is made of sensitive places; of none, one that holds nothing sensitive."""
    return Held(secret=origins) if origins else CLEAR


def derived(values: Iterable[Held]) -> Held:
    """A value that is computed from others: all of it is sensitive if anything in them is."""
    return made_of(_each_once([origin for each in values for origin in each.reveals]))


def list_of(element: Held) -> Held:
    return _bounded(Held(elements=element, size=element.size + 1))


def object_of(members: Mapping[str, Held]) -> Held:
    return _bounded(Held(members=members, size=1 + sum(each.size for each in members.values())))


def written_object(members: Mapping[str, Held]) -> Held:
    """An object that cells write. It may have any size: an expression cannot multiply it."""
    return Held(members=members)


def map_of(value: Held) -> Held:
    """An object with properties of any name."""
    return _bounded(Held(others=value, size=value.size + 1))


def joined_values(values: Iterable[Held]) -> Held:
    """A value that may be any of these."""
    given = list({id(each): each for each in values if not _is_clear(each)}.values())
    if len(given) < 2:
        return given[0] if given else CLEAR
    names = dict.fromkeys(name for each in given for name in each.members)
    marks = {mark.key: mark for each in given for mark in each.marks}
    members = {
        name: joined_values(each.members[name] for each in given if name in each.members) for name in names
    }
    others = _joined_parts(each.others for each in given)
    elements = _joined_parts(each.elements for each in given)
    inner = [*members.values(), *(each for each in (others, elements) if each is not None)]
    made = Held(
        secret=_each_once([origin for each in given for origin in each.secret]),
        marks=tuple(marks.values()),
        members=members,
        others=others,
        elements=elements,
        size=len(marks) + 1 + sum(each.size for each in inner),
    )
    return _bounded(made)


def _is_clear(held: Held) -> bool:
    """Whether nothing is known of a value; an object of clear properties still has names."""
    return held is CLEAR or not (
        held.secret or held.marks or held.members or held.others is not None or held.elements is not None
    )


def _joined_parts(parts: Iterable[Held | None]) -> Held | None:
    given = [each for each in parts if each is not None]
    return joined_values(given) if given else None


def _bounded(held: Held) -> Held:
    return held if held.size <= _LARGEST else derived([held])


def _each_once(origins: Iterable[MarkedSource]) -> tuple[MarkedSource, ...]:
    return tuple(dict.fromkeys(origins))[:_MOST_ORIGINS]
