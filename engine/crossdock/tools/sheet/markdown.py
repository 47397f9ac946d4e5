"""A sheet as Markdown, for a page or a pull request, and as CSV, for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from typing import Final

from crossdock.core.markdown import code, plain, table
from crossdock.tools.sheet.rows import Row, Sheet

COLUMNS: Final = (
    *("target field", "type", "required", "source", "transformation", "example in", "example out", "note"),
)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def markdown(sheet: Sheet) -> str:
    parts = [f"# {plain(sheet.name)}"]
    if sheet.describe:
        parts.append(plain(sheet.describe))
    if sheet.source or sheet.target:
        parts.append(f"From {code(sheet.source) or 'anything'} to {code(sheet.target) or 'anything'}.")
    parts.append(table(COLUMNS, [_cells(row) for row in sheet.rows]))
    if sheet.unwritten:
        rows = [[code(path), plain(reason)] for path, reason in sheet.unwritten]
        parts.append("## Not written\n\n" + table(["target field", "reason"], rows))
    if sheet.ignored:
        rows = [[code(path), plain(reason)] for path, reason in sheet.ignored]
        parts.append("## Not read\n\n" + table(["source field", "reason"], rows))
    return "\n\n".join(parts)


def _cells(row: Row) -> list[str]:
    target = code(row.target) or "the result"
    return [
        f"**{target}**" if row.is_group else target,
        plain(row.type),
        "yes" if row.required else "",
        "<br>".join(map(code, row.sources)),
        plain(row.words),
        code(row.example_in),
        code(row.example_out),
        plain(row.note),
    ]


def as_csv(sheet: Sheet) -> str:
    """One table: the first column says whether a line is of a field, or of what is not written or read."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["kind", *COLUMNS])
    for row in sheet.rows:
        required = "yes" if row.required else ""
        sources = "\n".join(row.sources)
        given = (
            row.target,
            row.type,
            required,
            sources,
            row.words,
            row.example_in,
            row.example_out,
            row.note,
        )
        writer.writerow(["group" if row.is_group else "field", *map(_harmless, given)])
    for path, reason in sheet.unwritten:
        writer.writerow(["not written", _harmless(path), "", "", "", "", "", "", _harmless(reason)])
    for path, reason in sheet.ignored:
        writer.writerow(["not read", "", "", "", _harmless(path), "", "", "", _harmless(reason)])
    return stream.getvalue().removesuffix("\n")


def _harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    formula = text.startswith(("=", "+", "-", "@", "\t", "\r")) and not _NUMBER.fullmatch(text)
    return f"'{text}" if formula else text
