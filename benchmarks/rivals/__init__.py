"""Other languages for the same conversion of a Kibo order, each as complete as it allows.

    for rival in rivals():
        rival.start(payload)        a Conversion of the payload, or Skipped where it is not installed

A rival leaves out what its language has no word for; its note says what. How many of the result's values
it gets right is counted by ``run.py`` and stands in the table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from measuring import Row, Skipped

PROGRAMS: Final = Path(__file__).parent / "kibo"


@dataclass(frozen=True, slots=True)
class Conversion:
    """A rival with a payload: a row to measure, and the result that it gives."""

    row: Row
    result: Callable[[], Any]
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Rival:
    """A rival. ``most`` is the longest order, in lines, that it is given."""

    name: str
    start: Callable[[Any], Conversion | Skipped]
    most: int = 300


def program(name: str) -> str:
    """The text of a rival's program."""
    return (PROGRAMS / name).read_text(encoding="utf-8")


def agreement(result: Any, expected: Any) -> tuple[int, int]:
    """How many values of an expected result another has too, at the same places; and how many there are."""
    if isinstance(expected, dict):
        pairs = [(_child(result, dict, key), inner) for key, inner in expected.items()]
    elif isinstance(expected, list):
        pairs = [(_child(result, list, index), inner) for index, inner in enumerate(expected)]
    else:
        return int(type(result) is type(expected) and result == expected), 1
    counted = [agreement(own, inner) for own, inner in pairs]
    return sum(same for same, _ in counted), sum(all_ for _, all_ in counted)


def _child(value: Any, kind: type[Any], key: Any) -> Any:
    try:
        return value[key] if isinstance(value, kind) else None
    except LookupError:
        return None
