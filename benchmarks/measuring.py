"""Rows that are measured beside one another: ratios within rounds, never times of different minutes.

In a round every row is measured once, in an order that is another in each round, and its time is
divided by that of another row in the same round. What slows the machine down for a while slows all
rows of a round, and leaves the ratio alone. The figure is the median of the rounds' ratios, with the
quartiles beside it.

    rows = [Row("by hand", lambda: convert(payload)), Row("interpreter", lambda: mapping.run(payload))]
    figures = measured(rows, rounds=21)
    figures[1].to(figures[0]).median        how many times as long as by hand

Times are the processor's, for one call: what other processes do in between is not counted.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Final

SECONDS: Final = 0.02
_MOST_CALLS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Row:
    """Something to measure. ``note`` says what it leaves out.

    ``timed`` calls it so many times and gives the processor's seconds that it took; it is needed for
    what runs in another process, and made of ``call`` otherwise.
    """

    name: str
    call: Callable[[], object] | None = None
    note: str = ""
    timed: Callable[[int], float] | None = None

    def seconds(self, calls: int) -> float:
        """The seconds of so many calls."""
        if self.timed is not None:
            return self.timed(calls)
        assert self.call is not None
        return timed(self.call, calls)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that cannot be measured here, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Spread:
    """The median and the quartiles of some values."""

    median: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured of a row: its seconds a call, by round."""

    name: str
    note: str
    each: tuple[float, ...]

    @property
    def seconds(self) -> Spread:
        return spread(self.each)

    def to(self, other: Figure) -> Spread:
        """The ratio to another row of the same rounds."""
        return spread([own / its for own, its in zip(self.each, other.each, strict=True)])


@dataclass(slots=True)
class _Measured:
    """A row with the number of calls that make a measurement, and its seconds a call, by round."""

    row: Row
    calls: int
    seconds: list[float] = field(default_factory=list)


def timed(call: Callable[[], object], calls: int) -> float:
    """The processor's seconds of so many calls."""
    begun = time.process_time()
    for _ in range(calls):
        call()
    return time.process_time() - begun


def measured(rows: Sequence[Row], *, rounds: int, seconds: float = SECONDS) -> list[Figure]:
    """The figures of the rows, in their order. ``seconds`` is how long one measurement takes about."""
    places = [_Measured(row, _calls(row, seconds)) for row in rows]
    for number in range(rounds):
        gc.collect()
        turn = number % len(places)
        for place in (*places[turn:], *places[:turn]):
            place.seconds.append(place.row.seconds(place.calls) / place.calls)
    return [Figure(place.row.name, place.row.note, tuple(place.seconds)) for place in places]


def spread(values: Sequence[float]) -> Spread:
    """The median and the quartiles."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    lower, _, upper = quantiles(values, n=4, method="inclusive")
    return Spread(median(values), lower, upper)


def _calls(row: Row, seconds: float) -> int:
    """How many calls make a measurement, after one call to warm up."""
    row.seconds(1)
    calls = 1
    while calls < _MOST_CALLS:
        took = row.seconds(calls)
        if took >= seconds / 4:
            return max(1, round(calls * seconds / took))
        calls *= 4
    return calls
