"""Ordinary amounts as whole ten-thousandths, which is all that most arithmetic with money needs.

``scaled`` gives the whole number for an amount of at most four decimal places below 1e11, and None for
whatever else there is; ``exact`` decides that. ``unscaled`` gives the JSON number back. In between there
are Python's integers, so nothing is rounded that no function rounds.

    scaled(19.9)                  199000
    scaled("19.90")               199000
    scaled(0.1 + 0.2)             None: this is 0.30000000000000004
    unscaled(199000)              19.9

Why a float may be asked at all: a decimal of 15 significant digits or fewer survives the way into a
float and back, so no two of them share a float. ``units / SCALE`` is rounded correctly, whatever its
size: it is the float that the decimal of so many ten-thousandths reads as. If that is the float at hand,
the decimal, of 15 digits because of the bound, is the only one so short that reads as it. The shortest,
which is what JSON writes and ``decimals`` reads, is no longer than that one, and so is the same. How the
candidate was found does not matter. A text of 15 characters has no more digits than that, so for it the
same holds.
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
    """The amount in ten-thousandths. None when it is no such amount; true and false are none.

    The bound is written out twice, because Python is slow to compare a float with an int or to negate a name.
    """
    if type(value) is float:
        number = value
    elif type(value) is int:
        return value * SCALE if -100_000_000_000 < value < 100_000_000_000 else None
    else:
        # Python reads more than we do: white space, 1_000, 1e5, NaN. Of these characters it reads the same.
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
    """The JSON number of a whole number of parts: an int where it is whole, else the nearest float."""
    return units / scale if units % scale else units // scale


def rounded(units: int, digits: int) -> int:
    """Ten-thousandths in the unit of 0 to 4 decimal places, rounded half up as ``quantize`` does it."""
    step = _STEPS[digits]
    return (units + step // 2) // step if units >= 0 else -((step // 2 - units) // step)
