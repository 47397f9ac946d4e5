"""Unusual JSON values: odd scalars, few names, and slightly changed values."""

from __future__ import annotations

from fuzz.choices import Choices

CANARY = "Kanari73519"  # stands in values, never in names: a message that holds it has told a value
NAMES = ("a", "b", "c", "d", "items", "price", "state", "@", "ø", "a b", "")
NUMBERS = (
    *(0, 1, 2, -1, 3, 10, 100, 1.0, 0.0, -0.0, 0.5, 19.99, -2.5, 0.1, 1e-7, 1e16, 1.5e300, -1e300),
    *(2**31, 2**53 + 1, 2**63 - 1, -(2**63), 2**64 - 1, 5e-324, 1.7976931348623157e308, 1714555800, 73519.25),
)
TEXTS = (
    *("", "a", "b", "0", "1", "1.0", "12.50", "-3", "007", "1e5", "1E400", "NaN", "Infinity", "-0", "1_000"),
    *("true", "null", " ", "x y", "Ab Cd", "é", "ß", "İ", "ﬁ", "\u0663", "𝄞", "e\u0301", "\u0000", "\u2028"),
    *("2024-05-01T10:00:00Z", "2024-05-01", "2024-02-30T00:00:00Z", "9999-12-31T23:59:59Z", "24:00"),
    *("0001-01-01T00:00:00+14:00", "USD", "JPY", "Europe/Oslo", "../etc/passwd", "{{ a }}", "${a}", "$if"),
    *("open", "half-up", '{"a": [1, {"b": null}]}', "[" * 80, '"', "'", "\\", "`1`", "a,b,,c", "x" * 300),
    *("\ud7ff\ue000", "\x7f", "%s", "%0999999999d", "{0.__class__}", CANARY, f"1{CANARY}", f"{CANARY} é"),
)


def scalar(choices: Choices) -> object:
    match choices.below(8):
        case 0 | 1:
            return choices.pick(NUMBERS)
        case 2 | 3 | 4:
            return choices.pick(TEXTS)
        case 5:
            return choices.pick((None, True, False))
        case 6:
            return choices.below(2**16) - 2**8
    return choices.below(2**32) / 100


def document(choices: Choices, depth: int = 4) -> object:
    """A value whose objects have a few names only, so that expressions meet them."""
    kind = choices.below(10) if depth else 0
    if kind < 4:
        return scalar(choices)
    if kind < 6:
        return [document(choices, depth - 1) for _ in choices.several(4)]
    if kind == 6:
        return rows(choices)
    return {choices.pick(NAMES): document(choices, depth - 1) for _ in choices.several(5)}


def rows(choices: Choices) -> list[object]:
    """A list of things of one kind, as lists mostly are: numbers, texts, or objects of the same names."""
    match choices.below(4):
        case 0:
            return [choices.pick(NUMBERS) for _ in choices.several(5)]
        case 1:
            return [choices.pick(TEXTS) for _ in choices.several(5)]
        case 2:
            return [choices.pick((1, 1.0, True, "1", None)) for _ in choices.several(6)]
    names = [choices.pick(NAMES) for _ in range(2)]
    return [{name: scalar(choices) for name in names} for _ in choices.several(4)]


def changed(choices: Choices, value: object) -> object:
    """A copy of a value that has been changed in one to four places, or in none."""
    for _ in range(choices.pick((1, 1, 1, 2, 3, 4, 0))):
        value = _changed_once(choices, value)
    return value


def _changed_once(choices: Choices, value: object) -> object:
    """Walks down to a place by choice, and changes what is there."""
    stop = choices.one_in(6)
    if isinstance(value, dict) and value and not stop:
        key = choices.pick(list(value))
        return {**value, key: _changed_once(choices, value[key])}
    if isinstance(value, list) and value and not stop:
        at = choices.below(len(value))
        return [*value[:at], _changed_once(choices, value[at]), *value[at + 1 :]]
    return _other(choices, value)


def _other(choices: Choices, value: object) -> object:
    kind = choices.below(12)
    match value:
        case dict() if value and kind < 4:
            gone = choices.pick(list(value))
            return {name: inner for name, inner in value.items() if name != gone}
        case dict() if kind < 7:
            return {**value, choices.pick(NAMES): document(choices, 2)}
        case list() if value and kind < 3:
            return value[1:]
        case list() if value and kind < 6:
            return [*value, value[0]]
        case list() if kind < 8:
            return [*value, document(choices, 2)]
        case str() if kind < 3:
            return choices.pick(
                (f"{value}{CANARY}", value.upper(), value[:-1], f" {value}", value * 3, value)
            )
        case bool():
            return choices.pick((not value, str(value), int(value), None))
        case int() | float() if kind < 5:
            return choices.pick(
                (-value, 0, str(value), float(value), value + 0.005, value * 1000, f"{value}.0")
            )
    if kind == 11:
        return nested(choices, value)
    return choices.pick((None, [], {}, [value], {"a": value}, "")) if kind < 8 else scalar(choices)


def nested(choices: Choices, value: object) -> object:
    """A value far inside of others, up to the depth that payloads may have and beyond."""
    for _ in range(choices.pick((3, 20, 60, 63, 64, 65, 80))):
        value = [value] if choices.one_in(2) else {"a": value}
    return value
