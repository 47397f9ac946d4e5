"""Amounts of money: with the decimal places of the currency, and divided without losing a cent.

As in ``arithmetic``, whole ten-thousandths come first, and ``exact`` computes what does not fit.

money(`1234.5`, 'JPY')               "1235"
shares(`10`, `[1, 1, 1]`)            [3.34, 3.33, 3.33]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from crossdock.core.json_types import JSON
from crossdock.language.functions import exact
from crossdock.language.functions.exact import USUAL_DIGITS, digits_of
from crossdock.language.functions.function import Example, Function, FunctionError, takes, types
from crossdock.language.functions.scaled import rounded, scaled, unscaled

_HUNDREDTHS: Final = tuple(f".{cents:02}" for cents in range(100))


def money(value: JSON, currency: str | None = None, rounding: str | None = None) -> str:
    if rounding is None and (currency is None or digits_of(currency) == USUAL_DIGITS):
        units = scaled(value)
        if units is not None:
            cents = (units + 50) // 100 if units >= 0 else (50 - units) // 100
            text = f"{cents // 100}{_HUNDREDTHS[cents % 100]}"
            return f"-{text}" if units < 0 and cents else text
    return exact.money(value, currency, rounding)


def amount(value: JSON, currency: str | None = None, rounding: str | None = None) -> int | float:
    units = scaled(value) if rounding is None else None
    if units is None:
        return exact.amount(value, currency, rounding)
    digits = digits_of(currency)
    return unscaled(rounded(units, digits), 10**digits)


def share(value: JSON, weights: Sequence[JSON], index: int, currency: str | None = None) -> JSON:
    parts = shares(value, weights, currency)
    if not 0 <= index < len(parts):
        raise FunctionError("takes the index of a weight as its third argument, and no weight has this index")
    return parts[int(index)]


def shares(value: JSON, weights: Sequence[JSON], currency: str | None = None) -> list[JSON]:
    units, digits = scaled(value), digits_of(currency)
    scales = [0 if weight is None else scaled(weight) for weight in weights]
    known = [weight for weight in scales if weight is not None]
    if units is None or len(known) < len(scales):
        return exact.shares(value, weights, currency)
    return [unscaled(part, 10**digits) for part in exact.apportion(rounded(units, digits), known)]


FUNCTIONS = (
    Function(
        "money",
        takes("amount: number | string, currency?: string, rounding?: string"),
        types("string"),
        "The amount as text with the decimal places of the currency (2 by default), "
        "rounded half up or by `rounding`",
        (
            Example("money(`19.9`)", "19.90"),
            Example("money('2.675', 'EUR')", "2.68"),
            Example("money(`1234.5`, 'JPY')", "1235"),
            Example("money(`1.2345`, 'kwd', 'down')", "1.234"),
            Example("money(`5`, 'unlisted')", "5.00"),
            Example("money(missing)", None),
        ),
        money,
    ),
    Function(
        "amount",
        takes("amount: number | string, currency?: string, rounding?: string"),
        types("number"),
        "The amount as a number, rounded as in `money`",
        (Example("amount('19.905')", 19.91), Example("amount(`1234.5`, 'JPY', 'half_even')", 1234)),
        amount,
    ),
    Function(
        "shares",
        takes("amount: number | string, weights: array, currency?: string"),
        types("array"),
        "The amount divided in proportion to the weights, in the currency's smallest units; "
        "the parts add up exactly to the rounded amount",
        (
            Example("shares(`10`, `[1, 1, 1]`)", [3.34, 3.33, 3.33]),
            Example("shares(`-5`, `[30, 0, 10]`)", [-3.75, 0, -1.25]),
            Example("shares(`100`, `[1, 2]`, 'JPY')", [33, 67]),
        ),
        shares,
    ),
    Function(
        "share",
        takes("amount: number | string, weights: array, index: integer, currency?: string"),
        types("number"),
        "The part at this index of `shares`, counted from 0",
        (Example("share(`10`, `[1, 1, 1]`, `0`)", 3.34),),
        share,
    ),
)
