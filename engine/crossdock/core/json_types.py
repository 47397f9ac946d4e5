"""The values that flow through a mapping: JSON, and the one value that JSON has no word for.

Absent, null and present are three different things. ``MISSING`` is absence: a cell that yields it
leaves its key out.

A whole number of at most 64 bits is an ``int``, however it is written: 1, 1.0 and 10e-1 are one value, with
one text. So a float is a number with decimals, or one that 64 bits do not hold.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Final, TypeAlias, cast

from crossdock.core.limits import LEAST_INTEGER, MOST_INTEGER, PAYLOAD_DEPTH

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"


class Missing(Enum):
    """The type of ``MISSING``."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing.MISSING

EXACT: Final = 2.0**53
"""Below this size a whole float is exactly the number that was written."""

_UNSETTLED: Final = frozenset((float, dict, list))


def decimal_number(text: str) -> int | float:
    """The number of a text with a point or an exponent: the nearest float, as an int when that is whole.

    Raises ``ValueError`` as ``finite`` does.
    """
    return whole_as_int(finite(text))


def whole_as_int(value: float) -> int | float:
    """A float that is whole and that 64 bits hold as an int, any other as it is."""
    return int(value) if value.is_integer() and LEAST_INTEGER <= value <= MOST_INTEGER else value


def exact_as_int(value: float) -> int | float:
    """As ``whole_as_int``, for what a parser reads: a large float may be a whole number that it rounded."""
    return int(value) if value.is_integer() and -EXACT < value < EXACT else value


def settled(
    value: JSON, as_int: Callable[[float], int | float] = whole_as_int, room: int = 2 * PAYLOAD_DEPTH
) -> JSON:
    """The value with its whole numbers as ints. Lists and objects that hold none as a float are not copied.

    ``room`` is how deep to look: no payload nests deeper.
    """
    kind = type(value)
    if kind is float:
        return as_int(cast(float, value))
    if not room:
        return value
    if kind is dict:
        changed = {
            key: new
            for key, each in cast("dict[str, JSON]", value).items()
            if type(each) in _UNSETTLED and (new := settled(each, as_int, room - 1)) is not each
        }
        return {**cast("dict[str, JSON]", value), **changed} if changed else value
    if kind is list:
        items = cast("list[JSON]", value)
        new = [settled(each, as_int, room - 1) if type(each) in _UNSETTLED else each for each in items]
        return new if any(map(operator.is_not, new, items)) else value
    return value


def settle(value: JSON) -> JSON:
    """What a parser has read, its whole numbers as ints: as ``settled`` by ``exact_as_int``, but in place.

    Only for a value that nothing else holds. It takes a third of the time, and every payload pays for it.
    """
    if isinstance(value, float):
        return exact_as_int(value)
    pending: list[Any] = [value]
    while pending:
        inner = pending.pop()
        if inner.__class__ is dict:
            places: Iterable[tuple[Any, Any]] = inner.items()
        elif inner.__class__ is list:
            places = enumerate(inner)
        else:
            continue
        for place, each in places:
            kind = each.__class__
            if kind is str:
                continue
            if kind is float:
                if each.is_integer() and -EXACT < each < EXACT:
                    inner[place] = int(each)
            elif kind is dict or kind is list:
                pending.append(each)
    return value


def finite(text: str) -> float:
    """The float nearest to a decimal number. ``ValueError`` when that is infinite, or wrongly 0."""
    value = float(text)
    if not value and text.partition("e")[0].partition("E")[0].strip("+-.0"):
        raise ValueError("number too small")
    if not math.isfinite(value):
        raise ValueError("number too large")
    return value
