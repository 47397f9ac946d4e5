"""Where two JSON values differ: added, removed, retyped, changed, and null and absent are distinguished.

Lists are aligned, so that an added element is one difference and not one for each element after it.

    differences({"a": 1, "b": None}, {"a": "1"})
    # retyped /a 1 → "1"; removed /b null → absent
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.core.kinds import broad_kind_of
from crossdock.core.limits import DIFF_PAIRS
from crossdock.execution.trace import Parts

Kind = Literal["added", "removed", "became null", "no longer null", "retyped", "changed"]

# Beyond this, elements are compared place by place: laying them side by side takes n times m steps.


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: its places before and after, and the values there."""

    kind: Kind
    old: Parts
    new: Parts
    before: JSON | Missing
    after: JSON | Missing


def differences(
    before: JSON | Missing, after: JSON | Missing, old: Parts = (), new: Parts = ()
) -> Iterator[Difference]:
    """The differences between two values, in the order of the first and then of the second."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            inner = before.get(key, MISSING), after.get(key, MISSING)
            yield from differences(*inner, (*old, key), (*new, key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _in_lists(before, after, old, new)
    elif (kind := _kind(before, after)) is not None:
        yield Difference(kind, old, new, before, after)


def _kind(before: JSON | Missing, after: JSON | Missing) -> Kind | None:
    if isinstance(before, Missing) or isinstance(after, Missing):
        if before is after:
            return None
        return "added" if isinstance(before, Missing) else "removed"
    if before is None or after is None:
        if before is after:
            return None
        return "no longer null" if before is None else "became null"
    if broad_kind_of(before) != broad_kind_of(after):
        return "retyped"
    # 1 and 1.0 are one number, but not one text, and the text is what is sent.
    return None if before == after and type(before) is type(after) else "changed"


def _in_lists(before: list[JSON], after: list[JSON], old: Parts, new: Parts) -> Iterator[Difference]:
    for left, right in _side_by_side(before, after):
        was = before[left] if left is not None else MISSING
        now = after[right] if right is not None else MISSING
        at_old = (*old, left if left is not None else right or 0)
        at_new = (*new, right if right is not None else left or 0)
        yield from differences(was, now, at_old, at_new)


def _side_by_side(before: list[JSON], after: list[JSON]) -> Iterator[tuple[int | None, int | None]]:
    """The elements in pairs, and those that have no partner."""
    start = 0
    while start < min(len(before), len(after)) and same(before[start], after[start]):
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and same(before[-1 - end], after[-1 - end]):
        end += 1
    rows, columns = len(before) - start - end, len(after) - start - end
    inner_before, inner_after = before[start : start + rows], after[start : start + columns]
    for left, right in _paired(inner_before, inner_after):
        yield (
            None if left is None else left + start,
            None if right is None else right + start,
        )


def _paired(before: list[JSON], after: list[JSON]) -> list[tuple[int | None, int | None]]:
    """The pairs that are most alike in all, none crossing another."""
    rows, columns = len(before), len(after)
    if rows * columns > DIFF_PAIRS or rows == columns == 1:
        return [
            (place if place < rows else None, place if place < columns else None)
            for place in range(max(rows, columns))
        ]
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    likeness = [[_likeness(one, other) for other in after] for one in before]
    for row in range(rows - 1, -1, -1):
        for column in range(columns - 1, -1, -1):
            together = likeness[row][column] + best[row + 1][column + 1]
            best[row][column] = max(together, best[row + 1][column], best[row][column + 1])
    return _along(best, likeness, rows, columns)


def _along(
    best: list[list[float]], likeness: list[list[float]], rows: int, columns: int
) -> list[tuple[int | None, int | None]]:
    found: list[tuple[int | None, int | None]] = []
    row = column = 0
    while row < rows and column < columns:
        if best[row][column] == likeness[row][column] + best[row + 1][column + 1]:
            found.append((row, column))
            row, column = row + 1, column + 1
        elif best[row][column] == best[row + 1][column]:
            found.append((row, None))
            row += 1
        else:
            found.append((None, column))
            column += 1
    found += [(each, None) for each in range(row, rows)]
    return found + [(None, each) for each in range(column, columns)]


def _likeness(one: JSON, other: JSON) -> float:
    """How alike two elements are. A pair that shares nothing is still better than none."""
    if same(one, other):
        return 11.0
    if isinstance(one, dict) and isinstance(other, dict) and (keys := {**one, **other}):
        shared = sum(key in one and key in other and same(one[key], other[key]) for key in keys)
        return 1.0 + 9.0 * shared / len(keys)
    return 1.0


def same(one: JSON, other: JSON) -> bool:
    """Whether there is no difference at all."""
    return next(differences(one, other), None) is None
