"""The longest valid beginning of a JSON text that the standard parser refused.

A scanner in Python is slow, so ``json_faults`` skips what is valid. This module finds that part with code
that runs in C: the standard parser says where it stopped, or that some number or key is wrong, and regular
expressions find that number, and the brackets that are open before it. Lists and objects that are closed
before that place are valid, and only the open ones are scanned again.
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
class ValidPrefix:
    """What is known of a text: lists and objects that are closed before ``end``, in characters, are valid.

    The keys of an open object may still occur twice. ``resume`` has the open lists and objects by their
    offset, and for a list the offset of the element to scan next, None for the first one.
    """

    end: int = 0
    resume: dict[int, int | None] = field(default_factory=dict)


def valid_prefix(
    text: str, *, deepest: int, integer: Callable[[str], int], surrogate: re.Match[str] | None
) -> ValidPrefix:
    """The valid beginning of a refused text. ``surrogate`` is its first surrogate of a surrogate pair."""
    end, closed = _stopped(text, integer)
    if surrogate is not None:
        end = min(end, surrogate.start())
    opened: list[list[int]] = []  # the offset of each open bracket, and the end of the last child in it
    objects, at = 0, 0
    while found := _TO_BRACKET.match(text, at, end):
        at = found.end()
        if found[1] in "[{":
            if len(opened) == deepest:
                end = at - 1
                break
            opened.append([at - 1, at])
            continue
        objects += found[1] == "}"
        # The object with a key twice is the one that the parser closed last.
        if closed and objects == closed:
            end = at - 1
            break
        opened.pop()
        if not opened:
            break
        opened[-1][1] = at
    return ValidPrefix(end, _resumed(text, opened, end))


def _resumed(text: str, opened: list[list[int]], end: int) -> dict[int, int | None]:
    """Where to continue in each open list: at the child that is open too, or after its last comma."""
    resume: dict[int, int | None] = {}
    for (start, child), inner in zip(opened, [*opened[1:], None], strict=False):
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
    except RecursionError:  # too deep for the parser: the depth is found by counting brackets
        pass
    return len(text), 0


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)


def _first_bad_number(text: str, integer: Callable[[str], int]) -> int:
    """The offset of the first number that is out of range, or of a NaN or Infinity."""
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
