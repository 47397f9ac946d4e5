"""How far a refused JSON text is sound, found by readers that run in C: where the scanner may begin.

The standard parser says where it stopped, or that some number or key is wrong; two regular expressions
find the number, and the brackets that are open there. Of what lies before that place only those open
lists and objects are of interest to the scanner: it steps over all that is closed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from crossdock.core.json_types import JSON, finite

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TO_BRACKET = re.compile(rf'(?:[^"\[\]{{}}]++|{_STRING})*+([\[\]{{}}])', re.DOTALL)
_TO_COMMA = re.compile(rf'(?:(?:[^",]++|{_STRING})*+,)*+', re.DOTALL)
_SHORT_NUMBERS = re.compile(
    rf'(?:[^"0-9NI-]++|{_STRING}|-?[0-9]{{1,18}}+(?:\.[0-9]{{1,300}}+)?(?![0-9.eE]))*+', re.DOTALL
)
_NUMBER = re.compile(r"-?[0-9]++(\.[0-9]++)?([eE][-+]?[0-9]++)?")


@dataclass(frozen=True, slots=True)
class Sound:
    """What is known of a text: all that is closed before ``end`` is sound, but for keys of what is open.

    ``resume`` has the open lists and objects by their offset, and for a list where to go on in it.
    """

    end: int = 0
    resume: dict[int, int | None] = field(default_factory=dict)


def sound_part(
    text: str, *, deepest: int, integer: Callable[[str], int], half: re.Match[str] | None
) -> Sound:
    """How far a text is sound. ``half`` is its first lone surrogate."""
    end, closed = _stopped(text, integer)
    if half is not None:
        end = min(end, half.start())
    way: list[list[int]] = []  # for each open bracket its offset, and where the last child in it ends
    objects, at = 0, 0
    while found := _TO_BRACKET.match(text, at, end):
        at = found.end()
        if found[1] in "[{":
            if len(way) == deepest:
                end = at - 1
                break
            way.append([at - 1, at])
            continue
        objects += found[1] == "}"
        if closed and objects == closed:
            end = at - 1
            break
        way.pop()
        if not way:
            break
        way[-1][1] = at
    return Sound(end, _resumed(text, way, end))


def _resumed(text: str, way: list[list[int]], end: int) -> dict[int, int | None]:
    """Where to go on in each open list: at the child that is open too, or behind its last comma."""
    resume: dict[int, int | None] = {}
    for (start, child), inner in zip(way, [*way[1:], None], strict=False):
        if text[start] == "{":
            resume[start] = None
        elif inner is not None:
            resume[start] = inner[0] if inner[0] > start + 1 else None
        else:
            comma = _TO_COMMA.match(text, child, end)
            resume[start] = comma.end() if comma and comma.end() > child else None
    return resume


class _DuplicateError(ValueError):
    """An object has a key twice; so many objects were closed with it."""

    def __init__(self, closed: int) -> None:
        self.closed = closed


def _stopped(text: str, integer: Callable[[str], int]) -> tuple[int, int]:
    """Where the standard parser stops, or else how many objects it has closed when it finds a key twice."""
    closed = 0

    def counted(pairs: list[tuple[str, JSON]]) -> None:
        nonlocal closed
        closed += 1
        if len(dict(pairs)) < len(pairs):
            raise _DuplicateError(closed)

    try:
        json.loads(
            text, object_pairs_hook=counted, parse_int=integer, parse_float=finite, parse_constant=_refuse
        )
    except json.JSONDecodeError as error:
        return error.pos, 0
    except _DuplicateError as duplicate:
        return len(text), duplicate.closed
    except ValueError:
        return _first_bad_number(text, integer), 0
    except RecursionError:
        pass
    return len(text), 0


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)


def _first_bad_number(text: str, integer: Callable[[str], int]) -> int:
    at = 0
    while found := _SHORT_NUMBERS.match(text, at):
        number = _NUMBER.match(text, found.end())
        if number is None:
            return found.end()
        try:
            finite(number[0]) if number[1] or number[2] else integer(number[0])
        except ValueError:
            return number.start()
        at = number.end()
    return at
