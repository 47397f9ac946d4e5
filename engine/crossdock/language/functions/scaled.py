"""Ordinary amounts as whole ten-thousandths, which is all that most arithmetic with money needs.

``scaled`` gives an integer for an amount of at most four decimal places below 1e11, and None for anything
else; callers then use ``exact``. ``unscaled`` gives the JSON number back. Integer arithmetic in between is
exact, and much faster than ``decimal``.

    scaled(19.9)                  199000
    scaled("19.90")               199000
    scaled(0.1 + 0.2)             None: this is 0.30000000000000004
    unscaled(199000)              19.9

Why this is exact for floats:

- A float stands for the shortest decimal that reads as it: JSON writes it, and ``decimals`` reads it.
- Two different decimals of at most 15 significant digits never read as the same float.
- Python rounds ``units / SCALE`` correctly, so it is the float of the decimal ``units`` ten-thousandths.
- If that is the given float, the decimal, which has at most 15 digits below 1e11, is the only one so short,
  and therefore the shortest. It does not matter how ``units`` was found.

A text of at most 15 characters has at most 15 digits, so the same holds for it.
"""

from __future__ import annotations

from typing import Final

from crossdock.core.json_types import JSON

SCALE: Final = 10_000
DIGITS: Final = 4
_PER_UNIT: Final = 1e4  # SCALE for floats, which are slow to multiply by an int
_LONGEST_TEXT: Final = 15
_STEPS: Final[tuple[int, ...]] = tuple(10 ** (DIGITS - digits) for digits in range(DIGITS + 1))


def scaled(value: JSON) -> int | None:
    """The amount in ten-thousandths. None for other values, booleans included.

    The bound is written out twice, because Python is slow to compare a float with an int or to negate a name.
    """
    if type(value) is float:
        number = value
    elif type(value) is int:
        return value * SCALE if -100_000_000_000 < value < 100_000_000_000 else None
    else:
        # float() accepts more than numeric text: white space, 1_000, 1e5, NaN. With only these characters it
        # accepts the same.
        if type(value) is not str or len(value) > _LONGEST_TEXT or value.strip("0123456789.+-"):
            return None
        try:
            number = float(value)
        except ValueError:
            return None
    if -1e11 < number < 1e11:
        units = (number * _PER_UNIT).__round__()  # what round() calls, in a third of its time
        if units / SCALE == number:
            return units
    return None


def unscaled(units: int, scale: int = SCALE) -> int | float:
    """The JSON number ``units / scale``: an int if it is whole, else the nearest float."""
    return units / scale if units % scale else units // scale


def rounded(units: int, digits: int) -> int:
    """Ten-thousandths rounded half up, as in ``quantize``, to units of 0 to 4 decimal places."""
    step = _STEPS[digits]
    return (units + step // 2) // step if units >= 0 else -((step // 2 - units) // step)
