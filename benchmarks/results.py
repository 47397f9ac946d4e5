"""The page RESULTS.md: what was measured where, as tables.

A page says nothing of who ran it: no name of the machine, no path.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from measuring import Figure, Skipped, Spread

PACKAGES: Final = (
    *("jmespath", "jinja2", "jsonschema", "pyyaml", "orjson", "msgspec"),
    *("jsonschema-rs", "glom", "jlens", "jq", "jsonata-python"),
)
_GIB: Final = 1024**3


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its introduction. Cells are Markdown."""

    title: str
    lead: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def page(tables: Iterable[Table], *, how: str) -> str:
    """The whole page."""
    parts = [f"# Results\n\nWritten by `python benchmarks/run.py`; [README.md](README.md) says how. {how}\n"]
    parts.append("\n".join(f"- {fact}" for fact in facts()) + "\n")
    parts.extend(map(_section, tables))
    return "\n".join(parts)


def facts() -> list[str]:
    """The machine and the versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB
    versions = ", ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name)))
    return [
        f"date: {datetime.now(UTC):%Y-%m-%d}",
        f"machine: {os.cpu_count()} cores, {_processor()}, {memory:.0f} GiB of memory, {platform.system()}",
        f"Python {platform.python_version()} ({sys.implementation.name})",
        f"crossdock {_version('crossdock')}; {versions}",
    ]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    """The processor's model, as Linux tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def _section(table: Table) -> str:
    lines = [f"## {table.title}\n", f"{table.lead}\n", _line(table.head), _line(["---"] * len(table.head))]
    lines.extend(map(_line, table.rows))
    notes = [f"- {note}" for note in table.notes]
    return "\n".join([*lines, "", *notes, ""] if notes else [*lines, ""])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


Column = Sequence[Figure | Skipped]


def side_by_side(
    columns: Sequence[Column], show: Callable[[Figure, Column], str]
) -> tuple[tuple[str, ...], ...]:
    """A line for each row, with a cell for each column: what ``show`` makes of it, or why there is none."""
    names = list(dict.fromkeys(found.name for column in columns for found in column))
    shown = [{found.name: _shown(found, column, show) for found in column} for column in columns]
    return tuple((name, *(cells.get(name, "not measured") for cells in shown)) for name in names)


def _shown(found: Figure | Skipped, column: Column, show: Callable[[Figure, Column], str]) -> str:
    return found.why if isinstance(found, Skipped) else show(found, column)


def notes_of(figures: Iterable[Figure | Skipped]) -> tuple[str, ...]:
    """What the rows say about themselves, each as it says it first."""
    said: dict[str, str] = {}
    for found in figures:
        if isinstance(found, Figure) and found.note:
            said.setdefault(found.name, found.note)
    return tuple(f"{name}: {note}" for name, note in said.items())


def against(*names: str) -> Callable[[Figure, Column], str]:
    """``26 µs · 1.07 (1.05 to 1.10)``: the median time, and the ratios to some rows with their quartiles."""

    def show(found: Figure, column: Column) -> str:
        others = {other.name: other for other in column if isinstance(other, Figure)}
        ratios = [ratio(found.to(others[name])) if name in others else "–" for name in names]  # noqa: RUF001
        return " · ".join([duration(found.seconds.median), *ratios])

    return show


def ratio(spread: Spread) -> str:
    return f"**{_short(spread.median)}** ({_short(spread.lower)} to {_short(spread.upper)})"


def _short(value: float) -> str:
    """Three digits that count, or all before the point."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def duration(seconds: float) -> str:
    """Seconds in the unit that suits them."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{_short(seconds / size)} {unit}"
    return f"{_short(seconds * 1e6)} µs"
