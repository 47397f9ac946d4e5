"""Documents of a documentation site, and the parts of them that describe a payload.

A document is text: Markdown, a scraped page, or a bare JSON file. Its parts are found by their own syntax,
never by the layout of a site: JSON anywhere in the text, parameter tables, query strings of curl calls,
field descriptions in prose. Every part keeps its offset, so that a schema can name document and line.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_plus

from crossdock.core.diagnostics import Diagnostic, Source, Span, did_you_mean
from crossdock.core.errors import ProjectError
from crossdock.core.limits import DOCUMENT_BYTES, DOCUMENT_VALUES
from crossdock.tools.derivation.located import Located, MalformedError, read

_HEADING = re.compile(r"^(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$", re.MULTILINE)
_TAG = re.compile(r"<[^<>]*>")
_HIDDEN = re.compile(r"<(script|style)\b", re.IGNORECASE)
_SHOWN = re.compile(r"</(script|style)\b", re.IGNORECASE)
_OPENING = re.compile(r'\{(?=\s*["}])|\[(?=\s*[\[{"])')
_TABLE_LINE = re.compile(r"^[ \t]*\|.*$", re.MULTILINE)
_QUERY_PART = re.compile(
    r"(?:-d|--data(?:-urlencode)?)[ \t]+['\"]?([^\s'\"=\[{]+(?:\[[^\]\s]*\])*)=([^\s'\"\\]*)"
)
_CURL = re.compile(r"^[ \t]*(?:\$[ \t]*)?curl\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One JSON value in a document, or the reason why it cannot be read."""

    start: int
    json: Located | MalformedError


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a parameter table: cells by lower-case column title."""

    offset: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Section:
    """A range of a document; the parts in it are counted from 1."""

    source: Source
    start: int
    end: int

    def span(self, start: int, end: int | None = None) -> Span:
        return Span(self.source, start, end or start + 1)


def load(path: Path, kind: str = "document") -> Source:
    """A document's text. Raises ProjectError for a file that is missing, too large, or not UTF-8."""
    named = f"the {kind} `{path.name}`"
    if not path.is_file():
        place = "the documents' directory" if kind == "document" else f"`{path.parent.name}`"
        raise _refused(f"{kind}-missing", f"{named} is not in {place}")
    if (size := path.stat().st_size) > DOCUMENT_BYTES:
        sizes = f"{size / 1024 / 1024:.0f} MiB, more than the limit of {DOCUMENT_BYTES // 1024 // 1024} MiB"
        help_ = "cut out the part that describes the payloads"
        raise _refused(f"{kind}-too-large", f"{named} has {sizes}", help_)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{named} is not UTF-8: byte {error.start} cannot be read"
        raise _refused(f"{kind}-encoding", message, "save it as UTF-8") from None
    except OSError as error:
        raise _refused(f"{kind}-unreadable", f"{named} cannot be read: {error.strerror or error}") from None
    return Source(path.name, _untagged(text))


def section(source: Source, under: str | None) -> Section:
    """The whole document, or the section of the heading ``under``."""
    if under is None:
        return Section(source, 0, len(source.text))
    titles: list[str] = []
    for found, title, end in _headings(source.text):
        titles.append(title)
        if title == under:
            return Section(source, found.end(), end)
    message = f"the document `{source.name}` has no heading `{under}`"
    raise _refused("heading-unknown", message, did_you_mean(under, titles))


def blocks(part: Section) -> list[Block]:
    """Every JSON object and array in a section, in order, without those in tables, which ``table`` reads."""
    text = part.source.text[: part.end]
    found: list[Block] = []
    offset = part.start
    while opening := _OPENING.search(text, offset):
        start = opening.start()
        line = part.source.offset(part.source.position(start)[0], 1)
        if row := _TABLE_LINE.match(text, line):
            offset = row.end()
            continue
        try:
            value, offset = read(text, start)
        except MalformedError as error:
            found.append(Block(start, error))
            offset = max(error.offset, start + 1)
        else:
            found += [Block(start, value)] if value.value else []
        if len(found) > DOCUMENT_VALUES:
            message = f"the document `{part.source.name}` holds more than {DOCUMENT_VALUES} JSON values"
            raise _refused("json-too-many", message, "cut out the part that describes the payloads")
    return found


