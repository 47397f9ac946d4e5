"""How long it takes to read, check and compile mappings, and to turn them into Python."""

from __future__ import annotations

from typing import Final

from check import check_all
from engines import ROOT, has_code_generation
from measuring import Figure, Row, measured
from results import Table, duration, ratio

from crossdock import Project

_ALL: Final = "all mappings and conversations: `crossdock check`"
_MOST_ROUNDS: Final = 7
_LEAD: Final = (
    "Everything is read anew each time. The first column is what it takes to read a mapping with its tables "
    "and schemas, to check it, and to compile it; the second, to generate its Python and compile that; the "
    "third, the second as a part of the first, within the round, with the quartiles."
)


def table(*, rounds: int) -> Table:
    """A line for each mapping, and one for the project."""
    rounds = min(rounds, _MOST_ROUNDS)
    whole = measured([Row(_ALL, check_all)], rounds=rounds, seconds=0)[0]
    lines = [(_ALL, duration(whole.seconds.median), "–", "–")]  # noqa: RUF001
    for name in Project([ROOT]).mapping_names(own=True):
        lines.append((name, *_cells(measured(_rows(name), rounds=rounds, seconds=0))))
    return Table("Check and compile", _LEAD, ("", "check and compile", "generate", "ratio"), tuple(lines))


def _rows(name: str) -> list[Row]:
    mapping = Project([ROOT]).mapping(name)
    compiling = Row(name, lambda: Project([ROOT]).mapping(name))
    if not has_code_generation():
        return [compiling]
    from crossdock.execution.codegen import compile_mapping

    return [compiling, Row(f"{name} as Python", lambda: compile_mapping(mapping.linked))]


def _cells(figures: list[Figure]) -> tuple[str, str, str]:
    compiling = duration(figures[0].seconds.median)
    if len(figures) == 1:
        return compiling, "not there yet", "not there yet"
    return compiling, duration(figures[1].seconds.median), ratio(figures[1].to(figures[0]))
