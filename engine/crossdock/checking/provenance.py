"""Where a value that an expression works with stands in the payload, and what is asked of it there.

A value comes from a place, is a list or an object that was made of such values, or has several ways to
have come about. Whoever only walks through a value keeps to ``member`` and ``items``; whoever looks at it
asks for all of it with ``whole``. What no way leads to is equal however much of the payload is read.

    asked = Asked()
    sku = asked.member(asked.items(asked.member(PAYLOAD, "items")), "sku")
    asked.whole(sku)
    asked.paths()  # {("items", "[]", "sku")}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from crossdock.core.limits import PAYLOAD_DEPTH
from crossdock.core.paths import EACH

Path = tuple[str, ...]
"""The names that lead to a part of a payload; ``[]`` is each item of a list."""

_LARGEST: Final = 64  # ways of one value; with more, all of it is asked for


@dataclass(frozen=True, slots=True)
class PayloadPart:
    """What stands at a path of the payload."""

    path: Path


@dataclass(frozen=True, slots=True)
class MadeList:
    """A list that was made, of values that come from somewhere."""

    items: Provenance


@dataclass(frozen=True, slots=True)
class MadeObject:
    """An object that was made: its names, and where their values come from."""

    members: tuple[tuple[str, Provenance], ...]


Provenance = frozenset[PayloadPart | MadeList | MadeObject]
"""The ways in which a value may have come about; with none it has no part that was read of the payload."""

MADE: Final[Provenance] = frozenset()
PAYLOAD: Final[Provenance] = frozenset({PayloadPart(())})


@dataclass(slots=True)
class ReadSet:
    """What is asked of a payload: the paths that are wanted whole, and all that are walked through.

    Of what is at ``counted`` someone wants to know whether it is empty, or how large. What is at ``spliced``
    may be a list that gives its items to the list around it.
    """

    wanted: set[Path] = field(default_factory=set)
    passed: set[Path] = field(default_factory=lambda: {()})
    counted: set[Path] = field(default_factory=set)
    spliced: set[Path] = field(default_factory=set)

    def whole(self, value: Provenance) -> None:
        """Someone looks at all that is in a value."""
        for way in value:
            match way:
                case PayloadPart(path):
                    self.wanted.add(path)
                case MadeList(items):
                    self.whole(items)
                case MadeObject(members):
                    for _, member in members:
                        self.whole(member)

    def count(self, value: Provenance) -> None:
        """Someone wants to know whether a value is empty, or how many items or members it has."""
        self.counted.update(way.path for way in value if isinstance(way, PayloadPart))

    def member(self, value: Provenance, name: str) -> Provenance:
        """The property of a value."""
        found = MADE
        for way in value:
            match way:
                case PayloadPart(path) if name == EACH:  # has no path of its own
                    self.wanted.add(path)
                case PayloadPart(path):
                    found |= self._below(path, name)
                case MadeObject(members):
                    found |= dict(members).get(name, MADE)
        return found

    def items(self, value: Provenance) -> Provenance:
        """Each item of a value, or any one of them."""
        found = MADE
        for way in value:
            match way:
                case PayloadPart(path):
                    found |= self._below(path, EACH)
                case MadeList(items):
                    found |= items
        return found

    def flat_items(self, value: Provenance) -> Provenance:
        """Each item of a list in which the items of lists stand in their lists' place."""
        found = MADE
        for way in value:
            match way:
                case PayloadPart(path):
                    self.spliced.add((*path, EACH))
                    found |= self._below(path, EACH)
                case MadeList(items):
                    found |= self.items(items) | {each for each in items if not isinstance(each, MadeList)}
        return found

    def listed(self, items: Provenance) -> Provenance:
        """A list that is made of some values."""
        return self.bounded(frozenset({MadeList(items)}))

    def recorded(self, members: dict[str, Provenance]) -> Provenance:
        """An object that is made of some values."""
        return self.bounded(frozenset({MadeObject(tuple(members.items()))}))

    def bounded(self, value: Provenance) -> Provenance:
        """The value; what came about in too many ways is asked for whole, and need not be followed."""
        if _weight(value) <= _LARGEST:
            return value
        self.whole(value)
        return MADE

    def paths(self) -> frozenset[Path]:
        """The paths whose subtrees are asked for, and none that leads through another."""
        named = {path[:-1] for path in self.passed if path and path[-1] != EACH}
        listed = {path[:-1] for path in self.passed if path and path[-1] == EACH}
        # Where the walk ends, what is there counts, though nothing in it does.
        wanted = self.wanted | (self.passed - named - listed)
        # A list keeps its length. An object loses members, but where only items are read it is read whole.
        wanted |= self.counted & named
        # Read whole is a list, too, where only members are; else it must not lose what its place may keep.
        wanted |= self.spliced & listed
        return frozenset(path for path in wanted if not any(path[:end] in wanted for end in range(len(path))))

    def _below(self, path: Path, step: str) -> Provenance:
        if len(path) >= PAYLOAD_DEPTH:  # a way that ends is asked for whole
            return MADE
        self.passed.add((*path, step))
        return frozenset({PayloadPart((*path, step))})


def _weight(value: Provenance) -> int:
    """How many ways a value has, those of its parts counted."""
    total = 0
    for way in value:
        match way:
            case PayloadPart():
                total += 1
            case MadeList(items):
                total += 1 + _weight(items)
            case MadeObject(members):
                total += 1 + sum(_weight(member) for _, member in members)
    return total