def block(part: Section, ordinal: int) -> Located:
    """The ``ordinal``-th JSON value of a section, counted from 1."""
    every = blocks(part)
    name = part.source.name
    if not every:
        raise _refused(
            "json-missing", f"the document `{name}` holds no JSON here", span=part.span(part.start)
        )
    if not 1 <= ordinal <= len(every):
        message = f"the document `{name}` holds {_count(every, 'JSON value')} here, not {ordinal}"
        raise _refused("json-missing", message, span=part.span(part.start))
    chosen = every[ordinal - 1]
    match chosen.json:
        case MalformedError(cut=True):
            message = f"the document `{name}` ends in the middle of the JSON that begins here"
            raise _refused("document-cut", message, "fetch the document again", part.span(chosen.start))
        case MalformedError() as error:
            line = part.source.position(chosen.start)[0]
            message = f"the JSON that begins in line {line} cannot be read: {error.why}"
            raise _refused("json-malformed", message, span=part.span(error.offset))
        case Located() as value:
            return value


def table(part: Section, ordinal: int) -> list[TableRow]:
    """The rows of the ``ordinal``-th Markdown table of a section, counted from 1."""
    tables: list[list[TableRow]] = []
    titles: list[str] = []
    previous = -1
    for line in _TABLE_LINE.finditer(part.source.text, part.start, part.end):
        if line.start() != previous + 1 or not tables:
            tables.append([])
            titles = [cell.strip("* ").lower() for cell in _cells(line[0])]
        elif not set(line[0]) <= set("|-: \t"):
            tables[-1].append(TableRow(line.start(), dict(zip(titles, _cells(line[0]), strict=False))))
        previous = line.end()
    if not 1 <= ordinal <= len(tables):
        message = f"the document `{part.source.name}` holds {_count(tables, 'table')} here, not {ordinal}"
        raise _refused("table-missing", message, span=part.span(part.start))
    return tables[ordinal - 1]


def query(part: Section, ordinal: int) -> Located:
    """The data of the ``ordinal``-th curl call that sends a query string, brackets read as nesting."""
    text = part.source.text[: part.end]
    calls = [call.start() for call in _CURL.finditer(text, part.start)]
    bounds = [*calls[1:], part.end]
    queries = [list(_query_parts(text, start, end)) for start, end in zip(calls, bounds, strict=True)]
    queries = [parts for parts in queries if parts]
    if not 1 <= ordinal <= len(queries):
        message = (
            f"the document `{part.source.name}` holds {_count(queries, 'curl query')} here, not {ordinal}"
        )
        raise _refused("query-missing", message, span=part.span(part.start))
    root: dict[str, Located] = {}
    for keys, value, offset in queries[ordinal - 1]:
        members = root
        for key in keys[:-1]:
            held = members.setdefault(key, Located({}, offset)).value
            members = held if isinstance(held, dict) else {}
        members[keys[-1]] = Located(value, offset)
    return Located(root, calls[0])


def _query_parts(text: str, start: int, end: int) -> Iterator[tuple[list[str], str, int]]:
    for found in _QUERY_PART.finditer(text, start, end):
        keys = [key for key in re.split(r"[\[\]]+", unquote_plus(found[1])) if key]
        if keys:
            yield keys, unquote_plus(found[2]), found.start()


def _headings(text: str) -> Iterator[tuple[re.Match[str], str, int]]:
    """Each heading, its text without markup, and where its section ends."""
    every = list(_HEADING.finditer(text))
    for position, found in enumerate(every):
        later = (next_ for next_ in every[position + 1 :] if len(next_[1]) <= len(found[1]))
        end = next((next_.start() for next_ in later), len(text))
        yield found, _TAG.sub("", found[2]).strip("*` "), end


def _cells(line: str) -> list[str]:
    """The cells of a table line. A bar inside backticks or after a backslash does not separate cells."""
    cells = [""]
    quoted = False
    for position, char in enumerate(line.strip().strip("|")):
        quoted ^= char == "`"
        if char == "|" and not quoted and line.strip().strip("|")[position - 1] != "\\":
            cells.append("")
        else:
            cells[-1] += char
    return [cell.strip() for cell in cells]


def _untagged(text: str) -> str:
    """An HTML page as its text, lines kept; anything else as it is (placeholders such as <string> stay)."""
    if not re.match(r"\s*<(!doctype|html)\b", text, re.IGNORECASE):
        return text
    pieces: list[str] = []
    offset, hidden = 0, False
    for tag in _TAG.finditer(text):
        between = text[offset : tag.start()]
        pieces.append("\n" * (between.count("\n") + tag[0].count("\n")) if hidden else between)
        pieces.append("" if hidden else "\n" * tag[0].count("\n"))
        hidden = _HIDDEN.match(tag[0]) is not None if not hidden else not _SHOWN.match(tag[0])
        offset = tag.end()
    return html.unescape("".join(pieces) + text[offset:])


def _count(things: Sequence[object], word: str) -> str:
    plural = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{len(things)} {word if len(things) == 1 else plural}"


def _refused(id_: str, message: str, help_: str | None = None, span: Span | None = None) -> ProjectError:
    return ProjectError([Diagnostic(id_, message, span, help_)])
