"""Whole processes: what one waits for at the prompt."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from check import of_children
from engines import ROOT
from measuring import Figure, Row, Skipped, measured
from results import Table, against, notes_of, side_by_side

_BARE: Final = "python -c pass"
_COMMAND: Final = Path(sys.executable).with_name("crossdock")
_TRANSFORM: Final = ("transform", "kibo/order", str(Path("examples", "kibo", "order", "full.json")))
_LEAD: Final = (
    "The processor's time of a process from its start to its end, and its ratio to that of a bare Python in "
    "the same round, with the quartiles. The transform is `crossdock transform kibo/order "
    "examples/kibo/order/full.json`, which validates the payload and the result."
)


def table(*, rounds: int) -> Table:
    """A line for each command."""
    found = figures(rounds)
    return Table(
        "Start-up", _LEAD, ("", "time and ratio"), side_by_side([found], against(_BARE)), notes_of(found)
    )


def figures(rounds: int) -> list[Figure | Skipped]:
    bare = _row(_BARE, [sys.executable, "-c", "pass"])
    if not _COMMAND.exists():
        return [*measured([bare], rounds=rounds, seconds=0), Skipped("crossdock", "not installed")]
    command = str(_COMMAND)
    with tempfile.TemporaryDirectory() as kept:
        rows = [
            bare,
            _row("crossdock --help", [command, "--help"]),
            Row(
                "transform, cold",
                note="nothing is cached yet: the mapping is checked and compiled, and kept",
                timed=lambda calls: sum(_cold([command, *_TRANSFORM]) for _ in range(calls)),
            ),
            _row("transform, warm", [command, *_TRANSFORM], {"CROSSDOCK_CACHE": kept}),
        ]
        return [*measured(rows, rounds=rounds, seconds=0)]


def _row(name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> Row:
    return Row(name, timed=_children(command, environment or {}))


def _children(command: Sequence[str], environment: Mapping[str, str]) -> Callable[[int], float]:
    """The processor's seconds of so many runs of a command."""

    def timed(calls: int) -> float:
        begun = of_children()
        for _ in range(calls):
            _run(command, environment)
        return of_children() - begun

    return timed


def _cold(command: Sequence[str]) -> float:
    """The seconds of a command that finds no cache."""
    with tempfile.TemporaryDirectory() as empty:
        return _children(command, {"CROSSDOCK_CACHE": empty})(1)


def _run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    variables = {**os.environ, **environment}
    subprocess.run(command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, check=True)
