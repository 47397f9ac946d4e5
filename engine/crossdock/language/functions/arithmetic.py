"""Arithmetic, which JMESPath lacks: exact in decimals, and lenient about missing values.

Each function first computes in whole ten-thousandths (``scaled``), and calls ``exact`` for numbers that do
not fit. ``exact`` defines the results, and raises all errors.

add(subtotal, shipping, neg(discount))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from crossdock.core.json_types import JSON
from crossdock.core.limits import DECIMAL_DIGITS
from crossdock.language.functions import exact
from crossdock.language.functions.function import Example, Function, takes, types
from crossdock.language.functions.scaled import DIGITS, SCALE, rounded, scaled, unscaled

_RATIO_SCALE: Final = 10**exact.RATIO_DIGITS
_MEAN_SCALE: Final = 10**DECIMAL_DIGITS
# With at most three factors, a product below this is below 1e21, and has no more digits than ``exact`` keeps.
_MOST_PRODUCT: Final = 10**29
_MOST_FACTORS: Final = 3


def number(value: JSON) -> int | float:
    units = scaled(value)
    return exact.number(value) if units is None else unscaled(units)


def integer(value: JSON) -> int:
    units = scaled(value)
    return exact.integer(value) if units is None or units % SCALE else units // SCALE


def add(*values: JSON) -> int | float | None:
    units, missing = 0, True
    for value in values:
        if value is not None:
            part = scaled(value)
            if part is None:
                return exact.add(*values)
            units += part
            missing = False
    return None if missing else unscaled(units)


def subtract(value: JSON, less: JSON) -> int | float:
    units, fewer = scaled(value), 0 if less is None else scaled(less)
    return exact.subtract(value, less) if units is None or fewer is None else unscaled(units - fewer)


def neg(value: JSON) -> int | float:
    units = scaled(value)
    return exact.neg(value) if units is None else unscaled(-units)


def magnitude(value: JSON) -> int | float:
    units = scaled(value)
    return exact.magnitude(value) if units is None else unscaled(abs(units))


def multiply(*values: JSON) -> int | float:
    product = scale = 1
    for value in values:
        units = scaled(value)
        if units is None:
            return exact.multiply(*values)
        product *= units
        scale *= SCALE
    if len(values) <= _MOST_FACTORS and -_MOST_PRODUCT < product < _MOST_PRODUCT:
        return unscaled(product, scale)
    return exact.multiply(*values)


def ratio(value: JSON, by: JSON) -> int | float | None:
    units, divisor = scaled(value), 0 if by is None else scaled(by)
    if units is None or divisor is None:
        return exact.ratio(value, by)
    return unscaled(_half_up(units * _RATIO_SCALE, divisor), _RATIO_SCALE) if divisor else None


def round_to(value: JSON, digits: int | None = None, rounding: str | None = None) -> int | float:
    places = int(digits or 0)
    units = scaled(value) if rounding is None and 0 <= places <= DIGITS else None
    if units is None:
        return exact.round_to(value, digits, rounding)
    return unscaled(rounded(units, places), 10**places)


def equal(a: JSON, b: JSON, tolerance: JSON = None) -> bool:
    left, right = scaled(a), scaled(b)
    if left is None or right is None:
        return exact.equal(a, b, tolerance)
    if tolerance is None:
        return left == right
    most = scaled(tolerance)
    return exact.equal(a, b, tolerance) if most is None else abs(left - right) <= most


def min_of(*values: JSON) -> int | float | None:
    units = _present(values)
    return unscaled(min(units)) if units else exact.min_of(*values)


def max_of(*values: JSON) -> int | float | None:
    units = _present(values)
    return unscaled(max(units)) if units else exact.max_of(*values)


def total(values: list[JSON]) -> int | float:
    units = _sum(values)
    return exact.total(values) if units is None else unscaled(units)


def average(values: list[JSON]) -> int | float | None:
    units = _sum(values) if values else None
    if units is None:
        return exact.average(values)
    return unscaled(_half_up(units * _MEAN_SCALE, len(values) * SCALE), _MEAN_SCALE)


def _sum(values: list[JSON]) -> int | None:
    """The sum of a list in ten-thousandths; None if ``scaled`` has no value for one of its items."""
    units = 0
    for value in values:
        part = scaled(value)
        if part is None:
            return None
        units += part
    return units


def _present(values: Sequence[JSON]) -> list[int] | None:
    """The ten-thousandths of the values that are not null; None if ``scaled`` gives None for one."""
    found = []
    for value in values:
        if value is not None:
            units = scaled(value)
            if units is None:
                return None
            found.append(units)
    return found


def _half_up(dividend: int, divisor: int) -> int:
    """The quotient as a whole number. A half is rounded away from zero, as in ``quantize``.

    The result equals that of ``exact``, which divides to 80 digits first: a quotient of such numbers that is
    not exactly a half differs from it within 80 digits.
    """
    twice, least = 2 * abs(dividend), abs(divisor)
    quotient = (twice + least) // (2 * least)
    return quotient if (dividend < 0) is (divisor < 0) else -quotient


def fill(value: JSON, rooms: Sequence[JSON]) -> list[JSON]:
    rest = scaled(value)
    parts: list[JSON] = []
    sizes = [0 if room is None else scaled(room) for room in rooms]
    if rest is None or None in sizes:
        return exact.fill(value, rooms)
    for size in sizes:
        assert size is not None
        part = max(0, min(size, rest))
        rest -= part
        parts.append(unscaled(part))
    return parts


FUNCTIONS = (
    Function(
        "number",
        takes("value: number | string"),
        types("number"),
        "The number, or the value of a numeric text; other text is an error",
        (Example("number('19.90')", 19.9), Example("number('-10.')", -10), Example("number(`2.0`)", 2)),
        number,
    ),
    Function(
        "integer",
        takes("value: number | string"),
        types("integer"),
        "The whole number, or the value of a text with a whole number; a fraction is an error",
        (Example("integer('2')", 2), Example("integer(`2.0`)", 2)),
        integer,
    ),
    Function(
        "add",
        takes("value: number | string | null, ..."),
        types("number | null"),
        "The sum of its arguments; missing ones are skipped, null if all are missing",
        (Example("add(`0.1`, `0.2`)", 0.3), Example("add('19.90', missing, `0.1`)", 20)),
        add,
    ),
    Function(
        "subtract",
        takes("value: number | string, less: number | string | null"),
        types("number"),
        "The first number minus the second; a missing second number counts as 0",
        (Example("subtract(`0.3`, `0.1`)", 0.2), Example("subtract(`5`, missing)", 5)),
        subtract,
    ),
    Function(
        "neg",
        takes("value: number | string"),
        types("number"),
        "The number with the opposite sign",
        (Example("neg(`9.5`)", -9.5), Example("neg('-10.')", 10)),
        neg,
    ),
    Function(
        "magnitude",
        takes("value: number | string"),
        types("number"),
        "The absolute value: like `abs`, but also for numeric text, and null for null",
        (Example("magnitude(`-9.5`)", 9.5), Example("magnitude(missing)", None)),
        magnitude,
    ),
    Function(
        "multiply",
        takes("value: number | string, ..."),
        types("number"),
        "The product of its arguments",
        (Example("multiply(`19.99`, `3`)", 59.97), Example("multiply(`1.1`, `1.1`, `10`)", 12.1)),
        multiply,
    ),
    Function(
        "ratio",
        takes("value: number | string, by: number | string"),
        types("number | null"),
        "The first number divided by the second, rounded half up to 10 decimal places; "
        "null if the second is 0",
        (
            Example("ratio(`17.33`, `2`)", 8.665),
            Example("ratio(`2`, `3`)", 0.6666666667),
            Example("ratio(`1`, `0`)", None),
        ),
        ratio,
    ),
    Function(
        "round",
        takes("value: number | string, digits?: integer, rounding?: string"),
        types("number"),
        "The number rounded to `digits` decimal places (0 by default), half up or by `rounding`",
        (
            Example("round(`2.675`, `2`)", 2.68),
            Example("round(`2.5`)", 3),
            Example("round(`2.5`, `0`, 'half_even')", 2),
        ),
        round_to,
    ),
    Function(
        "equal",
        takes("a: number | string | null, b: number | string | null, tolerance?: number | string"),
        types("boolean"),
        "Whether two numbers differ by no more than the tolerance (0 by default)",
        (
            Example("equal(`10`, '10.00')", True),
            Example("equal(`9.99`, `10`, `0.01`)", True),
            Example("equal(missing, `0`)", False),
            Example("equal(missing, missing)", True),
        ),
        equal,
    ),
    Function(
        "min_of",
        takes("value: number | string | null, ..."),
        types("number | null"),
        "The smallest of its arguments; missing ones are skipped",
        (Example("min_of(`3`, missing, '2.5')", 2.5),),
        min_of,
    ),
    Function(
        "max_of",
        takes("value: number | string | null, ..."),
        types("number | null"),
        "The greatest of its arguments; missing ones are skipped",
        (Example("max_of(`0`, subtract(`5`, `7`))", 0),),
        max_of,
    ),
    Function(
        "fill",
        takes("amount: number | string, rooms: array"),
        types("array"),
        "The amount put into rooms one after the other: each takes what fits of what is left. "
        "What fits nowhere is in none",
        (
            Example("fill(`7`, `[3, 2, 5]`)", [3, 2, 2]),
            Example("fill('12.50', `[10, null, -1, 1]`)", [10, 0, 0, 1]),
            Example("fill(`7`, missing)", []),
            Example("fill(missing, `[1]`)", None),
        ),
        fill,
    ),
)
