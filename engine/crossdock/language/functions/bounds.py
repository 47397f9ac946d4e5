"""Limits on the size of the strings and lists that functions make.

bounded(text)         the text, or FunctionError
serialized(order)     a value as JSON; too large a value is refused before it is written
"""

from __future__ import annotations

from crossdock.core.json_reader import encode
from crossdock.core.json_types import JSON
from crossdock.core.limits import STRING_CHARACTERS
from crossdock.language.functions.function import FunctionError


def within(length: int) -> None:
    """FunctionError for a text that would be longer than ``STRING_CHARACTERS`` characters."""
    if length > STRING_CHARACTERS:
        raise FunctionError(f"gives text of more than {STRING_CHARACTERS} characters")


def bounded(text: str) -> str:
    within(len(text))
    return text


def serialized(value: JSON) -> str:
    """A value as JSON, without spaces. FunctionError if it is longer than ``STRING_CHARACTERS``."""
    if isinstance(value, list | dict):
        within(_least_length(value))
    return bounded(encode(value, compact=True))


def _least_length(value: JSON) -> int:
    """A lower bound for the length of a value in JSON; counting stops above ``STRING_CHARACTERS``."""
    length, level = 0, [value]
    while level and length <= STRING_CHARACTERS:
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
