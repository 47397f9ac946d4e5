"""Tables in Markdown, whose cells may hold anything: what would end a cell, a row or a code is written so
that it does not.

    table(["field", "is"], [[code("a|b"), "1"]])
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from crossdock.core.diagnostics import printable

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|])")


def code(text: str) -> str:
    """A text as code, on one line; nothing for nothing."""
    if not text:
        return ""
    line = printable(" ".join(text.split())).replace("|", "\\|")
    ticks = "`" * (max((len(found) for found in re.findall("`+", line)), default=0) + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{space}{line}{space}{ticks}"


def plain(text: str) -> str:
    """A text as itself, on one line."""
    return _SPECIAL.sub(r"\\\1", printable(" ".join(text.split())))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table. Cells are Markdown already, on one line; a ``|`` in them is escaped."""
    return "\n".join([row(head), "|" + "---|" * len(head), *map(row, rows)])


def row(cells: Sequence[str]) -> str:
    """One row of a table. Cells are Markdown already, on one line."""
    return "| " + " | ".join(cells) + " |"
