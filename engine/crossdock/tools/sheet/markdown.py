"""A sheet as Markdown, for a page or a pull request."""

from __future__ import annotations

from crossdock.core.markdown import code, plain, table
from crossdock.tools.sheet.conversation_rows import CODE, ConversationSheet
from crossdock.tools.sheet.rows import COLUMNS, Sheet, SheetRow


def write(sheet: Sheet) -> str:
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


def write_conversation(sheet: ConversationSheet) -> str:
    parts = [f"# {plain(sheet.name)}", plain(sheet.describe)]
    parts.append(f"From {code(sheet.request) or 'anything'} to {code(sheet.response) or 'anything'}.")
    for title, columns, rows in sheet.tables():
        cells = [[_shown(*cell) for cell in zip(columns, row, strict=True)] for row in rows]
        parts.append(f"## {title}\n\n" + table(columns, cells))
    return "\n\n".join(parts)


def _shown(column: str, text: str) -> str:
    return "<br>".join(map(code, text.splitlines())) if column in CODE else plain(text)


def _cells(row: SheetRow) -> list[str]:
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
