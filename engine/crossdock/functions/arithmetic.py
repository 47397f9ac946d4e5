"""Arithmetic, which JMESPath lacks: exact in decimals, and patient with what is missing.

add(subtotal, shipping, neg(discount))
"""

from __future__ import annotations

from functools import reduce

from crossdock.functions.decimals import EXACT, MOST_DIGITS, WIDE, ZERO, decimal, decimals, plain, quantize
from crossdock.functions.function import Example, Function, FunctionError, takes, types
from crossdock.values import JSON

_RATIO_DIGITS = 10


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
    return plain(quantize(WIDE.divide(dividend, divisor), _RATIO_DIGITS)) if divisor else None


def round_to(value: JSON, digits: int | None = None, rounding: str | None = None) -> int | float:
    places = int(digits or 0)
    if not 0 <= places <= MOST_DIGITS:
        raise FunctionError(f"takes 0 to {MOST_DIGITS} as its digits")
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


def total(values: list[JSON]) -> int | float:
    return plain(reduce(EXACT.add, decimals(values), ZERO))


def average(values: list[JSON]) -> int | float | None:
    if not values:
        return None
    return plain(WIDE.divide(reduce(EXACT.add, decimals(values), ZERO), len(values)))


FUNCTIONS = (
    Function(
        "number",
        takes("value: number | string"),
        types("number"),
        "A number, or the number that a text is; other text is an error",
        (Example("number('19.90')", 19.9), Example("number('-10.')", -10), Example("number(`2.0`)", 2)),
        number,
    ),
    Function(
        "integer",
        takes("value: number | string"),
        types("integer"),
        "A whole number, or the whole number that a text is; a fraction is an error",
        (Example("integer('2')", 2), Example("integer(`2.0`)", 2)),
        integer,
    ),
    Function(
        "add",
        takes("value: number | string | null, ..."),
        types("number | null"),
        "The sum of its arguments; what is missing is skipped, and null if all is missing",
        (Example("add(`0.1`, `0.2`)", 0.3), Example("add('19.90', missing, `0.1`)", 20)),
        add,
    ),
    Function(
        "subtract",
        takes("value: number | string, less: number | string | null"),
        types("number"),
        "The first number less the second; a missing second counts 0",
        (Example("subtract(`0.3`, `0.1`)", 0.2), Example("subtract(`5`, missing)", 5)),
        subtract,
    ),
    Function(
        "neg",
        takes("value: number | string"),
        types("number"),
        "The number with the other sign",
        (Example("neg(`9.5`)", -9.5), Example("neg('-10.')", 10)),
        neg,
    ),
    Function(
        "magnitude",
        takes("value: number | string"),
        types("number"),
        "The number without its sign: `abs` that takes text too, and yields nothing for nothing",
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
        "The first number divided by the second, to 10 decimal places half up; null when the second is 0",
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
        "The number rounded to so many decimal places (0), half up or by `rounding`",
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
        "Whether two numbers are equal, or differ by no more than the tolerance (0)",
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
        "The smallest of its arguments; what is missing is skipped",
        (Example("min_of(`3`, missing, '2.5')", 2.5),),
        min_of,
    ),
    Function(
        "max_of",
        takes("value: number | string | null, ..."),
        types("number | null"),
        "The greatest of its arguments; what is missing is skipped",
        (Example("max_of(`0`, subtract(`5`, `7`))", 0),),
        max_of,
    ),
)
