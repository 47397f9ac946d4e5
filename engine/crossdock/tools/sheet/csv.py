"""A sheet as CSV, for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re

from crossdock.tools.sheet.rows import COLUMNS, Sheet

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def write(sheet: Sheet) -> str:
    """One table; the first column is the kind of row: group, field, not written, or not read."""
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
    """A string that a spreadsheet does not read as a formula."""
    formula = text.startswith(("=", "+", "-", "@", "\t", "\r")) and not _NUMBER.fullmatch(text)
    return f"'{text}" if formula else text
