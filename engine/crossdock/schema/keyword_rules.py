"""The assertions of JSON Schema: whether a value passes one keyword, and what the keyword expects.

They replace those of the library jsonschema, which print values into their messages, compute decimals in
binary (19.99 is then not a multiple of 0.01), let ``$`` match before a final line break, compare every item
with every other one, and check no formats.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Hashable, Sized
from datetime import date, datetime
from decimal import Decimal
from typing import Final, cast

from crossdock.core.diagnostics import shorten
from crossdock.core.equality import identity
from crossdock.core.json_types import JSON
from crossdock.core.kinds import WORDS, in_words, kind_of
from crossdock.schema.pattern_syntax import in_python
from crossdock.schema.safe_regex import longest_tried

Test = Callable[[JSON, JSON], bool]

IDS: Final = {
    "required": "missing-required",
    "dependentRequired": "missing-required",
    "additionalProperties": "unknown-property",
    "propertyNames": "unknown-property",
    "type": "wrong-type",
    "pattern": "pattern-mismatch",
    "format": "format-mismatch",
    "uniqueItems": "not-unique",
    "multipleOf": "not-a-multiple",
    "contains": "missing-item",
    "oneOf": "several-alternatives",
    **dict.fromkeys(("minimum", "exclusiveMinimum"), "too-small"),
    **dict.fromkeys(("maximum", "exclusiveMaximum"), "too-large"),
    **dict.fromkeys(("minLength", "minItems", "minProperties"), "too-short"),
    **dict.fromkeys(("maxLength", "maxItems", "maxProperties"), "too-long"),
}
"""The id of the diagnostic for each keyword that a value breaks; others are ``not-allowed-value``."""

_LISTED = 8
_ORDER: Final = ("object", "array", "string", "integer", "number", "boolean", "null")


def describe_type(value: JSON) -> str:
    """What a value is, in the words of our messages: ``text``, ``a whole number``, ``null``."""
    return WORDS[kind_of(value)]


def describe_types(types: JSON) -> str:
    """What a ``type`` keyword wants: ``text or a number``. A number includes the whole ones."""
    return in_words(set(map(str, as_list(types))), _ORDER)


def describe(value: JSON) -> str:
    """What a value is, and how long when it is text."""
    return f"text of {_count(len(value), 'character')}" if isinstance(value, str) else describe_type(value)


def wanted(keyword: str, given: JSON, value: JSON) -> str:
    """What a keyword wants instead of the value, in one sentence that does not show the value."""
    match keyword, given:
        case "type", _:
            decimals = isinstance(value, float) and "integer" in as_list(given)
            found = "a number with decimals" if decimals else describe_type(value)
            return f"expected {describe_types(given)}, found {found}"
        case (("enum" | "const"), _):
            return f"expected {_choice(given if keyword == 'enum' else [given])}, found {describe(value)}"
        case "pattern", _:
            most = longest_tried(str(given))
            short = (
                f"of at most {most:.0f} characters " if isinstance(value, str) and len(value) > most else ""
            )
            return f"expected text {short}that matches `{shorten(str(given), 200)}`, found {describe(value)}"
        case "format", str():
            return f"expected {FORMATS[given][0]}, found {describe(value)}"
        case (("minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum"), _):
            return f"expected a number {_BOUNDS[keyword]} {_text(given)}"
        case "multipleOf", _:
            return f"expected a multiple of {_text(given)}"
        case "uniqueItems", _ if isinstance(value, list):
            first, second = twins(value) or (0, 0)
            return f"the items {first} and {second} are equal, and no two may be"
    return _length(keyword, given, value)


def _length(keyword: str, given: JSON, value: JSON) -> str:
    sized = value if isinstance(value, str | list | dict) else ""
    what = "character" if isinstance(sized, str) else "item" if isinstance(sized, list) else "property"
    bound = "at least" if keyword.startswith("min") else "at most"
    return f"expected {bound} {_count(cast(int, given), what)}, found {len(sized)}"


_BOUNDS = {
    "minimum": "that is at least",
    "maximum": "that is at most",
    "exclusiveMinimum": "above",
    "exclusiveMaximum": "below",
}


def _count(count: int, what: str) -> str:
    many = what.removesuffix("y") + ("ies" if what.endswith("y") else "s")
    return f"{count} {what if count == 1 else many}"


def _choice(values: JSON) -> str:
    texts = [_text(value) for value in as_list(values)]
    if len(set(texts)) < len(texts):  # 1 and "1"
        texts = [json.dumps(value, ensure_ascii=False) for value in as_list(values)]
    shown = [f"`{shorten(text)}`" for text in texts]
    if len(shown) > _LISTED:
        shown = [*shown[: _LISTED - 1], f"{len(shown) - _LISTED + 1} others"]
    return ("one of " if len(shown) > 1 else "") + ", ".join(shown)


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def as_list(value: JSON) -> list[JSON]:
    """A list as it is, and any other value as a list of one: ``type`` may be either."""
    return value if isinstance(value, list) else [value]


def is_type(kind: JSON, value: JSON) -> bool:
    """Whether a value has a type of JSON Schema, for which 1.0 is a whole number."""
    found = kind_of(value)
    return kind == found or (kind == "number" and found == "integer")


def twins(values: list[JSON]) -> tuple[int, int] | None:
    """The places of the first two equal items, found in one pass."""
    seen: dict[Hashable, int] = {}
    for index, value in enumerate(values):
        if (first := seen.setdefault(identity(value), index)) != index:
            return first, index
    return None


def _number(compare: Callable[..., bool]) -> Test:
    return lambda given, value: not is_type("number", value) or compare(value, given)


def _size(kind: type[Sized], compare: Callable[..., bool]) -> Test:
    return lambda given, value: not isinstance(value, kind) or compare(len(value), given)


def _multiple(given: JSON, value: JSON) -> bool:
    if not is_type("number", value) or value in (float("inf"), float("-inf")) or value != value:
        return True
    ratio = Decimal(str(value)) / Decimal(str(given))
    return ratio == ratio.to_integral_value()


def searcher(pattern: str) -> re.Pattern[str]:
    """A pattern as JSON Schema means it."""
    return re.compile(in_python(pattern), re.ASCII)


def _matches(given: JSON, value: JSON) -> bool:
    if not isinstance(value, str):
        return True
    return len(value) <= longest_tried(str(given)) and searcher(str(given)).search(value) is not None


def _has_format(given: JSON, value: JSON) -> bool:
    known = FORMATS.get(str(given))
    return known is None or not isinstance(value, str) or known[1](value)


TESTS: Final[dict[str, Test]] = {
    "type": lambda given, value: any(is_type(kind, value) for kind in as_list(given)),
    "enum": lambda given, value: identity(value) in set(map(identity, as_list(given))),
    "const": lambda given, value: identity(value) == identity(given),
    "minimum": _number(operator.ge),
    "maximum": _number(operator.le),
    "exclusiveMinimum": _number(operator.gt),
    "exclusiveMaximum": _number(operator.lt),
    "multipleOf": _multiple,
    "minLength": _size(str, operator.ge),
    "maxLength": _size(str, operator.le),
    "minItems": _size(list, operator.ge),
    "maxItems": _size(list, operator.le),
    "minProperties": _size(dict, operator.ge),
    "maxProperties": _size(dict, operator.le),
    "uniqueItems": lambda given, value: not given or not isinstance(value, list) or twins(value) is None,
    "pattern": _matches,
    "format": _has_format,
}


# --- formats: JSON Schema leaves them to the reader, and one that is not here says nothing

_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d):([0-5]\d|60)(?:\.\d+)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _date_time(text: str) -> bool:
    """RFC 3339: a date, a time and its offset from UTC. A leap second is the last one of a day in UTC."""
    found = _DATE_TIME.fullmatch(text)
    if found is None or not _parses(datetime.fromisoformat, f"{found[1]}T{found[2]}"):
        return False
    return found[3] != "60" or (_minutes(found[2]) - _offset(found[4])) % 1440 == 1439


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _offset(written: str) -> int:
    """Minutes ahead of UTC."""
    if written in "Zz":
        return 0
    return _minutes(written[1:]) * (-1 if written[0] == "-" else 1)


def _date(text: str) -> bool:
    return _DATE.fullmatch(text) is not None and _parses(date.fromisoformat, text)


def _parses(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _whole(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda text: compiled.fullmatch(text) is not None


FORMATS: Final[dict[str, tuple[str, Callable[[str], bool]]]] = {
    "date-time": ("a date and time such as `2024-05-01T09:30:00Z`", _date_time),
    "date": ("a date such as `2024-05-01`", _date),
    "uri": ("a URI", _whole(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")),
    "email": ("an e-mail address", _whole(r"[^@\s]+@[^@\s]+")),
    "uuid": ("a UUID", _whole(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")),
    "currency": ("a currency code such as `EUR`", _whole(r"[A-Z]{3}")),
    "country": ("a country code such as `NO`", _whole(r"[A-Z]{2}")),
}
