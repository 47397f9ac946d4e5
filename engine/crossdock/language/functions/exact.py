"""The reference calculations of the library: every amount is a decimal, every step exact.

``arithmetic`` and ``money`` compute most amounts in whole ten-thousandths, with the same results, and call
these functions for the rest. tests/test_exact_speed.py compares the two.

    exact.add(0.1, "0.2")                 0.3
    exact.money("2.675")                  "2.68"
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING, Final

from crossdock.core.json_types import JSON
from crossdock.core.limits import DECIMAL_DIGITS
from crossdock.language.functions.decimals import (
    EXACT,
    WIDE,
    ZERO,
    decimal,
    decimals,
    plain,
    quantize,
)
from crossdock.language.functions.function import FunctionError

if TYPE_CHECKING:
    from fractions import Fraction

RATIO_DIGITS: Final = 10
USUAL_DIGITS: Final = 2
# ISO 4217: the minor units of the currencies with other than two decimal places.
_MINOR_UNITS: Final = {
    code: digits
    for digits, codes in (
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"),
    )
    for code in codes.split()
}


def number(value: JSON) -> int | float:
    return plain(decimal(value))


def integer(value: JSON) -> int:
    whole = plain(decimal(value))
    if not isinstance(whole, int):
        raise FunctionError("takes a whole number as its first argument, not a fraction")
    return whole


def add(*values: JSON) -> int | float | None:
    present = [decimal(value, position) for position, value in enumerate(values) if value is not None]
    return plain(reduce(EXACT.add, present)) if present else None


def subtract(value: JSON, less: JSON) -> int | float:
    return plain(EXACT.subtract(decimal(value), ZERO if less is None else decimal(less, 1)))


def neg(value: JSON) -> int | float:
    return plain(decimal(value).copy_negate())


def magnitude(value: JSON) -> int | float:
    return plain(decimal(value).copy_abs())


def multiply(*values: JSON) -> int | float:
    return plain(reduce(EXACT.multiply, [decimal(value, position) for position, value in enumerate(values)]))


def ratio(value: JSON, by: JSON) -> int | float | None:
    dividend, divisor = decimal(value), ZERO if by is None else decimal(by, 1)
    return plain(quantize(WIDE.divide(dividend, divisor), RATIO_DIGITS)) if divisor else None


def round_to(value: JSON, digits: int | None = None, rounding: str | None = None) -> int | float:
    places = int(digits or 0)
    if not 0 <= places <= DECIMAL_DIGITS:
        raise FunctionError(f"takes 0 to {DECIMAL_DIGITS} as its digits")
    return plain(quantize(decimal(value), places, rounding))


def equal(a: JSON, b: JSON, tolerance: JSON = None) -> bool:
    left = None if a is None else decimal(a)
    right = None if b is None else decimal(b, 1)
    most = ZERO if tolerance is None else decimal(tolerance, 2)
    if left is None or right is None:
        return left is right
    return EXACT.subtract(left, right).copy_abs() <= most


def min_of(*values: JSON) -> int | float | None:
    present = [decimal(value, position) for position, value in enumerate(values) if value is not None]
    return plain(min(present)) if present else None


def max_of(*values: JSON) -> int | float | None:
    present = [decimal(value, position) for position, value in enumerate(values) if value is not None]
    return plain(max(present)) if present else None


def fill(value: JSON, rooms: Sequence[JSON]) -> list[JSON]:
    rest = decimal(value)
    parts: list[JSON] = []
    for room in decimals(rooms, nulls=True):
        part = max(ZERO, min(room, rest))
        rest = EXACT.subtract(rest, part)
        parts.append(plain(part))
    return parts


def total(values: list[JSON]) -> int | float:
    return plain(reduce(EXACT.add, decimals(values), ZERO))


def average(values: list[JSON]) -> int | float | None:
    if not values:
        return None
    return plain(WIDE.divide(reduce(EXACT.add, decimals(values), ZERO), len(values)))


def money(value: JSON, currency: str | None = None, rounding: str | None = None) -> str:
    return format(quantize(decimal(value), digits_of(currency), rounding), "f")


def amount(value: JSON, currency: str | None = None, rounding: str | None = None) -> int | float:
    return plain(quantize(decimal(value), digits_of(currency), rounding))


def shares(value: JSON, weights: Sequence[JSON], currency: str | None = None) -> list[JSON]:
    from fractions import Fraction  # rarely needed, and slow to import

    digits = digits_of(currency)
    units = int(quantize(decimal(value), digits).scaleb(digits, WIDE))
    parts = apportion(units, [Fraction(weight) for weight in decimals(weights, nulls=True)])
    return [plain(Decimal(part).scaleb(-digits, WIDE)) for part in parts]


def apportion(units: int, weights: Sequence[int] | Sequence[Fraction]) -> list[int]:
    """Units divided by the largest remainder method; of equal remainders the earlier one comes first.

    If all weights are 0 they count as equal. Negative amounts are divided like positive ones, so that a
    refund has the parts of the charge with the opposite sign. FunctionError for a negative weight.
    """
    if any(weight < 0 for weight in weights):
        raise FunctionError("takes weights that are not negative")
    most, whole = abs(units), sum(weights)
    if not whole:
        weights, whole = [1] * len(weights), len(weights)
    parts = [most * weight // whole for weight in weights]
    rests = [most * weight % whole for weight in weights]
    by_rest = sorted(range(len(parts)), key=rests.__getitem__, reverse=True)
    for index in by_rest[: most - sum(parts)]:
        parts[index] += 1
    return parts if units >= 0 else [-part for part in parts]


def digits_of(currency: str | None) -> int:
    """The decimal places of an ISO 4217 code in any case; 2 for other codes and for None."""
    return USUAL_DIGITS if currency is None else _MINOR_UNITS.get(currency.upper(), USUAL_DIGITS)
