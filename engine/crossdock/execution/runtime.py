"""What the generated code of a mapping calls: the parts of the language that are not a line of Python.

Each does what the interpreter does, and raises where it raises. What is raised is never shown: the
interpreter runs again and explains.
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable, Iterable
from typing import Any, Final

from crossdock.core.equality import among, equal
from crossdock.core.json_types import JSON, MISSING
from crossdock.core.limits import DECIMAL_DIGITS
from crossdock.execution.searches import UNKNOWN, has, holds, matching, remember, remembered, searched
from crossdock.language.functions import REGISTRY
from crossdock.language.functions.exact import digits_of
from crossdock.language.functions.scaled import rounded, scaled, unscaled

__all__ = [
    "EMPTY",
    "FUNCTIONS",
    "MISSING",
    "NUMBERS",
    "REFUSED",
    "TYPE_NAMES",
    "UNKNOWN",
    "Imprecise",
    "Unexplained",
    "among",
    "amount_text",
    "apply",
    "builtin",
    "ceil",
    "contains",
    "digits_of",
    "equal",
    "floor",
    "found",
    "holds",
    "matching",
    "operator",
    "ordered",
    "present",
    "ratio_of",
    "reference",
    "remember",
    "remembered",
    "rounded_units",
    "searched",
    "spread",
    "text",
    "units",
    "unscaled",
]

NUMBERS: Final = frozenset({int, float})
EMPTY: Final[dict[str, JSON]] = {}
FUNCTIONS: Final = {name: function.call for name, function in REGISTRY.items() if function.call}
TYPE_NAMES: Final = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
    None.__class__: "null",
}


_BEYOND: Final = 10 ** (DECIMAL_DIGITS + 1)
_HUNDREDTHS: Final = tuple(f".{cents:02}" for cents in range(100))


class Unexplained(Exception):  # noqa: N818 (it never leaves the engine)
    """Something does not hold; the interpreter says what."""


class Imprecise(Unexplained):
    """A number is not an amount in ten-thousandths; the same mapping without them may go on."""


class _Refused(list[Any]):
    """The list for the warnings of a caller that takes none."""

    def append(self, _kept: object) -> None:
        raise Unexplained


REFUSED: Final = _Refused()


def units(value: JSON) -> int:
    """An amount in ten-thousandths. Raises Imprecise for any other value."""
    whole = scaled(value)
    if whole is None:
        raise Imprecise
    return whole


def ratio_of(whole: int, divisor: int) -> int | float | None:
    """The quotient of two amounts as ``ratio`` has it, None when the second is 0."""
    return FUNCTIONS["ratio"](unscaled(whole), unscaled(divisor))  # type: ignore[return-value]


def rounded_units(whole: int, places: int) -> int:
    """Ten-thousandths rounded half up to 0 to 4 decimal places."""
    step: int = 10 ** (4 - places)
    return rounded(whole, places) * step


def amount_text(whole: int, places: int) -> str:
    """Rounded ten-thousandths as ``money`` writes them."""
    if places == 2 and whole >= 0:
        return f"{whole // 10_000}{_HUNDREDTHS[whole // 100 % 100]}"
    parts: int = 10**places
    step: int = 10 ** (4 - places)
    sign, cents = "-" if whole < 0 else "", abs(whole) // step
    return f"{sign}{cents // parts}.{cents % parts:0{places}}" if places else f"{sign}{cents}"


def apply(name: str, *arguments: JSON) -> JSON:
    """A function of the library, its arguments held to its signature. Raises FunctionError."""
    return REGISTRY[name].apply(arguments)


def ceil(value: float) -> int:
    """The next whole number above. Raises Unexplained for one that no other function takes."""
    return _bounded(math.ceil(value))


def floor(value: float) -> int:
    """The next whole number below. Raises Unexplained for one that no other function takes."""
    return _bounded(math.floor(value))


def _bounded(value: int) -> int:
    if -_BEYOND < value < _BEYOND:
        return value
    raise Unexplained


def contains(subject: Any, search: JSON) -> bool:
    """Whether a list has an item that is equal, or a text a part. Raises TypeError for other parts."""
    return has(subject, search) if subject.__class__ is list else search in subject


def ordered(compare: Callable[[Any, Any], bool], left: JSON, right: JSON) -> bool | None:
    """An order of two numbers or two texts, None for others. Raises TypeError for one of each."""
    for value in (left, right):
        if value.__class__ not in NUMBERS and value.__class__ is not str:
            return None
    return compare(left, right)


def spread(values: list[JSON]) -> list[JSON]:
    """The items of a list, and those of the lists among them. The list itself, when it holds no other."""
    if list not in map(type, values):
        return values
    result: list[JSON] = []
    for value in values:
        if isinstance(value, list):
            result.extend(value)
        else:
            result.append(value)
    return result


def present(values: Iterable[Any]) -> list[Any]:
    """What is there of some values."""
    return [value for value in values if value is not None]


def text(value: JSON) -> str | None:
    """A value as a template prints it; None when it is missing."""
    if value is None or value.__class__ is str:
        return value
    if value.__class__ in NUMBERS or value.__class__ is bool:
        return json.dumps(value)
    raise Unexplained


def found(rows: dict[str, JSON], key: JSON, default: JSON = None) -> JSON:
    """The row of a table. A whole number finds the row of its digits."""
    if key is None:
        return None
    if key.__class__ is str or key.__class__ is int:
        return rows.get(str(key), default)
    raise Unexplained


def builtin(name: str, *arguments: object) -> JSON:
    """One of JMESPath's own functions, called in jmespath.py. Raises what it raises."""
    from crossdock.execution.jmespath_library import builtin

    return builtin(name, *arguments)


def reference(function: Callable[[JSON], JSON]) -> object:
    """Python as what JMESPath calls `&`, an expression that is evaluated later."""
    from crossdock.execution.jmespath_library import Reference

    return Reference(function)
