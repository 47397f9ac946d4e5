"""JSON read from the middle of a text, every value with its offset.

The standard library's decoder gives values without offsets, but a schema names the document and line of
each property. So this is a small JSON reader that keeps the offsets.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Union

from crossdock.core.limits import DOCUMENT_DEPTH

_SPACE = re.compile(r"[ \t\r\n\ufeff\xa0]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}

Value = Union[None, bool, int, float, str, list["Located"], dict[str, "Located"]]  # noqa: UP007


@dataclass(frozen=True, slots=True)
class Located:
    """A JSON value and its offset in the text: of its key when it is a member, else of itself."""

    value: Value
    offset: int


class MalformedError(Exception):
    """The text at ``offset`` is not JSON. ``cut``: the text ends in the middle of a value."""

    def __init__(self, offset: int, why: str, *, cut: bool = False) -> None:
        super().__init__(why)
        self.offset = offset
        self.why = why
        self.cut = cut


def read(text: str, start: int, depth: int = 0) -> tuple[Located, int]:
    """The JSON value that begins at ``start``, and the offset of its end."""
    start = _skip(text, start)
    if depth > DOCUMENT_DEPTH:
        raise MalformedError(start, f"nested deeper than {DOCUMENT_DEPTH} levels")
    match text[start : start + 1]:
        case "":
            raise MalformedError(start, "the text ends here", cut=True)
        case "{":
            return _object(text, start, depth)
        case "[":
            return _array(text, start, depth)
        case '"':
            value, end = _string(text, start)
            return Located(value, start), end
    return _scalar(text, start)


def plain(located: Located) -> object:
    """The value without offsets."""
    match located.value:
        case dict() as members:
            return {key: plain(member) for key, member in members.items()}
        case list() as elements:
            return [plain(element) for element in elements]
        case value:
            return value


def _skip(text: str, offset: int) -> int:
    found = _SPACE.match(text, offset)
    return found.end() if found else offset


def _object(text: str, start: int, depth: int) -> tuple[Located, int]:
    members: dict[str, Located] = {}
    offset = _skip(text, start + 1)
    if text[offset : offset + 1] == "}":
        return Located(members, start), offset + 1
    while True:
        key_at = offset
        key, offset = _string(text, offset)
        offset = _expect(text, offset, ":")
        member, offset = read(text, offset, depth + 1)
        members[key] = Located(member.value, key_at)
        offset, more = _next(text, offset, "}")
        if not more:
            return Located(members, start), offset


def _array(text: str, start: int, depth: int) -> tuple[Located, int]:
    elements: list[Located] = []
    offset = _skip(text, start + 1)
    if text[offset : offset + 1] == "]":
        return Located(elements, start), offset + 1
    while True:
        element, offset = read(text, offset, depth + 1)
        elements.append(element)
        offset, more = _next(text, offset, "]")
        if not more:
            return Located(elements, start), offset


def _string(text: str, start: int) -> tuple[str, int]:
    if text[start : start + 1] != '"':
        raise MalformedError(start, "expected a key in double quotes", cut=start >= len(text))
    found = _STRING.match(text, start)
    if not found:
        raise MalformedError(start, "this string does not end", cut=True)
    try:
        return str(json.loads(found[0], strict=False)), found.end()
    except ValueError:
        raise MalformedError(start, "this string is not JSON") from None


def _scalar(text: str, start: int) -> tuple[Located, int]:
    for word, value in _WORDS.items():
        if text.startswith(word, start):
            return Located(value, start), start + len(word)
    found = _NUMBER.match(text, start)
    if not found:
        cut = any(word.startswith(text[start:]) for word in _WORDS)
        raise MalformedError(start, "expected a JSON value", cut=cut)
    number = float(found[0]) if found[1] or found[2] else int(found[0])
    return Located(number, start), found.end()


def _expect(text: str, offset: int, mark: str) -> int:
    offset = _skip(text, offset)
    if text[offset : offset + 1] != mark:
        raise MalformedError(offset, f"expected `{mark}`", cut=offset >= len(text))
    return _skip(text, offset + 1)


def _next(text: str, offset: int, end: str) -> tuple[int, bool]:
    """The offset after a comma (more elements follow) or after the closing bracket."""
    offset = _skip(text, offset)
    match text[offset : offset + 1]:
        case ",":
            return _skip(text, offset + 1), True
        case found if found == end:
            return offset + 1, False
    raise MalformedError(offset, f"expected `,` or `{end}`", cut=offset >= len(text))
