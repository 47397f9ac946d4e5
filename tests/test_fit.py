"""Numbers that are paired with ranges: as many as possible, each with one of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.json_types import JSON
from crossdock.language.functions import REGISTRY, FunctionError

RANGES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=5)
NUMBERS = st.lists(st.integers(0, 4), max_size=5)


def call(*arguments: JSON) -> list:
    found = REGISTRY["fit"].apply(arguments)
    assert isinstance(found, list)
    return found


def most(numbers: list[int], ranges: list[tuple[int, int]]) -> int:
    """The most pairs, found by trying all ways."""
    if not numbers:
        return 0
    first, *rest = numbers
    with_first = (
        1 + most(rest, ranges[:at] + ranges[at + 1 :])
        for at, (low, high) in enumerate(ranges)
        if low <= first <= high
    )
    return max(most(rest, ranges), *with_first, 0)


class TestFit:
    def test_a_number_takes_the_range_that_it_is_the_end_of(self):
        assert call([2, 0], [0, 0], [3, 2]) == [2, 1]
        assert call([2, 3], [0, 0], [3, 2]) == [2, 1]
        assert call([2], [0, 1, 1], [2, 2, 2]) == [2]

    def test_more_pairs_come_before_ends(self):
        assert call([2, 0], [1, 0], [3, 2]) == [1, 2]
        assert call([2, 1], [2, 1], [3, 2]) == [1, 2]

    def test_a_number_that_no_range_holds_has_none(self):
        assert call([4, 1, -1], [0, 2], [3, 9]) == [2, 1, None]
        assert call([1, 1], [0], [1]) == [1, None]
        assert call([], [1], [1]) == []
        assert call([1], [], []) == [None]
        assert call([3], [5], [2]) == [None]

    def test_a_number_only_goes_to_ranges_of_its_key(self):
        assert call([1, 5], [0, 0], [4, 4], ["B", "B"], ["A", "B"]) == [2, None]
        assert call([1, 1], [0, 0], [1, 1], [True, 1], [1, True]) == [2, 1]

    def test_numbers_are_exact(self):
        assert call(["0.30", 0.1], [0.1, 0.3], ["0.2", 0.3]) == [2, 1]
        assert call([0.123456789], [0.123456788, 0.1234567890], [0.123456788, 0.123456789]) == [2]

    @given(NUMBERS, RANGES)
    def test_no_other_way_pairs_more(self, numbers, ranges):
        lows, highs = [low for low, _ in ranges], [high for _, high in ranges]
        found = call(numbers, lows, highs)
        taken = [at for at in found if at is not None]
        assert len(set(taken)) == len(taken)
        for number, at in zip(numbers, found, strict=True):
            assert at is None or lows[at - 1] <= number <= highs[at - 1]
        assert len(taken) == most(numbers, [*zip(lows, highs, strict=True)])

    def test_many_numbers_are_paired(self):
        many = list(range(20_000))
        assert call(many, [0] * 20_000, many[::-1]) == [20_000 - at for at in many]
        assert call([*many[1:], 0], many, [each + 1 for each in many])[:2] == [2, 3]

    @pytest.mark.parametrize(
        "arguments, message",
        [
            (([1], [1], [1, 2]), "`fit` takes as many ends of ranges as there are beginnings"),
            (
                ([1, 1], [1], [1], ["A"], ["A"]),
                "`fit` takes as many keys as its fourth argument as there are items to have them",
            ),
            (
                ([1], [1], [1], ["A"], ["A", "B"]),
                "`fit` takes as many keys as its fifth argument as there are items to have them",
            ),
            ((["x"], [1], [1]), "`fit` takes a list of numbers, and item [0] is text that is not a number"),
            ((1, [1], [1]), "`fit` takes a list as its first argument, not a number"),
        ],
    )
    def test_other_values_are_refused(self, arguments, message):
        with pytest.raises(FunctionError) as refused:
            call(*arguments)
        assert str(refused.value) == message
