"""Limits on the size of the strings and lists that functions make.

bounded(text)         the text, or FunctionError
serialized(order)     a value as JSON; too large a value is refused before it is written
"""

from __future__ import annotations

import json
from typing import Final

from crossdock.core.json_types import JSON
from crossdock.language.functions.function import FunctionError

LONGEST: Final = 256 * 1024
MOST_PARTS: Final = 100_000


def within(length: int) -> None:
    """FunctionError for a text that would be longer than ``LONGEST`` characters."""
    if length > LONGEST:
        raise FunctionError(f"gives text of more than {LONGEST} characters")


def bounded(text: str) -> str:
    within(len(text))
    return text


def serialized(value: JSON) -> str:
    """A value as JSON in ASCII, without spaces. FunctionError if it is longer than ``LONGEST``."""
    if isinstance(value, list | dict):
        within(_least_length(value))
    return bounded(json.dumps(value, separators=(",", ":")))


def _least_length(value: JSON) -> int:
    """A lower bound for the length of a value in JSON; counting stops above ``LONGEST``."""
    length, level = 0, [value]
    while level and length <= LONGEST:
        inner: list[JSON] = []
        for each in level:
            match each:
                case str():
                    length += len(each)
                case list():
                    inner += each
                case dict():
                    length += sum(map(len, each))
                    inner += each.values()
        length += len(level)
        level = inner
    return length
