"""The sheet of a mapping or a conversation as plain tables, for the page to show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crossdock.channels.steps import Conversation
from crossdock.checking.lineage import lineage
from crossdock.core.json_types import JSON
from crossdock.execution.runner import Mapping
from crossdock.project.project import Project
from crossdock.tools.sheet.conversation_rows import CODE, sheet_of_conversation
from crossdock.tools.sheet.field_examples import samples_of
from crossdock.tools.sheet.rows import COLUMNS, SheetRow, sheet_of

_CODE = ("target field", "source", "example in", "example out", "source field")


def sheet_data(project: Project, name: str) -> JSON:
    """The tables of a sheet. ``code`` are the columns whose texts are names or values."""
    named = project.named(name)
    return _mapping(project, named) if isinstance(named, Mapping) else _conversation(named)


def _mapping(project: Project, mapping: Mapping) -> JSON:
    linked = mapping.linked
    sheet = sheet_of(linked, samples_of(project, linked, lineage(linked)))
    tables = [_table("Fields", COLUMNS, map(_row, sheet.rows))]
    if sheet.unwritten:
        tables.append(_table("Not written", ("target field", "reason"), sheet.unwritten))
    if sheet.ignored:
        tables.append(_table("Not read", ("source field", "reason"), sheet.ignored))
    return {"name": sheet.name, "describe": sheet.describe, "tables": tables}


def _conversation(conversation: Conversation) -> JSON:
    sheet = sheet_of_conversation(conversation)
    tables = [_table(title, columns, rows, CODE) for title, columns, rows in sheet.tables()]
    return {"name": sheet.name, "describe": sheet.describe, "tables": tables}


def _row(row: SheetRow) -> Sequence[str]:
    return (
        row.target or "the result",
        row.type,
        "yes" if row.required else "",
        "\n".join(row.sources),
        row.words,
        row.example_in,
        row.example_out,
        row.note,
    )


def _table(
    title: str, columns: Iterable[str], rows: Iterable[Sequence[str]], code: Iterable[str] = _CODE
) -> JSON:
    return {
        "title": title,
        "columns": list(columns),
        "code": list(code),
        "rows": [list(row) for row in rows],
    }
