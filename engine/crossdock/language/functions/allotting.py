"""Amounts that are placed in rooms: units on the lines of an order, or money on payments.

An amount goes to the first room that holds all of it. If none does, it takes what the rooms have left, in
their order.

allot(`[3, 2]`, `[4, 4]`)      3 in the first room, and 2 in the second
allot(`[3, 2]`, `[2, 2]`)      2 in the first and 1 in the second, then 1 in the second, and no room for 1
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from crossdock.core.equality import identity
from crossdock.core.json_types import JSON
from crossdock.language.functions.decimals import WIDE, decimals, plain
from crossdock.language.functions.function import Example, Function, FunctionError, takes, types
from crossdock.language.functions.scaled import scaled, unscaled

if TYPE_CHECKING:
    from fractions import Fraction

_Size: TypeAlias = "int | Fraction"
_Part: TypeAlias = "tuple[int, int | None, _Size]"


def allot(
    amounts: Sequence[JSON],
    rooms: Sequence[JSON],
    keys: Sequence[JSON] | None = None,
    room_keys: Sequence[JSON] | None = None,
) -> list[JSON]:
    check_keys((keys, amounts, "third"), (room_keys, rooms, "fourth"))
    wanted, left = sizes(amounts, rooms)
    spaces: dict[Hashable, _Space] = {}
    for room, size in enumerate(left, 1):
        spaces.setdefault(key_of(room_keys, room), _Space()).add(room, size)
    return [
        {"amount": place, "room": room, "part": _json(part)}
        for place, amount in enumerate(wanted, 1)
        for room, part in spaces.get(key_of(keys, place), _Space()).placed(amount)
    ]


def check_keys(*each: tuple[Sequence[JSON] | None, Sequence[JSON], str]) -> None:
    """Refuse keys that are fewer or more than their items. Keys that are not given go with any items."""
    for given, listed, where in each:
        if given and len(given) != len(listed):
            raise FunctionError(f"takes as many keys as its {where} argument as there are items to have them")


def key_of(keys: Sequence[JSON] | None, place: int) -> Hashable:
    """The key of the item at a place, counted from 1. Without keys all items have the same one."""
    return identity(keys[place - 1]) if keys else None


def sizes(*lists: Sequence[JSON]) -> list[list[_Size]]:
    """Numbers that compare and add up exactly, in ten-thousandths; null is 0."""
    found: list[list[_Size]] = []
    for values in lists:
        scaled_values = _scaled(values)
        if scaled_values is None:
            return [_exact(each) for each in lists]
        found.append(scaled_values)
    return found


def _scaled(values: Sequence[JSON]) -> list[_Size] | None:
    """The sizes in ten-thousandths; None if ``scaled`` has no value for one of them."""
    found: list[_Size] = []
    for value in values:
        size = 0 if value is None else scaled(value)
        if size is None:
            return None
        found.append(size)
    return found


def _exact(values: Sequence[JSON]) -> list[_Size]:
    from fractions import Fraction  # rarely needed, and slow to import

    return [Fraction(size) * 10_000 for size in decimals(values, nulls=True)]


def _json(part: _Size) -> JSON:
    if isinstance(part, int):
        return unscaled(part)
    return plain(WIDE.divide(Decimal(part.numerator), Decimal(part.denominator * 10_000)))


@dataclass(slots=True)
class _Space:
    """Rooms, and what is left of each. All before ``start`` are full; none has more left than ``most``."""

    rooms: list[int] = field(default_factory=list)
    left: list[_Size] = field(default_factory=list)
    start: int = 0
    most: _Size | None = None

    def add(self, room: int, size: _Size) -> None:
        self.rooms.append(room)
        self.left.append(size)

    def placed(self, amount: _Size) -> Iterator[tuple[int | None, _Size]]:
        """The parts of an amount with their rooms, and last what has no room."""
        if amount <= 0:
            return
        at = self._first_with(amount)
        if at is not None:
            self.left[at] -= amount
            yield self.rooms[at], amount
            return
        while self.start < len(self.left):
            part = min(amount, self.left[self.start])
            if part > 0:
                self.left[self.start] -= part
                amount -= part
                yield self.rooms[self.start], part
            if amount <= 0:
                return
            self.start += 1
        yield None, amount

    def _first_with(self, amount: _Size) -> int | None:
        """The first room that holds so much."""
        if self.most is not None and amount > self.most:
            return None
        most: _Size = 0
        for at in range(self.start, len(self.left)):
            if self.left[at] >= amount:
                return at
            most = max(most, self.left[at])
        self.most = most
        return None


FUNCTIONS = (
    Function(
        "allot",
        takes("amounts: array, rooms: array, keys?: array, room_keys?: array"),
        types("array"),
        "Where each amount goes: to the first room that holds all of it, or else to the rooms in their "
        "order, as far as they have room. A part has the positions of its amount and its room, counted "
        "from 1; what finds no room has null as its room. With keys, an amount only goes to rooms of its key",
        (
            Example(
                "allot(`[3, 2]`, `[1, 3]`)",
                [
                    {"amount": 1, "room": 2, "part": 3},
                    {"amount": 2, "room": 1, "part": 1},
                    {"amount": 2, "room": None, "part": 1},
                ],
            ),
            Example(
                'allot(`[1, 1]`, `[5, 5]`, `["B", "C"]`, `["A", "B"]`)',
                [{"amount": 1, "room": 2, "part": 1}, {"amount": 2, "room": None, "part": 1}],
            ),
            Example("allot(missing, `[1]`)", []),
        ),
        allot,
    ),
)
