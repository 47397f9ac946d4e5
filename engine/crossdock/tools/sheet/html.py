"""A sheet as one HTML file: nothing is loaded or run, and it can be read without colour and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from crossdock.tools.sheet.conversation_rows import CODE, ConversationSheet
from crossdock.tools.sheet.rows import COLUMNS, Sheet, SheetRow

_STYLE: Final = """
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem; color: #111; background: #fff; }
h1 { font-size: 1.4rem; margin: 0 0 .3rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .2rem 0 1rem; max-width: 60rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #999; padding: .3rem .5rem; text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid #111; background: #f2f2f2; position: sticky; top: 0; }
tbody th { font-weight: normal; white-space: nowrap; }
tr.group th, tr.group td { border-top: 2px solid #555; background: #f7f7f7; }
tr.group th { font-weight: bold; }
code { font: 12.5px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
td.example { max-width: 14rem; }
ul { list-style: none; margin: 0; padding: 0; }
@media print { body { margin: 0; font-size: 9px; } code { font-size: 8px; } thead th { position: static; } }
"""


def write(sheet: Sheet) -> str:
    source, target = (_code(name) or "anything" for name in (sheet.source, sheet.target))
    return _page(
        sheet.name,
        sheet.describe,
        f"From {source} to {target}. {_legend()}",
        [
            _table(COLUMNS, map(_row, sheet.rows)),
            _list("Not written", "target field", sheet.unwritten),
            _list("Not read", "source field", sheet.ignored),
        ],
    )


def write_conversation(sheet: ConversationSheet) -> str:
    request, response = (_code(name) or "anything" for name in (sheet.request, sheet.response))
    tables = [
        f"<h2>{title}</h2>\n" + _table(columns, (_text_row(columns, row) for row in rows))
        for title, columns, rows in sheet.tables()
    ]
    return _page(sheet.name, sheet.describe, f"From {request} to {response}.", tables)


def _text_row(columns: Sequence[str], row: Sequence[str]) -> str:
    shown = [
        "<br>".join(map(_code, text.splitlines())) if column in CODE else escape(text)
        for column, text in zip(columns, row, strict=True)
    ]
    return (
        f'<tr><th scope="row">{shown[0]}</th>' + "".join(f"<td>{text}</td>" for text in shown[1:]) + "</tr>"
    )


def _page(name: str, describe: str, about: str, tables: Iterable[str]) -> str:
    """A whole file. ``about`` and ``tables`` are HTML."""
    title = escape(name)
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title><style>{_STYLE}</style></head>",
        f"<body><h1>{title}</h1>",
        f"<p>{escape(describe)}</p>" if describe else "",
        f"<p>{about}</p>",
        *tables,
        "</body></html>",
    ]
    return "\n".join(part for part in parts if part)


def _legend() -> str:
    return "Names in a transformation are those of the source, seen from the list or object around the field."


def _row(row: SheetRow) -> str:
    target = _code(row.target) or "the result"
    sources = "".join(f"<li>{_code(source)}</li>" for source in row.sources)
    cells = [
        f'<th scope="row" style="padding-left: {0.5 + row.depth:g}rem">{target}</th>',
        f"<td>{escape(row.type)}</td>",
        f"<td>{'yes' if row.required else ''}</td>",
        f"<td>{f'<ul>{sources}</ul>' if sources else ''}</td>",
        f"<td>{escape(row.words)}</td>",
        f'<td class="example">{_code(row.example_in)}</td>',
        f'<td class="example">{_code(row.example_out)}</td>',
        f"<td>{escape(row.note)}</td>",
    ]
    opening = '<tr class="group">' if row.is_group else "<tr>"
    return f"{opening}{''.join(cells)}</tr>"


def _list(title: str, what: str, pairs: Sequence[tuple[str, str]]) -> str:
    if not pairs:
        return ""
    rows = (f'<tr><th scope="row">{_code(path)}</th><td>{escape(reason)}</td></tr>' for path, reason in pairs)
    return f"<h2>{title}</h2>\n" + _table([what, "reason"], rows)


def _table(head: Sequence[str], rows: Iterable[str]) -> str:
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    opening = f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>"
    return "\n".join([opening, *rows, "</tbody>\n</table>"])


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>" if text else ""
