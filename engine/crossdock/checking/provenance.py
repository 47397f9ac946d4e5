"""Where the values of expressions come from in the payload, and how much of it they read.

A value is a part of the payload, a list or an object that is made of such values, or one of several of
these. An expression that only walks through a value calls ``member`` and ``items``; one that looks at the
value calls ``whole``. A value without any provenance is the same however much of the payload is read.

    reads = ReadSet()
    sku = reads.member(reads.items(reads.member(PAYLOAD, "items")), "sku")
    reads.whole(sku)
    reads.paths()  # {("items", "[]", "sku")}
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Final

from crossdock.core.limits import PAYLOAD_DEPTH
from crossdock.core.paths import EACH
from crossdock.core.records import record

Path = tuple[str, ...]
"""The names that lead to a part of a payload; ``[]`` is each item of a list."""

ANY: Final = "\0"
"""The step to each property of an object. Of an object that has one of this name all is read."""

_LARGEST: Final = 64  # alternatives of one value; a value with more is read whole


@record(frozen=True, slots=True)
class PayloadPart:
    """The value at a path of the payload."""

    path: Path


@record(frozen=True, slots=True)
class MadeList:
    """A list that an expression makes. ``items`` are the values that it may hold.

    ``parts`` are its values in order; it is empty if the length of the list is not known.
    """

    items: Provenance
    parts: tuple[Provenance, ...] = ()


@record(frozen=True, slots=True)
class MadeObject:
    """An object that an expression makes: its keys and their values. ``others`` is that of any other key."""

    members: tuple[tuple[str, Provenance], ...]
    others: Provenance = frozenset()


Provenance = frozenset[PayloadPart | MadeList | MadeObject]
"""What a value may be made of: one of these."""

MADE: Final[Provenance] = frozenset()
"""A value that has no part of the payload in it, such as a constant or the result of a comparison."""

PAYLOAD: Final[Provenance] = frozenset({PayloadPart(())})


@dataclass(slots=True)
class ReadSet:
    """The paths of a payload that are read.

    ``wanted`` are read with all that is below them, ``passed`` are only walked through. Of what is at
    ``counted`` an expression looks at the size, or whether it is empty; of what is at ``measured``, how many
    members it has. What is at ``spliced`` may be a list whose items become items of the list around it. Each
    property of what is at ``enumerated`` is walked through.
    """

    wanted: set[Path] = field(default_factory=set)
    passed: set[Path] = field(default_factory=lambda: {()})
    counted: set[Path] = field(default_factory=set)
    spliced: set[Path] = field(default_factory=set)
    measured: set[Path] = field(default_factory=set)
    enumerated: set[Path] = field(default_factory=set)

    def add(self, other: ReadSet) -> None:
        """Everything of another read set is read as well."""
        for name in fields(self):
            getattr(self, name.name).update(getattr(other, name.name))

    def whole(self, value: Provenance) -> None:
        """A value is read with all that is in it."""
        for each in value:
            match each:
                case PayloadPart(path):
                    self.wanted.add(path)
                case MadeList(items):
                    self.whole(items)
                case MadeObject(members, others):
                    for _, member in members:
                        self.whole(member)
                    self.whole(others)

    def count(self, value: Provenance) -> None:
        """A value is read to decide whether it is empty."""
        self.counted.update(_paths(value))

    def measure(self, value: Provenance) -> None:
        """A value is read for its size: how many items or members it has."""
        self.count(value)
        self.measured.update(_paths(value))

    def member(self, value: Provenance, name: str) -> Provenance:
        """The property of a value."""
        found = MADE
        for each in value:
            match each:
                case PayloadPart(path) if name in (EACH, ANY):  # the path would be that of other parts
                    self.wanted.add(path)
                case PayloadPart(path):
                    found |= self._below(path, name)
                case MadeObject(members, others):
                    found |= dict(members).get(name, others)
        return found

    def items(self, value: Provenance) -> Provenance:
        """Each item of a value, or any one of them."""
        found = MADE
        for each in value:
            match each:
                case PayloadPart(path):
                    found |= self._below(path, EACH)
                case MadeList(items):
                    found |= items
        return found

    def item(self, value: Provenance, index: int) -> Provenance:
        """The item of a value at an index."""
        found = MADE
        for each in value:
            match each:
                case MadeList(parts=parts) if parts:
                    found |= parts[index] if -len(parts) <= index < len(parts) else MADE
                case _:
                    found |= self.items(frozenset({each}))
        return found

    def members(self, value: Provenance) -> Provenance:
        """Each property of a value, or any one of them."""
        found = MADE
        for each in value:
            match each:
                case PayloadPart(path):
                    self.enumerated.add(path)
                    found |= self._below(path, ANY)
                case MadeObject(members, others):
                    found = found.union(others, *(member for _, member in members))
        return found

    def flat_items(self, value: Provenance) -> Provenance:
        """Each item of a flattened list."""
        found = MADE
        for each in value:
            match each:
                case PayloadPart(path):
                    self.spliced.add((*path, EACH))
                    found |= self._below(path, EACH)
                case MadeList(items):
                    found |= self.items(items) | {item for item in items if not isinstance(item, MadeList)}
        return found

    def listed(self, items: Provenance) -> Provenance:
        """A list of some values."""
        return self.bounded(frozenset({MadeList(items)}))

    def tupled(self, parts: tuple[Provenance, ...]) -> Provenance:
        """A list of these values in order."""
        return self.bounded(frozenset({MadeList(MADE.union(*parts), parts)}))

    def recorded(self, members: dict[str, Provenance]) -> Provenance:
        """An object of some values."""
        return self.bounded(frozenset({MadeObject(tuple(members.items()))}))

    def mapped(self, value: Provenance) -> Provenance:
        """An object with properties of any name, each with one of these values."""
        return self.bounded(frozenset({MadeObject((), value)}))

    def bounded(self, value: Provenance) -> Provenance:
        """The value. One with too many alternatives is read whole, and need not be followed."""
        if _weight(value) <= _LARGEST:
            return value
        self.whole(value)
        return MADE

    def paths(self) -> frozenset[Path]:
        """The paths that are read with their subtrees, without those that are inside of another one."""
        named = {path[:-1] for path in self.passed if path and path[-1] != EACH}
        listed = {path[:-1] for path in self.passed if path and path[-1] == EACH}
        # Where a walk ends, the value itself is read, even if nothing in it is.
        wanted = self.wanted | (self.passed - named - listed)
        # The reduced payload keeps the length of a list, but not the number of members of an object.
        # A value of which only items are read is a list, or read whole.
        wanted |= self.counted & named
        # No member may be left out where each one is walked through: the result has as many items.
        wanted |= self.enumerated
        # Where only members are read, a spliced list is read whole. Where items are read as well, it would
        # be reduced to what is read of those, and lose what the list around it needs.
        wanted |= self.spliced & listed
        return frozenset(path for path in wanted if not any(path[:end] in wanted for end in range(len(path))))

    def _below(self, path: Path, step: str) -> Provenance:
        if len(path) >= PAYLOAD_DEPTH:  # no payload is deeper, and where a walk ends it reads all
            return MADE
        self.passed.add((*path, step))
        return frozenset({PayloadPart((*path, step))})


def _paths(value: Provenance) -> set[Path]:
    return {each.path for each in value if isinstance(each, PayloadPart)}


def _weight(value: Provenance) -> int:
    """How many alternatives a value has, with those of its parts."""
    total = 0
    for each in value:
        match each:
            case PayloadPart():
                total += 1
            case MadeList(items, parts):
                total += 1 + (sum(map(_weight, parts)) if parts else _weight(items))
            case MadeObject(members, others):
                total += 1 + sum(_weight(member) for _, member in members) + _weight(others)
    return total
