"""Conversion between JSON numbers and decimals: every calculation of the library happens in between.

``decimal`` reads a JSON number or numeric text, ``plain`` gives a JSON number back: an int where the
value is whole, else the float that prints as the decimal does. Both limit the size of a number to
1e-20 to 1e21, so that no input can cause large results, and every result is a valid argument.
"""

from __future__ import annotations

import decimal as _decimal
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from crossdock.core.json_types import JSON
from crossdock.core.kinds import described
from crossdock.core.limits import DECIMAL_CHARACTERS, DECIMAL_DIGITS
from crossdock.language.functions.function import FunctionError, ordinal

# Call the methods of these, never the operators: operators round by the calling thread's context.
EXACT: Final = _decimal.Context(prec=34, rounding=_decimal.ROUND_HALF_EVEN, Emin=-9999, Emax=9999)
WIDE: Final = _decimal.Context(prec=80, rounding=_decimal.ROUND_HALF_EVEN, Emin=-9999, Emax=9999)

ROUNDINGS: Final = {
    "half_up": _decimal.ROUND_HALF_UP,
    "half_even": _decimal.ROUND_HALF_EVEN,
    "up": _decimal.ROUND_UP,
    "down": _decimal.ROUND_DOWN,
    "ceiling": _decimal.ROUND_CEILING,
    "floor": _decimal.ROUND_FLOOR,
}

ZERO: Final = Decimal(0)
_STEPS: Final = tuple(Decimal((0, (1,), -digits)) for digits in range(DECIMAL_DIGITS + 1))
_TOO_BIG: Final = 10 ** (DECIMAL_DIGITS + 1)
_NUMERIC: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")


def decimal(value: JSON, position: int = 0) -> Decimal:
    """The decimal of the argument at a position: a number or numeric text. FunctionError for others."""
    number = _read(value)
    if isinstance(number, Decimal):
        return number
    if number == "range":
        raise FunctionError(f"takes a number between 1e-20 and 1e21 in size as its {ordinal(position)}")
    what = "this text" if isinstance(value, str) else "this"
    raise FunctionError(f"takes a number as its {ordinal(position)}, and {what} is not a number")


def decimals(values: Sequence[JSON], *, nulls: bool = False) -> list[Decimal]:
    """The decimals of a list's items. Nulls count as 0 if they are allowed, else they are a FunctionError."""
    read = []
    for index, value in enumerate(values):
        number = ZERO if nulls and value is None else _read(value)
        if number == "range":
            raise FunctionError(f"takes numbers between 1e-20 and 1e21 in size, and item [{index}] is not")
        if not isinstance(number, Decimal):
            reason = "text that is not a number" if isinstance(value, str) else described(value)
            raise FunctionError(f"takes a list of numbers, and item [{index}] is {reason}")
        read.append(number)
    return read


def plain(value: Decimal) -> int | float:
    """The JSON number of a decimal, with at most 20 decimal places."""
    if not value:
        return 0
    if value.adjusted() > DECIMAL_DIGITS:
        raise FunctionError("gives a number of 1e21 or more in size")
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -DECIMAL_DIGITS:
        value = quantize(value, DECIMAL_DIGITS)
    if value == value.to_integral_value():
        return int(value)
    return float(str(value))


def quantize(value: Decimal, digits: int, rounding: str | None = None) -> Decimal:
    """A decimal rounded to a number of decimal places, by default half up. Zero has no sign."""
    mode = ROUNDINGS.get(rounding or "half_up")
    if mode is None:
        raise FunctionError("takes half_up, half_even, up, down, ceiling or floor as its rounding")
    rounded = value.quantize(_STEPS[digits], mode, WIDE)
    return rounded if rounded else rounded.copy_abs()


def _read(value: JSON) -> Decimal | str:
    """The decimal, or the reason for an error: ``range`` or ``number``."""
    if isinstance(value, float):
        number = Decimal(str(value))
        if not number.is_finite():
            return "number"
    elif isinstance(value, str):
        if not _NUMERIC.fullmatch(value):
            return "number"
        if len(value) > DECIMAL_CHARACTERS:
            return "range"
        number = Decimal(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        if not -_TOO_BIG < value < _TOO_BIG:
            return "range"
        number = Decimal(value)
    else:
        return "number"
    return "range" if number and not -DECIMAL_DIGITS <= number.adjusted() <= DECIMAL_DIGITS else number
