"""A sheet as CSV, for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re

from crossdock.tools.sheet.conversation_rows import FIELD_COLUMNS, STEP_COLUMNS, ConversationSheet
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


def write_conversation(sheet: ConversationSheet) -> str:
    """One table; the first column is the kind of row: step, field, or not possible."""
    columns = list(dict.fromkeys((*STEP_COLUMNS, *FIELD_COLUMNS)))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["kind", *columns])
    for kind, names, rows in (("step", STEP_COLUMNS, sheet.steps), ("field", FIELD_COLUMNS, sheet.fields)):
        for row in rows:
            known = dict(zip(names, row, strict=True))
            writer.writerow([kind, *(_harmless(known.get(name, "")) for name in columns)])
    for what, reason in sheet.cannot:
        known = {"does": what, "note": reason}
        writer.writerow(["not possible", *(_harmless(known.get(name, "")) for name in columns)])
    return stream.getvalue().removesuffix("\n")


def _harmless(text: str) -> str:
    """A string that a spreadsheet does not read as a formula."""
    formula = text.startswith(("=", "+", "-", "@", "\t", "\r")) and not _NUMBER.fullmatch(text)
    return f"'{text}" if formula else text
