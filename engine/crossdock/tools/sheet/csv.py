"""A sheet as CSV, for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re

from crossdock.tools.sheet.rows import COLUMNS, Sheet

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def write(sheet: Sheet) -> str:
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
