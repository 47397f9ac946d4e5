"""Numbers that are paired with ranges: the units that lines are to have, with what each line can become.

As many numbers as possible find a range, each one of its own. A number that is the end of a range takes that
range, unless more of them find one otherwise.

fit(`[2, 0]`, `[0, 0]`, `[3, 2]`)      2 in the second range, and 0 in the first
fit(`[2, 0]`, `[1, 0]`, `[3, 2]`)      2 in the first, because 0 is in the second only
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from crossdock.core.json_types import JSON
from crossdock.language.functions.allotting import check_keys, key_of, sizes
from crossdock.language.functions.function import Example, Function, FunctionError, takes, types

if TYPE_CHECKING:
    from fractions import Fraction

_Size: TypeAlias = "int | Fraction"
_Found: TypeAlias = dict[int, int]
"""The positions of the ranges, by those of their numbers."""


class _Number(NamedTuple):
    size: _Size
    at: int


class _Range(NamedTuple):
    low: _Size
    high: _Size
    at: int


def fit(
    numbers: Sequence[JSON],
    lows: Sequence[JSON],
    highs: Sequence[JSON],
    keys: Sequence[JSON] | None = None,
    range_keys: Sequence[JSON] | None = None,
) -> list[JSON]:
    if len(lows) != len(highs):
        raise FunctionError("takes as many ends of ranges as there are beginnings")
    check_keys((keys, numbers, "fourth"), (range_keys, lows, "fifth"))
    sized, from_, to = sizes(numbers, lows, highs)
    wanted: dict[Hashable, list[_Number]] = {}
    ranges: dict[Hashable, list[_Range]] = {}
    for at, size in enumerate(sized, 1):
        wanted.setdefault(key_of(keys, at), []).append(_Number(size, at))
    for at, (low, high) in enumerate(zip(from_, to, strict=True), 1):
        ranges.setdefault(key_of(range_keys, at), []).append(_Range(low, high, at))
    found: _Found = {}
    for key, several in wanted.items():
        found |= _paired(several, ranges.get(key, []))
    return [found.get(at) for at in range(1, len(numbers) + 1)]


def _paired(numbers: list[_Number], ranges: list[_Range]) -> _Found:
    near = _ended(numbers, ranges)
    taken = set(near.values())
    rest = [each for each in numbers if each.at not in near]
    near |= _earliest(rest, [each for each in ranges if each.at not in taken])
    if len(near) == len(numbers):
        return near
    every = _earliest(numbers, ranges)
    return every if len(every) > len(near) else near


def _ended(numbers: list[_Number], ranges: list[_Range]) -> _Found:
    """Each number in a range that it is the end of: of several, in the one that begins last."""
    ends: dict[_Size, list[_Range]] = {}
    for each in sorted(ranges, key=lambda each: (each.low, -each.at)):
        if each.low <= each.high:
            ends.setdefault(each.high, []).append(each)
    return {each.at: ends[each.size].pop().at for each in numbers if ends.get(each.size)}


def _earliest(numbers: list[_Number], ranges: list[_Range]) -> _Found:
    """The most pairs: each number, from the smallest, in the range that ends first of those that hold it."""
    waiting = sorted(ranges, key=lambda each: (each.low, each.at), reverse=True)
    begun: list[tuple[_Size, int]] = []
    found: _Found = {}
    for size, at in sorted(numbers):
        while waiting and waiting[-1].low <= size:
            each = waiting.pop()
            heappush(begun, (each.high, each.at))
        while begun and begun[0][0] < size:
            heappop(begun)
        if begun:
            found[at] = heappop(begun)[1]
    return found


FUNCTIONS = (
    Function(
        "fit",
        takes("numbers: array, lows: array, highs: array, keys?: array, range_keys?: array"),
        types("array"),
        "The position of a range for each number, counted from 1: one that holds the number, and that no "
        "other number has; null where there is none. A number takes the range that ends with it, unless more "
        "numbers find a range otherwise. With keys, a number only goes to ranges of its key",
        (
            Example("fit(`[2, 0]`, `[0, 0]`, `[3, 2]`)", [2, 1]),
            Example("fit(`[2, 0]`, `[1, 0]`, `[3, 2]`)", [1, 2]),
            Example('fit(`[1, 5]`, `[0, 0]`, `[4, 4]`, `["B", "B"]`, `["A", "B"]`)', [2, None]),
            Example("fit(missing, `[1]`, `[1]`)", []),
        ),
        fit,
    ),
)
