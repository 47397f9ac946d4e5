"""Numbers, money and dates of the handwritten conversions, exact and as strict as the mappings.

A JSON number is read by the digits it prints with, so nothing of a float's binary fraction gets into
an amount. Where the mappings pass a number on as JSON, ``settled`` does what that does to it.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

ZERO: Final = Decimal(0)

_WIDE: Final = Context(prec=80)
_LIMIT: Final = 10**21
_MOST_PLACES: Final = 20
_NUMERIC: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_STEPS: Final = tuple(Decimal((0, (1,), -places)) for places in range(_MOST_PLACES + 1))
_CURRENCIES: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_PLACES: Final = {code: places for places, codes in _CURRENCIES.items() for code in codes.split()}
_DATE_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]+)?)?"
    r"(?:[Zz]|([+-])([0-9]{2})(?::?([0-9]{2}))?)"
)
_USUAL_DATE_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z")
_DAYS_BEFORE_1970: Final = date(1970, 1, 1).toordinal()
_FIRST_SECOND: Final = (1 - _DAYS_BEFORE_1970) * 86400
_LAST_SECOND: Final = (date.max.toordinal() + 1 - _DAYS_BEFORE_1970) * 86400 - 1


class Refused(ValueError):  # noqa: N818 (it says what becomes of the payload)
    """The payload has a value that cannot be converted."""


def decimal_of(value: Any) -> Decimal:
    """The decimal of a JSON number or of a text that is one. Raises Refused."""
    kind = type(value)
    if kind is float:
        if 1e-20 <= abs(value) < 1e21 or value == 0:
            return Decimal(repr(value))
    elif kind is int:
        if -_LIMIT < value < _LIMIT:
            return Decimal(value)
    elif kind is str and len(value) <= 64 and _NUMERIC.fullmatch(value):
        number = Decimal(value)
        if not number or -_MOST_PLACES <= number.adjusted() <= _MOST_PLACES:
            return number
    raise Refused("not a number, or one that is too large")


def plain(number: Decimal) -> int | float:
    """The JSON number of a decimal: an int where it is whole. Raises Refused when it is too large."""
    if not number:
        return 0
    if number.adjusted() > _MOST_PLACES:
        raise Refused("too large")
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -_MOST_PLACES:
        number = rounded(number, _MOST_PLACES)
    whole = int(number)
    return whole if number == whole else float(str(number))


def settled(number: Decimal) -> Decimal:
    """What is left of a decimal that was a JSON number in between: a float holds any 15 digits."""
    text = str(number)
    if len(text) <= 16 and "E" not in text:
        return number
    return decimal_of(plain(number))


def magnitude(value: Any) -> Decimal:
    """A number without its sign, as a JSON number. Raises Refused."""
    if type(value) is float and 1e-3 <= abs(value) < 1e21:
        return Decimal(repr(abs(value)))
    return settled(decimal_of(value).copy_abs())


def rounded(number: Decimal, places: int) -> Decimal:
    """A decimal half up. Zero has no sign."""
    found = number.quantize(_STEPS[places], ROUND_HALF_UP)
    return found if found else found.copy_abs()


def money(value: Any, places: int) -> str:
    """An amount as text. Most are floats that print with one or two decimals already."""
    kind = type(value)
    if places == 2:
        if kind is float and value:
            text = repr(value)
            if text[-3] == ".":
                return text
            if text[-2] == ".":
                return text + "0"
        elif kind is int and -_LIMIT < value < _LIMIT:
            return f"{value}.00"
    return money_text(decimal_of(value), places)


def money_text(number: Decimal, places: int) -> str:
    """A decimal as an amount of money."""
    return format(rounded(number, places), "f")


def line_total(quantity: Any, price: str | None) -> Decimal:
    """A line's quantity times its price, 0 when one is missing. Raises Refused."""
    if price is not None:
        if type(quantity) is int and -1000 < quantity < 1000 and len(price) <= 12:
            return quantity * Decimal(price)
        if quantity is not None:
            return settled(decimal_of(quantity) * Decimal(price))
    if quantity is not None and type(quantity) not in (int, float, str):
        raise Refused("not a quantity")
    return ZERO


def refuse_no_number(value: Any) -> None:
    """Raise Refused for what is neither nothing nor a number, or a text that is one."""
    if value is not None and not (type(value) is float and 1e-3 < value < 1e15):
        decimal_of(value)


def refuse_other_types(value: Any) -> None:
    """Raise Refused for what is neither nothing nor a number or a text."""
    if value is not None and type(value) not in (int, float, str):
        raise Refused("not a number")


def product(quantity: int | float, price: Any) -> Decimal:
    """A quantity times a price as JSON states it, as a JSON number. Raises Refused."""
    if type(price) is float and type(quantity) is int and -1000 < quantity < 1000 and abs(price) >= 1e-3:
        text = repr(price)
        if len(text) <= 12:
            return quantity * Decimal(text)
    return settled(decimal_of(quantity) * decimal_of(price))


def ratio(total: Decimal, count: Any) -> int | float | None:
    """A total divided by a number, to 10 places half up; None when that is 0."""
    by = decimal_of(count)
    return plain(rounded(_WIDE.divide(total, by), 10)) if by else None


def places_of(currency: Any) -> int:
    """The decimal places of a currency, two if it has none. Raises Refused for other values than text."""
    if currency is None:
        return 2
    if type(currency) is not str:
        raise Refused("not a currency")
    return _PLACES.get(currency.upper(), 2)


def epoch(text: Any, *, milliseconds: bool = False) -> int | None:
    """The Unix seconds of a date-time that has an offset, or of milliseconds. Raises Refused."""
    if text is None:
        return None
    if milliseconds and type(text) in (int, float):
        return _seconds(decimal_of(text))
    if type(text) is not str:
        raise Refused("not text")
    if _USUAL_DATE_TIME.fullmatch(text):
        return _epoch_of_utc(text[:19])
    found = _DATE_TIME.fullmatch(text)
    if found is None:
        raise Refused("not a date-time with an offset")
    year, month, day, hour, minute, second, sign, ahead_hours, ahead_minutes = found.groups("0")
    try:
        days = date(int(year), int(month), int(day)).toordinal() - _DAYS_BEFORE_1970
    except ValueError:
        raise Refused("not a date that exists") from None
    hours, minutes, ahead, past = int(hour), int(minute), int(ahead_hours), int(ahead_minutes)
    if max(hours, ahead) > 23 or max(minutes, past, int(second)) > 59:
        raise Refused("not a time that exists")
    offset = ahead * 3600 + past * 60
    return days * 86400 + hours * 3600 + minutes * 60 + int(second) - (-offset if sign == "-" else offset)


def _seconds(milliseconds: Decimal) -> int:
    seconds = int((milliseconds / 1000).to_integral_value(ROUND_FLOOR))
    if not _FIRST_SECOND <= seconds <= _LAST_SECOND:
        raise Refused("not a moment of the years 1 to 9999")
    return seconds


def _epoch_of_utc(text: str) -> int:
    """The Unix seconds of ``2025-03-14T16:20:45``."""
    try:
        return int(datetime.fromisoformat(text + "+00:00").timestamp())
    except ValueError:
        raise Refused("not a date-time that exists") from None
