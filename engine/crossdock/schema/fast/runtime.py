"""The names that a generated acceptor calls: this module is its globals.

A check returns the number of strings in a value, keys of objects included. It raises ``MisfitError`` if the
value breaks the schema, and ``OutsideError`` for values that no schema accepts: integers beyond 64 bits,
floats that are whole or large, too deep nesting, values that are not JSON. The two differ because ``not``
turns a misfit into a fit, which must not happen to values outside.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from crossdock.core.equality import identity
from crossdock.core.json_types import JSON
from crossdock.core.limits import LEAST_INTEGER, MOST_INTEGER
from crossdock.schema.keyword_rules import FORMATS, TESTS, searcher, twins
from crossdock.schema.safe_regex import longest_tried

__all__ = [
    "MisfitError",
    "OutsideError",
    "fits",
    "format_of",
    "identities",
    "identity",
    "in_range",
    "multiple",
    "pattern",
    "refusal",
    "twins",
    "walk",
]

Check = Callable[[JSON, int], int]

# Every finite float from here on is whole, so this only finds the infinities and NaN.
BOUND = 1e16

_KINDS = frozenset((dict, list, str, int, float, bool, type(None)))


class MisfitError(Exception):
    """The value breaks the schema."""


class OutsideError(Exception):
    """The value is not one that is accepted, whatever the schema says."""


def refusal(kind: type) -> type[Exception]:
    """The exception for a value of a type that a schema does not take."""
    return MisfitError if kind in _KINDS else OutsideError


def walk(value: JSON, room: int) -> int:
    """The number of strings in an object or list without a schema; ``room`` is how deep it may nest.

    Raises OutsideError.
    """
    if room < 1:
        raise OutsideError
    count = len(value) if type(value) is dict else 0
    for each in value.values() if type(value) is dict else value:  # type: ignore[union-attr]
        kind = type(each)
        if kind is str:
            count += 1
        elif kind is dict or kind is list:
            count += walk(each, room - 1)
        elif kind is int:
            if not LEAST_INTEGER <= each <= MOST_INTEGER:
                raise OutsideError
        elif kind is float:
            if each.is_integer() or not -BOUND < each < BOUND:  # type: ignore
                raise OutsideError
        elif each is not None and kind is not bool:
            raise OutsideError
    return count


def in_range(number: int) -> None:
    """Raises OutsideError for a whole number that 64 bits do not hold, signed or not."""
    if not LEAST_INTEGER <= number <= MOST_INTEGER:
        raise OutsideError


def fits(check: Check, value: JSON, room: int) -> bool:
    """Whether a check takes a value. Raises OutsideError."""
    try:
        check(value, room)
    except MisfitError:
        return False
    return True


def pattern(text: str) -> Callable[[str], object]:
    """The search for a pattern of a schema: None when a text does not match, or is too long to be tried."""
    search, most = searcher(text).search, longest_tried(text)
    return search if most == inf else lambda value: search(value) if len(value) <= most else None


def format_of(name: str) -> Callable[[str], bool]:
    """Whether a text has a known format."""
    return FORMATS[name][1]


def multiple(given: JSON, value: JSON) -> bool:
    """Whether a number is a multiple of another, in decimals."""
    return TESTS["multipleOf"](given, value)


def identities(values: list[JSON]) -> frozenset[object]:
    """What the values of an enumeration are known by."""
    return frozenset(map(identity, values))
