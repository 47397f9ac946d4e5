"""Diagnostics as text: for a terminal, one line each, GitHub annotations, JSON, or SARIF 2.1.0.

    error[unknown-property]: `kibo/order` has no property `orderNo`
      --> mappings/kibo/order.yaml:73:34
       |
    73 |     kibo_order_number: to_string(orderNo)
       |                                  ^^^^^^^
       = help: did you mean `orderNumber`?

Names and messages can hold characters from an untrusted payload or file. Every renderer escapes those that
a terminal or a log would act on.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Literal

from crossdock.core.diagnostics import Diagnostic, PayloadLine, Span, printable

Format = Literal["text", "short", "json", "github", "sarif"]

_Paint = Callable[[str, str], str]
"""A text and an escape sequence that starts a color -> the text in that color."""

_RED, _YELLOW, _BLUE, _BOLD, _PLAIN = "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"
_LONGEST_LINE = 160


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
            return _json([plain(item) for item in diagnostics])
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
    lines = [f"{severity}: {paint(printable(item.message), _BOLD)}"]
    margin = "  "
    if item.span:
        margin = " " * len(str(item.span.line)) + " "
        lines.append(f"{margin}{paint('-->', _BLUE)} {printable(str(item.span))}")
        lines.extend(_snippet(item.span, margin, paint))
    elif item.input:
        lines.append(f"{margin}{paint('-->', _BLUE)} {printable(str(item.input))}")
    for label, value in _remarks(item):
        lines.append(f"{margin}{paint('=', _BLUE)} {label}: {printable(value)}")
    return "\n".join(lines)


def _painter(color: bool) -> _Paint:
    return (lambda text, code: f"{code}{text}{_PLAIN}") if color else (lambda text, _code: text)


def _snippet(span: Span, margin: str, paint: _Paint) -> list[str]:
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
    return printable(f"{where}{item.severity}[{item.id}]: {item.message}")


def plain(item: Diagnostic) -> dict[str, object]:
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
    return printable(text)


def _sarif(diagnostics: Sequence[Diagnostic]) -> dict[str, object]:
    from crossdock.core.version import __version__

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
        file, before = _file_of(item.span.source.name)
        end_line, end_column = item.span.source.position(item.span.end)
        region = {
            "startLine": before + item.span.line,
            "startColumn": item.span.column,
            "endLine": before + end_line,
            "endColumn": end_column,
        }
        place: dict[str, object] = {"artifactLocation": {"uri": _uri(file)}, "region": region}
        result["locations"] = [{"physicalLocation": place}]
    elif item.input:
        file, before = _file_of(item.input.name)
        place = {"artifactLocation": {"uri": _uri(file)}}
        if isinstance(item.input.name, PayloadLine):
            place["region"] = {"startLine": before + 1}
        logical = [{"fullyQualifiedName": item.input.pointer}]
        result["locations"] = [{"physicalLocation": place, "logicalLocations": logical}]
    return result


def _file_of(name: str) -> tuple[str, int]:
    """The file that a name is of, and how many of its lines come before what is named."""
    return (name.file, name.number - 1) if isinstance(name, PayloadLine) else (name, 0)


def _uri(name: str) -> str:
    """The name of a file as a URI reference of RFC 3986, relative for a relative name."""
    from urllib.parse import quote_from_bytes

    path = PurePath(name)
    # The first part of a relative reference may have no colon. `quote_from_bytes` encodes it.
    return path.as_uri() if path.is_absolute() else quote_from_bytes(os.fsencode(path.as_posix()))
