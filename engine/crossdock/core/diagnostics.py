"""What is wrong, where, and what to do: the one form of every message, and the one renderer.

A diagnostic has a stable id, one sentence, a span in a source text, a help line, and at run time the
place in the payload (``input``) and in the result (``output``). Five renderings: text, short, json,
github and sarif. No rendering ever shows a payload's value: whoever makes a diagnostic decides what
its sentence may say, and values of sensitive fields never get there.

    error[unknown-property]: `kibo/order` has no property `orderNo`
      --> mappings/kibo/order.yaml:73:34
       |
    73 |     kibo_order_number: to_string(orderNo)
       |                                  ^^^^^^^
       = help: did you mean `orderNumber`?
"""

from __future__ import annotations

import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

Severity = Literal["error", "warning"]
Format = Literal["text", "short", "json", "github", "sarif"]

_RED, _YELLOW, _BLUE, _BOLD, _PLAIN = "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"
_LONGEST_LINE = 160


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


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a source: character offsets, the end exclusive."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
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


def pointer(*parts: str | int) -> str:
    """A JSON pointer of object keys and list indexes."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def shorten(text: str, most: int = 60) -> str:
    """A text cut to one line of at most ``most`` characters, control characters escaped."""
    line = _printable(text)
    return line if len(line) <= most else line[: most - 1] + "…"


def _printable(text: str) -> str:
    """A text whose control characters are escaped, so that none reaches a terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A help sentence naming the known word nearest to ``word``, or None."""
    names = sorted(set(known))
    folded = {name.casefold(): name for name in reversed(names)}
    if word.casefold() in folded and word not in names:
        return f"did you mean `{folded[word.casefold()]}`?"
    near = get_close_matches(word, names, n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else None


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any finding is an error, and not only a warning."""
    return any(item.severity == "error" for item in diagnostics)


def render(diagnostics: Sequence[Diagnostic], form: Format = "text", *, color: bool = False) -> str:
    """The diagnostics as one text, without a line end after it."""
    match form:
        case "text":
            return "\n\n".join(_text(item, color) for item in diagnostics)
        case "short":
            return "\n".join(_short(item) for item in diagnostics)
        case "github":
            return "\n".join(_github(item) for item in diagnostics)
        case "json":
            return _json([_plain(item) for item in diagnostics])
        case "sarif":
            return _json(_sarif(diagnostics))


def _json(value: object) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return re.sub(
        r"[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]", lambda found: f"\\u{ord(found[0]):04x}", text
    )


def _text(item: Diagnostic, color: bool) -> str:
    paint = _painter(color)
    severity = paint(f"{item.severity}[{item.id}]", _RED if item.severity == "error" else _YELLOW)
    lines = [f"{severity}: {paint(_printable(item.message), _BOLD)}"]
    margin = "  "
    if item.span:
        margin = " " * len(str(item.span.line)) + " "
        lines.append(f"{margin}{paint('-->', _BLUE)} {_printable(str(item.span))}")
        lines.extend(_snippet(item.span, margin, paint))
    elif item.input:
        lines.append(f"{margin}{paint('-->', _BLUE)} {_printable(str(item.input))}")
    for label, value in _remarks(item):
        lines.append(f"{margin}{paint('=', _BLUE)} {label}: {_printable(value)}")
    return "\n".join(lines)


def _painter(color: bool):  # type: ignore[no-untyped-def]
    return (lambda text, code: f"{code}{text}{_PLAIN}") if color else (lambda text, _code: text)


