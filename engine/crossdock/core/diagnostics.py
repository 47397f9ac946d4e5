"""The model of a finding: what is wrong, where, and what to do about it. ``rendering`` writes it.

A diagnostic has a stable id, one sentence, a span in a source text, a help line, and at run time the
place in the payload (``input``) and in the result (``output``). The code that makes a diagnostic decides
what its sentence shows: values of a payload, and all values of sensitive fields, stay out of it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from crossdock.core.records import record
from crossdock.core.similar import exhausted, similar

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Source:
    """A text that spans point into. ``name`` is what messages call it, usually a relative path."""

    name: str
    text: str = field(repr=False)
    _starts: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = [0, *(found.end() for found in re.finditer("\n", self.text))]
        object.__setattr__(self, "_starts", starts)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1, in characters."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """The offset of a line and column, both counted from 1."""
        return self._starts[line - 1] + column - 1

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its line end."""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")


@record(frozen=True, slots=True)
class Span:
    """A stretch of a source: character offsets, the end exclusive."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        """The line of the start, from 1."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """The column of the start, from 1, in characters."""
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        """The part of the source that the span covers."""
        return self.source.text[self.start : self.end]

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a payload: the payload's name, and a JSON pointer (RFC 6901) into it."""

    name: str
    pointer: str

    def __str__(self) -> str:
        return f"{self.name} at {self.pointer}" if self.pointer else self.name


class PayloadLine(str):
    """The name of a payload that is one line of a file: ``orders.jsonl:7``."""

    __slots__ = ("file", "number")
    file: str
    number: int

    def __new__(cls, file: str, number: int) -> PayloadLine:
        made = super().__new__(cls, f"{file}:{number}")
        made.file, made.number = file, number
        return made

    def __getnewargs__(self) -> tuple[str, int]:  # type: ignore[override]
        return self.file, self.number


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. ``id`` is stable and documented; ``message`` is one sentence, lower case, no full stop."""

    id: str
    message: str
    span: Span | None = None
    help: str | None = None
    input: Place | None = None
    output: str | None = None
    severity: Severity = "error"
    notes: tuple[str, ...] = ()


def shorten(text: str, most: int = 60) -> str:
    """A text cut to one line of at most ``most`` characters, control characters escaped."""
    line = printable(text)
    return line if len(line) <= most else line[: most - 1] + "…"


def printable(text: str) -> str:
    """A text whose control characters are escaped, so that none reaches a terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A help sentence naming the known word nearest to ``word``, or None."""
    if exhausted():
        return None
    names = sorted(set(known))
    folded = word.casefold()
    same = next((name for name in names if name.casefold() == folded), None) if word not in names else None
    near = same or similar(word, names)
    return f"did you mean `{near}`?" if near else None


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Each finding once, in the order of the files; those without a place come first."""
    unique = list(dict.fromkeys(diagnostics))
    return sorted(unique, key=lambda item: (item.span.source.name, item.span.start) if item.span else ("", 0))


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any finding is an error, and not only a warning."""
    return any(item.severity == "error" for item in diagnostics)
