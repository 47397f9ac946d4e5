"""JMESPath's idea of truth, text and lists, for the handwritten conversions; and the tables of countries."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import yaml

from handwritten.amounts import Refused

NUMBERS: Final = (int, float)
CURRENCY: Final = "the order is in another currency than the one that the channel's setting `currency` names"
CODE: Final = re.compile("[A-Za-z]{3}")
NOTHING: Final[dict[str, Any]] = {}
_COUNTRIES: Final = Path(__file__).resolve().parents[2] / "mappings" / "tables" / "country.yaml"


def countries() -> dict[str, str]:
    """RetailOPS' names of countries by their codes."""
    table: dict[str, str] = yaml.load(_COUNTRIES.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
    return table


COUNTRIES: Final = countries()


def true(value: Any) -> bool:
    """JMESPath's truth: Python's, but 0 is true."""
    return bool(value) or type(value) in NUMBERS


def as_object(value: Any) -> dict[str, Any]:
    """A value if it is an object, else one that has nothing."""
    return value if type(value) is dict else NOTHING


def flat(values: Any) -> list[Any]:
    """A list with the lists in it opened, as ``[]`` does; nothing for other values."""
    if type(values) is not list:
        return []
    if list not in map(type, values):
        return values
    opened: list[Any] = []
    for value in values:
        opened.extend(value) if type(value) is list else opened.append(value)
    return opened


def present(values: list[Any]) -> list[Any]:
    """The values without nulls."""
    return [value for value in values if value is not None] if None in values else values


def without_nulls(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that have a value."""
    if None not in fields.values():
        return fields
    return {key: value for key, value in fields.items() if value is not None}


def text_of(value: Any) -> str:
    """A text itself, anything else as JSON writes it."""
    if type(value) is str:
        return value
    return str(value) if type(value) is int else json.dumps(value, separators=(",", ":"))


def trimmed(value: Any) -> str | None:
    """A text without white space at its ends. Raises Refused for other values than text."""
    if value is None:
        return None
    if type(value) is not str:
        raise Refused("not text")
    return value.strip()


def upper(value: Any) -> str | None:
    """A text in upper case. Raises Refused for other values than text."""
    if value is None:
        return None
    if type(value) is not str:
        raise Refused("not text")
    return value.upper()


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal; true is not 1."""
    return one == other and (type(one) is bool) == (type(other) is bool)


def joined(glue: str, texts: list[Any]) -> str | None:
    """The texts that are not blank, with the glue between them; None when there are none."""
    return glue.join([text for text in texts if text is not None and trimmed(text)]) or None


def full_name(name: dict[str, Any], parts: tuple[str, ...]) -> str:
    """A whole name as it is compared. Raises Refused for parts that are not text."""
    return " ".join([text.lower() for part in parts if (text := trimmed(name.get(part)))])


def first_text(values: list[Any]) -> str | None:
    """The first text that is not blank, without white space at its ends. Raises Refused for other values."""
    return next(iter([text for value in values if (text := trimmed(value))]), None)


def named_currency(currency: str) -> str | None:
    """The currency as an order names it: not when it is US dollars."""
    return None if currency.upper() == "USD" else currency.upper()


def other_currency(codes: list[Any], currency: str) -> bool:
    """Whether one of the values is the code of another currency."""
    found = [text.upper() for code in codes if (text := trimmed(code)) and CODE.fullmatch(text)]
    return any(code != currency.upper() for code in found)


def country(code: Any) -> Any:
    """RetailOPS' name of a country, or the code itself."""
    key = upper(trimmed(code))
    return None if key is None else COUNTRIES.get(key, code)


def unknown_country(addresses: list[Any]) -> bool:
    """Whether an address has a country that the table does not have."""
    codes = [as_object(address).get("countryCode") for address in addresses]
    return any(code is not None and trimmed(code) and upper(trimmed(code)) not in COUNTRIES for code in codes)
