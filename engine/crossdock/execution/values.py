"""JMESPath's truth and order of JSON values."""

from __future__ import annotations

from crossdock.core.json_types import JSON
from crossdock.core.kinds import described


def is_true(value: JSON) -> bool:
    """JMESPath's truth: missing, null, false, '', [] and {} are false, the number 0 is true."""
    return not (value is None or value is False or value == "" or value == [] or value == {})


def is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def has_order(value: JSON) -> bool:
    """Whether `<` and its like compare a value at all: only numbers and texts."""
    return isinstance(value, str) or is_number(value)


def kind_in_words(value: JSON) -> str:
    """The kind of a value in the words of the messages, never the value."""
    return "nothing" if value is None else described(value)
