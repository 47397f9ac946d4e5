"""Amounts that are placed in rooms, in their order: nothing is lost, and no room holds too much."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.json_types import JSON
from crossdock.language.functions import REGISTRY, FunctionError

AMOUNTS = st.lists(st.integers(0, 12))


def call(*arguments: JSON) -> list:
    found = REGISTRY["allot"].apply(arguments)
    assert isinstance(found, list)
    return found


def parts(*rows: tuple[int, int | None, float]) -> list:
    return [{"amount": amount, "room": room, "part": part} for amount, room, part in rows]


class TestAllot:
    def test_an_amount_goes_to_the_first_room_that_holds_all_of_it(self):
        assert call([2, 1, 2], [1, 2, 3]) == parts((1, 2, 2), (2, 1, 1), (3, 3, 2))
        assert call([1, 3, 1], [2, 3, 3]) == parts((1, 1, 1), (2, 2, 3), (3, 1, 1))

    def test_an_amount_that_no_room_holds_takes_the_rooms_in_their_order(self):
        assert call([3, 2], [2, 2]) == parts((1, 1, 2), (1, 2, 1), (2, 2, 1), (2, None, 1))
        assert call([5, 1, 4], [0, 3, 4]) == parts((1, 2, 3), (1, 3, 2), (2, 3, 1), (3, 3, 1), (3, None, 3))

    def test_what_is_not_more_than_nothing_takes_and_holds_nothing(self):
        assert call([0, -1, None, 2], [-3, None, 0, 1]) == parts((4, 4, 1), (4, None, 1))
        assert call([], [1]) == []
        assert call([1], []) == parts((1, None, 1))

    def test_an_amount_only_goes_to_rooms_of_its_key(self):
        found = call([2, 2, 1, 1], [1, 5, 1, 9], ["A", "B", "A", None], ["A", "B", "A", "C"])
        assert found == parts((1, 1, 1), (1, 3, 1), (2, 2, 2), (3, None, 1), (4, None, 1))
        assert call([1, 1], [1, 1], [True, 1], [1, True]) == parts((1, 2, 1), (2, 1, 1))

    def test_money_is_exact(self):
        assert call(["0.30", 0.1], [0.1, "0.25", 9]) == parts((1, 3, 0.3), (2, 1, 0.1))
        assert call(["0.30"], [0.1, "0.25"]) == parts((1, 1, 0.1), (1, 2, 0.2))
        assert call([0.123456789], [0.1, 0.1]) == parts((1, 1, 0.1), (1, 2, 0.023456789))

    @given(AMOUNTS, AMOUNTS)
    def test_nothing_is_lost_and_no_room_holds_too_much(self, amounts, rooms):
        found = call(amounts, rooms)
        assert found == call(
            [amount + 0.0 for amount in amounts], [f"{room}.0000000000000000" for room in rooms]
        )
        for place, amount in enumerate(amounts, 1):
            assert sum(Decimal(str(row["part"])) for row in found if row["amount"] == place) == amount
        for place, room in enumerate(rooms, 1):
            assert sum(Decimal(str(row["part"])) for row in found if row["room"] == place) <= room
        assert all(row["part"] > 0 for row in found)
        free = sum(rooms) - sum(row["part"] for row in found if row["room"] is not None)
        assert not free or all(row["room"] is not None for row in found)

    def test_amounts_that_no_room_holds_whole_are_looked_for_once(self):
        began = time.process_time()
        call([3] * 20_000, [2] * 20_000)
        assert time.process_time() - began < 2

    @pytest.mark.parametrize(
        "arguments, message",
        [
            (
                ([1, 1], [1], ["A"], ["A"]),
                "`allot` takes as many keys as its third argument as there are items to have them",
            ),
            (
                ([1], [1], ["A"], ["A", "B"]),
                "`allot` takes as many keys as its fourth argument as there are items to have them",
            ),
            ((["x"], [1]), "`allot` takes a list of numbers, and item [0] is text that is not a number"),
            (([1], [[]]), "`allot` takes a list of numbers, and item [0] is a list"),
            ((1, [1]), "`allot` takes a list as its first argument, not a number"),
        ],
    )
    def test_other_values_are_refused(self, arguments, message):
        with pytest.raises(FunctionError) as refused:
            call(*arguments)
        assert str(refused.value) == message
