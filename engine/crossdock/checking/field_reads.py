"""Which documented fields of its source a mapping reads, for coverage and for ``ignored``.

    reads = field_reads(mapping)
    reads.has(("items", "[]", "sku"))       # it, something in it, or all of something around it

The answer is derived from the read set (see ``read_set``), so it is the interpreter's. Testing whether an
object exists, walking through it or counting the items of a list reads no field in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from crossdock.checking.provenance import ANY, Path, ReadSet
from crossdock.checking.read_set import read_set
from crossdock.core.paths import EACH
from crossdock.core.records import record
from crossdock.language.syntax import LinkedMapping


@dataclass(slots=True)
class _Place:
    """A place of the payload that is read or walked through. See ``ReadSet`` for the flags."""

    path: Path
    inner: dict[str, _Place] = field(default_factory=dict)
    wanted: bool = False
    counted: bool = False
    measured: bool = False
    spliced: bool = False

    def at(self, path: Path) -> _Place:
        place = self
        for length, step in enumerate(path, 1):
            place = place.inner.setdefault(step, _Place(path[:length]))
        return place

    def first(self) -> _Place:
        """The first place in it that is read and not only walked through."""
        place = self
        while place.inner and not place.wanted:
            step = min(place.inner)
            if step == ANY:
                break
            place = place.inner[step]
        return place

    def after(self, step: str) -> Iterator[_Place]:
        """The places that a step may lead to."""
        if step in self.inner:
            yield self.inner[step]
        if step == EACH and self.spliced:
            yield self  # the path does not name the items of a list that is flattened
        if step != EACH and ANY in self.inner:
            yield self.inner[ANY]


@record(frozen=True, slots=True)
class FieldReads:
    """What is read of a payload, to ask for its fields."""

    _payload: _Place

    @classmethod
    def of(cls, reads: ReadSet) -> FieldReads:
        payload = _Place(())
        for path in reads.passed:
            payload.at(path)
        for path in reads.counted:
            payload.at(path).counted = True
        for path in reads.wanted:
            payload.at(path).wanted = True
        for path in reads.measured:
            payload.at(path).measured = True
        for path in reads.spliced:
            payload.at(path).spliced = True
        return cls(payload)

    def has(self, path: Path) -> bool:
        """Whether a field is read, or something in it, or everything in something around it."""
        return self.because_of(path) is not None

    def because_of(self, path: Path) -> Path | None:
        """The place that is read: a field or something in it, or something around it. None if neither."""
        if (whole := self.whole_around(path)) is not None:
            return whole
        along = self._along(path)
        for step, places in zip(path, along, strict=False):
            # How many members an object has depends on each of them, but not on the items of a list.
            if step != EACH and (measured := [place for place in places if place.measured]):
                return measured[0].path
        found = next(iter(along[-1]), None)
        if found is None or not (path or found.inner or found.counted):
            return None  # the payload itself is always walked through
        return found.first().path

    def whole_around(self, path: Path) -> Path | None:
        """The place that is read with everything in it: that of a path, or something around it."""
        found = (place for places in self._along(path) for place in places if place.wanted)
        return next((place.path for place in found), None)

    def _along(self, path: Path) -> list[list[_Place]]:
        """The places on the way of a path, from the payload to its end."""
        along = [[self._payload]]
        for step in path:
            along.append([inner for place in along[-1] for inner in place.after(step)])
        return along


def field_reads(mapping: LinkedMapping) -> FieldReads:
    """The fields of its source that a mapping, its checks and the mappings that it uses read."""
    return mapping.once(_field_reads)


def _field_reads(mapping: LinkedMapping) -> FieldReads:
    return FieldReads.of(read_set(mapping))
