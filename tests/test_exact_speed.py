"""Arithmetic in whole ten-thousandths gives the same results as arithmetic in decimals.

Each function is compared with ``exact`` on seeded amounts of every size and kind, and on amounts from
hypothesis: the same value of the same type, or the same error text.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crossdock.core.json_types import JSON
from crossdock.language.functions import REGISTRY, FunctionError, dates, exact
from crossdock.language.functions.scaled import SCALE, rounded, scaled, unscaled

UNHURRIED = settings(deadline=None, max_examples=60)
MANY = 20_000
BOUND = 10**11

REFERENCES: dict[str, Callable[..., JSON]] = {
    "number": exact.number,
    "integer": exact.integer,
    "add": exact.add,
    "subtract": exact.subtract,
    "neg": exact.neg,
    "magnitude": exact.magnitude,
    "multiply": exact.multiply,
    "ratio": exact.ratio,
    "round": exact.round_to,
    "equal": exact.equal,
    "min_of": exact.min_of,
    "max_of": exact.max_of,
    "fill": exact.fill,
    "sum": exact.total,
    "avg": exact.average,
    "money": exact.money,
    "amount": exact.amount,
    "shares": exact.shares,
}
CURRENCIES = [None, "USD", "eur", "JPY", "KWD", "CLF", "", "unlisted"]
ROUNDINGS = [None, None, None, "half_up", "half_even", "up", "down", "ceiling", "floor", "sideways"]

EDGES: list[JSON] = [
    0,
    0.0,
    -0.0,
    1,
    -1,
    True,
    False,
    None,
    [],
    {},
    math.nan,
    math.inf,
    -math.inf,
    5e-324,
    -5e-324,
    2.2250738585072014e-308,
    1e-21,
    1e-20,
    9.999999999999999e-21,
    1e20,
    9.999999999999999e20,
    1e21,
    10**21 - 1,
    10**21,
    -(10**21),
    10**400,
    1e300,
    0.1 + 0.2,
    1.1 + 2.2,
    1.15 * 100,
    0.005,
    -0.005,
    0.0049,
    2.675,
    1.005,
    0.00005,
    -0.00005,
    0.0001,
    -0.0001,
    0.9999,
    0.99995,
    1e-4,
    1e-5,
    BOUND,
    -BOUND,
    BOUND - 1,
    1 - BOUND,
    BOUND + 1,
    1e11,
    -1e11,
    99999999999.9999,
    -99999999999.9999,
    99999999999.99,
    99999999999.99998,
    math.nextafter(1e11, 0),
    math.nextafter(1e11, 1e12),
    math.nextafter(99999999999.9999, 0),
    math.nextafter(0.01, 0),
    math.nextafter(19.9, 20),
    2.0**53,
    2.0**53 - 1,
    2.0**53 / 100,
    4503599627370496.5,
    *(
        "",
        " ",
        "0",
        "-0",
        "+0",
        "00",
        "-0.0",
        "0.",
        ".0",
        ".",
        "-",
        "+",
        "+-1",
        "--1",
        "1-",
        "1+1",
        "-.5",
        "+.5",
    ),
    *(
        " 1",
        "1 ",
        "1\n",
        "\t1",
        "1\u00a0",
        "1_000",
        "1,25",
        "1e5",
        "1E5",
        "1e-5",
        "nan",
        "NaN",
        "inf",
        "-inf",
    ),
    *("Infinity", "٣", "\uff11", "1٣", "0x10", "1.2.3", "1..2", "$1", "1.", "-10.", "007", "0.10", "19.90"),
    *(
        "19.9",
        "+19.90",
        "-19.90",
        "19.905",
        "-19.905",
        "19.9049",
        "19.90500",
        "0.00005",
        "0.000050",
        "1.00000",
    ),
    *(
        "99999999999",
        "100000000000",
        "99999999999.99",
        "99999999999.999",
        "99999999999.9999",
        "9999999999.9999",
    ),
    *(
        "-9999999999.99",
        "-9999999999.999",
        "000000000019.90",
        "0000000000019.90",
        "19.900000000000",
        "9" * 15,
    ),
    *(
        "9" * 16,
        "9" * 21,
        "9" * 22,
        "0." + "9" * 13,
        "0." + "9" * 14,
        "19.9000000000000000001",
        "0" * 64 + "1",
    ),
    *(
        "0." + "0" * 19 + "1",
        "0." + "0" * 20 + "1",
        "1" * 64,
        "0" * 65,
        "1.5\ud800",
        "١٢",
        "1" + "0" * 20 + ".5",
    ),
]


class Text(str):
    """A subclass of text, as a parser may hand over."""


class Money(float):
    """A subclass of float."""


def outcome(function: Callable[..., JSON], arguments: Sequence[JSON]) -> tuple[str, str]:
    """What a call gives: its result with the type, so that 1 is not 1.0, nor 0.0 -0.0; or the refusal."""
    try:
        result = function(*arguments)
    except FunctionError as refusal:
        return "refusal", str(refusal)
    return type(result).__name__, repr(result)


def hold(name: str, arguments: Sequence[JSON]) -> None:
    fast = REGISTRY[name].call
    assert fast
    assert outcome(fast, arguments) == outcome(REFERENCES[name], arguments), arguments


def amounts(chance: random.Random) -> Iterator[JSON]:
    """Amounts without end, two thirds of them ordinary, the others of every size and kind."""
    while True:
        size = 10 ** chance.randint(1, 11)
        cents = chance.randint(-size, size)
        kinds: list[Callable[[], JSON]] = [
            lambda cents=cents: cents / 100,
            lambda cents=cents: str(Decimal(cents).scaleb(-2)),
            lambda cents=cents: cents,
            lambda cents=cents: cents / 10_000,
            lambda cents=cents: cents / 100 + 0.005,
            lambda cents=cents: str(Decimal(cents).scaleb(-4)),
            lambda cents=cents: cents / 100 * chance.choice([3, 1.1, 1e3, 1e-3]),
            lambda cents=cents: math.nextafter(cents / 100, chance.choice([-math.inf, math.inf])),
            lambda: chance.uniform(-2, 2) * 10.0 ** chance.randint(-22, 22),
            lambda: chance.choice(EDGES),
        ]
        yield chance.choice(kinds)()


def arguments_of(name: str, chance: random.Random, found: Iterator[JSON]) -> list[JSON]:
    """Arguments for a function, in a number that it takes."""
    match name:
        case "number" | "integer" | "neg" | "magnitude":
            return [next(found)]
        case "subtract" | "ratio":
            return [next(found), next(found)]
        case "add" | "min_of" | "max_of" | "multiply":
            return [next(found) for _ in range(chance.choice([1, 2, 2, 2, 3, 4, 7]))]
        case "equal":
            near = next(found)
            return [
                near,
                chance.choice([near, next(found)]),
                *chance.choice([[], [None], [0.01], [next(found)]]),
            ]
        case "sum" | "avg":
            return [[next(found) for _ in range(chance.randint(0, 4))]]
        case "fill":
            return [next(found), [next(found) for _ in range(chance.randint(0, 4))]]
        case "round":
            return [
                next(found),
                chance.choice([None, 0, 1, 2, 2.0, 3, 4, 5, 20, 21, -1]),
                chance.choice(ROUNDINGS),
            ]
        case "shares":
            weights = [next(found) for _ in range(chance.randint(0, 3))]
            return [next(found), [abs(item) if type(item) in (int, float) else item for item in weights]]
    return [next(found), chance.choice(CURRENCIES), chance.choice(ROUNDINGS)]


@pytest.fixture(scope="module")
def seeded() -> list[JSON]:
    return [*islice(amounts(random.Random(2016)), MANY)]


class TestAgainstTheReference:
    def test_the_seeded_amounts_go_both_ways(self, seeded: list[JSON]) -> None:
        short = sum(scaled(value) is not None for value in seeded)
        assert MANY * 0.5 < short < MANY * 0.8

    @pytest.mark.parametrize("name", REFERENCES)
    def test_seeded_amounts(self, name: str, seeded: list[JSON]) -> None:
        chance, found = random.Random(name), iter(seeded)
        fast, reference = REGISTRY[name].call, REFERENCES[name]
        assert fast and fast is not reference
        with suppress(StopIteration):
            while True:
                arguments = arguments_of(name, chance, found)
                assert outcome(fast, arguments) == outcome(reference, arguments), arguments

    @pytest.mark.parametrize("name", REFERENCES)
    def test_every_edge_alone(self, name: str) -> None:
        for edge in EDGES:
            match name:
                case "subtract" | "ratio" | "equal":
                    hold(name, [edge, 2.5])
                    hold(name, [2.5, edge])
                case "sum" | "avg":
                    hold(name, [[edge]])
                    hold(name, [[1.5, edge, "2.25"]])
                case "fill":
                    hold(name, [edge, [1, 2]])
                    hold(name, [10, [3, edge, 2.5]])
                case "shares":
                    hold(name, [edge, [1, 2]])
                    hold(name, [10, [1, edge]])
                case _:
                    hold(name, [edge])

    @pytest.mark.parametrize("name", ["add", "subtract", "multiply", "ratio", "equal", "min_of", "max_of"])
    def test_every_two_edges(self, name: str) -> None:
        for left in EDGES:
            for right in EDGES:
                hold(name, [left, right])

    @pytest.mark.parametrize("name", ["money", "amount", "shares"])
    def test_every_edge_in_every_currency(self, name: str) -> None:
        for edge in EDGES:
            for currency in CURRENCIES:
                hold(name, [edge, [1, 1, 1.5], currency] if name == "shares" else [edge, currency])

    @pytest.mark.parametrize("name", REFERENCES)
    @given(data=st.data())
    @UNHURRIED
    def test_what_hypothesis_finds(self, name: str, data: st.DataObject) -> None:
        value = st.one_of(
            st.integers(),
            st.floats(),
            st.decimals(
                allow_nan=False, allow_infinity=False, places=2, min_value=-BOUND, max_value=BOUND
            ).map(float),
            st.from_regex(r"\A[+-]?[0-9]{0,14}\.?[0-9]{0,5}\Z"),
            st.text(max_size=6),
            st.none() | st.booleans(),
            st.sampled_from(EDGES),
        )
        chance = random.Random(data.draw(st.integers(0, 99)))
        found = iter(lambda: data.draw(value), object())
        hold(name, arguments_of(name, chance, found))

    def test_subclasses_are_left_to_the_reference(self) -> None:
        for name in ("money", "add", "number"):
            hold(name, [Text("19.90")])
            hold(name, [Money(19.9)])

    def test_a_product_has_as_many_digits_as_the_reference_keeps(self) -> None:
        for factors in (
            [99999999999.99, 99999999999.99],
            [1e10, 1e10, 10],
            [31622776601.6837, 31622776601.6838],
        ):
            hold("multiply", factors)
        hold("multiply", [99999999999.99, 0.0001, 99999999999.9999])
        hold("multiply", [12345.6789] * 7)
        hold("multiply", [0.0003] * 3)
        hold("multiply", [0.0003] * 6)
        hold("multiply", [99999999999.99, 0, 99999999999.99])

    def test_quotients_that_lie_close_to_a_half(self) -> None:
        for divisor in (3, 7, 9, 11, 13, 64, 128, 1024, 99999999999, 0.0001, 31622776601.6837, 2e10, 4e10):
            for dividend in (1, -1, 0.0001, 0.00015, 99999999999.9999, 5, 12345.6785, 1.5):
                hold("ratio", [dividend, divisor])
        for count in range(1, 200):
            hold("avg", [[0.01] + [0] * (count - 1)])
            hold("avg", [[99999999999.99] * (count - 1) + [-0.0001]])


class TestScaled:
    """The argument in the docstring of ``scaled``, tested with decimals."""

    @UNHURRIED
    @given(st.integers(1 - 10**15, 10**15 - 1))
    @example(1 - 10**15)
    @example(10**15 - 1)
    @example(1)
    def test_every_amount_within_the_bound_is_found(self, units: int) -> None:
        assert scaled(units / SCALE) == units
        assert scaled(float(Decimal(units).scaleb(-4))) == units

    @given(st.floats() | st.decimals(-BOUND, BOUND, places=5).map(float))
    @settings(UNHURRIED, max_examples=400)
    def test_what_is_found_is_the_decimal_itself(self, number: float) -> None:
        units = scaled(number)
        if units is not None:
            assert Decimal(str(number)) == Decimal(units).scaleb(-4)

    @given(st.from_regex(r"\A[+-]?[0-9]{0,12}\.?[0-9]{0,6}\Z") | st.text("0123456789.+-eE_ \n٣", max_size=16))
    @settings(UNHURRIED, max_examples=400)
    def test_what_is_found_in_text_is_the_decimal_itself(self, text: str) -> None:
        units = scaled(text)
        if units is not None:
            assert Decimal(text) == Decimal(units).scaleb(-4)
            assert exact.number(text) == unscaled(units)

    @pytest.mark.parametrize("neighbour", [-math.inf, math.inf])
    def test_the_next_float_is_another_number(self, neighbour: float) -> None:
        chance = random.Random(15)
        for _ in range(MANY):
            units = chance.randint(-(10 ** chance.randint(1, 15)), 10 ** chance.randint(1, 15) - 1)
            number = math.nextafter(units / SCALE, neighbour)
            found = scaled(number)
            assert found is None or Decimal(str(number)) == Decimal(found).scaleb(-4)
            assert found != units

    @pytest.mark.parametrize(
        ("value", "units"),
        [
            (19.9, 199_000),
            (-19.9, -199_000),
            (0.0001, 1),
            (-0.0, 0),
            (5, 50_000),
            (99_999_999_999, 999_999_999_990_000),
            (99_999_999_999.9999, 999_999_999_999_999),
            ("19.90", 199_000),
            ("+19.9", 199_000),
            ("-.5", -5_000),
            ("12.", 120_000),
            ("007", 70_000),
            ("19.90000", 199_000),
            ("00000000019.90", 199_000),
        ],
    )
    def test_ordinary_amounts_go_the_short_way(self, value: JSON, units: int) -> None:
        assert scaled(value) == units

    @pytest.mark.parametrize(
        "value",
        [
            None,
            True,
            False,
            [],
            {},
            0.1 + 0.2,
            0.00005,
            5e-324,
            1e11,
            -1e11,
            10**11,
            -(10**11),
            math.nan,
            math.inf,
            -math.inf,
            Text("1"),
            Money(1.5),
            "",
            ".",
            "-",
            "1-2",
            "1e5",
            " 1",
            "1\n",
            "1_000",
            "NaN",
            "٣",
            "19.90001",
            "100000000000",
            "0000000000019.90",
        ],
    )
    def test_all_else_does_not(self, value: JSON) -> None:
        assert scaled(value) is None

    @given(st.integers(-(10**15), 10**15), st.integers(0, 4))
    @UNHURRIED
    def test_rounded_is_half_up(self, units: int, digits: int) -> None:
        expected = Decimal(units).scaleb(-4).quantize(Decimal(1).scaleb(-digits), "ROUND_HALF_UP")
        assert rounded(units, digits) == int(expected.scaleb(digits))

    def test_unscaled_is_an_int_where_the_number_is_whole(self) -> None:
        assert [repr(unscaled(units)) for units in (0, 10_000, -10_000, 199_000, -5, 10**30)] == [
            *("0", "1", "-1", "19.9", "-0.0005", str(10**26)),
        ]


def moments(chance: random.Random) -> Iterator[str]:
    """Date-times without end: of each part the usual form, a rare one, or none that there is."""

    def some(usual: str, *others: str) -> str:
        return usual if chance.random() < 0.85 else chance.choice(others)

    while True:
        year = some(
            f"{chance.randint(1970, 2030)}", "0000", "0001", "1582", "9999", "10000", "99", "\uff12024"
        )
        day = some(f"{chance.randint(1, 28):02}", "29", "30", "31", "32", "00", "7", "W1")
        hour = some(f"{chance.randint(0, 23):02}", "24", "99", "+1", "1")
        second = some(f"{chance.randint(0, 59):02}", "60", "61", "5", "\u0660\u0667", "-5")
        fraction = some(chance.choice(["", ".123", ".999999999"]), ",5", ".", ".12Z", ".+01", ".\u0661")
        offset = some("Z", "z", "", "+00:00", "-05:00", "+0230", "+02", "+24:00", "ZZ", " Z", "Z\n", "+00:60")
        between = some("T", "t", " ", "_", "")
        minute = some(f":{chance.randint(0, 59):02}", ":60", ":5", "30", "", ":3:")
        month = some(f"-{chance.randint(1, 12):02}-", "-00-", "-13-", "-2-", "0401", "-W14-", "/04/")
        yield f"{year}{month}{day}{between}{hour}{minute}:{second}{fraction}{offset}"


class TestDates:
    def test_seeded_date_times(self) -> None:
        chance = random.Random(1970)
        found = moments(chance)
        kinds = set()
        for _ in range(MANY):
            arguments: list[JSON] = [next(found), *chance.choice([[], [], ["UTC"], ["+01:30"], ["nowhere"]])]
            expected = outcome(dates.epoch_of_parts, arguments)
            assert outcome(dates.epoch, arguments) == expected, arguments
            kinds.add(expected if expected[0] == "refusal" else expected[0])
        assert len(kinds) >= 5, "times, and refusals of four kinds"

    @UNHURRIED
    @given(st.from_regex(r"\A[0-9]{4}-?[0-9W]{2}-?[0-9]{2}.[0-9]{2}:?[0-9]{2}:?[0-9.,+]{2,9}[Zz]?\Z"))
    def test_text_that_looks_like_a_date_time(self, text: str) -> None:
        assert outcome(dates.epoch, [text]) == outcome(dates.epoch_of_parts, [text])

    @UNHURRIED
    @given(st.integers(-62135596800, 253402300799) | st.integers() | st.floats())
    def test_iso_is_the_calendar(self, seconds: float) -> None:
        try:
            whole = int(exact.integer(seconds))
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=whole)
        except (FunctionError, OverflowError):
            assert outcome(dates.iso, [seconds])[0] == "refusal"
        else:
            assert dates.iso(seconds) == moment.isoformat().replace("+00:00", "Z")


class TestUnique:
    @UNHURRIED
    @given(
        st.lists(st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, -0.0, 1.0, "", "1"]))
    )
    def test_plain_values_are_told_apart_as_all_others_are(self, array: list[JSON]) -> None:
        """A list among the items has each of them looked at by itself."""
        unique = REGISTRY["unique"].call
        assert unique
        assert repr(unique([*array, []])) == repr([*unique(array), []])
