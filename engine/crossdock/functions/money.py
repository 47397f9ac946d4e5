"""Amounts of money: as many decimal places as the currency has, and nothing lost when one is divided.

money(`1234.5`, 'JPY')               "1235"
shares(`10`, `[1, 1, 1]`)            [3.34, 3.33, 3.33]
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from crossdock.functions.decimals import WIDE, decimal, decimals, plain, quantize
from crossdock.functions.function import Example, Function, FunctionError, takes, types
from crossdock.values import JSON

# ISO 4217: the minor units of the currencies that have not two of them.
_MINOR_UNITS: Final = {
    code: digits
    for digits, codes in (
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"),
    )
    for code in codes.split()
}
_USUAL_UNITS: Final = 2


def money(value: JSON, currency: str | None = None, rounding: str | None = None) -> str:
    return format(quantize(decimal(value), _digits(currency), rounding), "f")


def amount(value: JSON, currency: str | None = None, rounding: str | None = None) -> int | float:
    return plain(quantize(decimal(value), _digits(currency), rounding))


def share(value: JSON, weights: Sequence[JSON], index: int, currency: str | None = None) -> JSON:
    parts = shares(value, weights, currency)
    if not 0 <= index < len(parts):
        raise FunctionError("takes the index of a weight as its third argument, and there is no such weight")
    return parts[int(index)]


def shares(value: JSON, weights: Sequence[JSON], currency: str | None = None) -> list[JSON]:
    digits = _digits(currency)
    units = int(quantize(decimal(value), digits).scaleb(digits, WIDE))
    sign = -1 if units < 0 else 1
    parts = _apportion(abs(units), decimals(weights, nulls=True))
    return [plain(Decimal(sign * part).scaleb(-digits, WIDE)) for part in parts]


def _apportion(units: int, weights: Sequence[Decimal]) -> list[int]:
    """Whole units by largest remainder, the earlier of equals first; weights that are all 0 are equal."""
    if any(weight < 0 for weight in weights):
        raise FunctionError("takes weights that are not negative")
    exact = [Fraction(weight) for weight in weights]
    if not any(exact):
        exact = [Fraction(1)] * len(exact)
    whole = sum(exact)
    quotas = [units * weight / whole for weight in exact]
    parts = [int(quota) for quota in quotas]
    by_remainder = sorted(range(len(parts)), key=lambda index: parts[index] - quotas[index])
    for index in by_remainder[: units - sum(parts)]:
        parts[index] += 1
    return parts


def _digits(currency: str | None) -> int:
    """The decimal places of a currency; of one that ISO 4217 does not list, the usual two."""
    return _USUAL_UNITS if currency is None else _MINOR_UNITS.get(currency.upper(), _USUAL_UNITS)


FUNCTIONS = (
    Function(
        "money",
        takes("amount: number | string, currency?: string, rounding?: string"),
        types("string"),
        "An amount as text, with the decimal places of its currency (2), rounded half up or by `rounding`",
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
        "An amount as a number, rounded as `money` rounds it",
        (Example("amount('19.905')", 19.91), Example("amount(`1234.5`, 'JPY', 'half_even')", 1234)),
        amount,
    ),
    Function(
        "shares",
        takes("amount: number | string, weights: array, currency?: string"),
        types("array"),
        "An amount divided in proportion to the weights, in the currency's smallest units; "
        "the parts add up to the rounded amount, exactly",
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
        "The part of `shares` at an index",
        (Example("share(`10`, `[1, 1, 1]`, `0`)", 3.34),),
        share,
    ),
)