def _snippet(span: Span, margin: str, paint) -> list[str]:  # type: ignore[no-untyped-def]
    """The source line with carets below; a long line is cut around the caret."""
    line, column = span.line, span.column
    text = span.source.line(line).expandtabs(1)
    length = max(1, min(span.end - span.start, len(text) - column + 1))
    if len(text) > _LONGEST_LINE:
        left = max(0, column - 1 - _LONGEST_LINE // 3)
        text, column = text[left : left + _LONGEST_LINE], column - left
        length = min(length, len(text) - column + 1)
    text = "".join(char if char.isprintable() else "�" for char in text)
    bar = paint("|", _BLUE)
    before, under = text[: column - 1], text[column - 1 : column - 1 + length]
    carets = paint("^" * max(1, _columns(under)), _RED)
    return [
        f"{margin}{bar}",
        f"{paint(str(line), _BLUE)} {bar} {text}".rstrip(),
        f"{margin}{bar} {' ' * _columns(before)}{carets}",
    ]


def _columns(text: str) -> int:
    """How many columns of a screen a text takes: two for a wide character, none for a combining one."""
    widths = (2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
    return sum(widths) - sum(unicodedata.combining(char) > 0 for char in text)


def _remarks(item: Diagnostic) -> list[tuple[str, str]]:
    remarks = [("note", note) for note in item.notes]
    if item.help:
        remarks.append(("help", item.help))
    if item.input and item.span:
        remarks.append(("input", str(item.input)))
    if item.output:
        remarks.append(("output", item.output))
    return remarks


def _short(item: Diagnostic) -> str:
    place = item.span or item.input
    where = f"{place}: " if place else ""
    return _printable(f"{where}{item.severity}[{item.id}]: {item.message}")


def _plain(item: Diagnostic) -> dict[str, object]:
    """A diagnostic as plain data, absent parts left out."""
    data: dict[str, object] = {"id": item.id, "severity": item.severity, "message": item.message}
    if item.span:
        end_line, end_column = item.span.source.position(item.span.end)
        data["span"] = {
            "file": item.span.source.name,
            "line": item.span.line,
            "column": item.span.column,
            "end_line": end_line,
            "end_column": end_column,
        }
    if item.help:
        data["help"] = item.help
    if item.notes:
        data["notes"] = list(item.notes)
    if item.input:
        data["input"] = {"file": item.input.name, "pointer": item.input.pointer}
    if item.output is not None:
        data["output"] = item.output
    return data


def _github(item: Diagnostic) -> str:
    """A workflow command that annotates the line in a pull request."""
    properties = {"title": item.id}
    if item.span:
        end_line, end_column = item.span.source.position(item.span.end)
        properties |= {
            "file": item.span.source.name,
            "line": str(item.span.line),
            "col": str(item.span.column),
            "endLine": str(end_line),
            "endColumn": str(end_column),
        }
    elif item.input:
        properties["file"] = item.input.name
    listed = ",".join(f"{key}={_escape(value, ':,')}" for key, value in properties.items())
    message = item.message + (f" ({item.help})" if item.help else "")
    return f"::{item.severity} {listed}::{_escape(message)}"


def _escape(text: str, more: str = "") -> str:
    for char in "%\r\n" + more:
        text = text.replace(char, f"%{ord(char):02X}")
    return _printable(text)


def _sarif(diagnostics: Sequence[Diagnostic]) -> dict[str, object]:
    from crossdock import __version__

    rules = sorted({item.id for item in diagnostics})
    driver = {"name": "crossdock", "version": __version__, "rules": [{"id": rule} for rule in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(item) for item in diagnostics],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return {"$schema": schema, "version": "2.1.0", "runs": [run]}


def _sarif_result(item: Diagnostic) -> dict[str, object]:
    message = item.message + (f" ({item.help})" if item.help else "")
    result: dict[str, object] = {
        "ruleId": item.id,
        "level": item.severity,
        "message": {"text": message},
    }
    if item.span:
        end_line, end_column = item.span.source.position(item.span.end)
        region = {
            "startLine": item.span.line,
            "startColumn": item.span.column,
            "endLine": end_line,
            "endColumn": end_column,
        }
        place: dict[str, object] = {"artifactLocation": {"uri": item.span.source.name}, "region": region}
        result["locations"] = [{"physicalLocation": place}]
    elif item.input:
        place = {"artifactLocation": {"uri": item.input.name}}
        logical = [{"fullyQualifiedName": item.input.pointer}]
        result["locations"] = [{"physicalLocation": place, "logicalLocations": logical}]
    return result
