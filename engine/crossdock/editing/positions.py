"""Places in a text as editors count them: lines from 0, and columns in UTF-16 code units from 0.

A line ends with a line feed, a carriage return, or both.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from crossdock.core.diagnostics import Span


@dataclass(frozen=True, slots=True, order=True)
class Position:
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class TextRange:
    """A stretch of a text, the end exclusive."""

    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class TextLines:
    """The lines of a text, to convert between its offsets in characters and an editor's positions."""

    text: str = field(repr=False)
    _starts: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = [0, *(found.end() for found in re.finditer(r"\r\n|\n|\r", self.text))]
        object.__setattr__(self, "_starts", starts)

    def position(self, offset: int) -> Position:
        """The position of an offset; one beyond the text is its end."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self._starts, offset) - 1
        return Position(line, _units(self.text[self._starts[line] : offset]))

    def offset(self, position: Position) -> int:
        """The offset of a position. One beyond the end of its line, or within a character, is before that."""
        if position.line >= len(self._starts):
            return len(self.text)
        start = self._starts[max(position.line, 0)]
        line = self.line(max(position.line, 0))
        if line.isascii():
            return start + min(max(position.column, 0), len(line))
        units = 0
        for place, char in enumerate(line):
            units += 2 if char > "\uffff" else 1
            if units > position.column:
                return start + place
        return start + len(line)

    def line(self, number: int) -> str:
        """The text of a line, counted from 0, without its end."""
        start = self._starts[number]
        end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def between(self, start: int, end: int) -> TextRange:
        return TextRange(self.position(start), self.position(end))

    def of(self, span: Span) -> TextRange:
        """Where a span of this text is."""
        return self.between(span.start, span.end)


def _units(text: str) -> int:
    return len(text) + (0 if text.isascii() else sum(char > "\uffff" for char in text))
