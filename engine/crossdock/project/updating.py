"""Snapshots of the examples of one mapping or conversation, written anew: as ``pytest --snapshot-update``.

update_snapshots(project, "shop/order")     # [Path("snapshots/shop/order/plain.json")]
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crossdock.project.cases import Case, cases_of, run_case
from crossdock.project.examples import SNAPSHOTS
from crossdock.project.shared_files import CONVERSATION

if TYPE_CHECKING:
    from crossdock.project.project import Project

_SUFFIXES: Final = (".json", ".txt")  # of the result, and of the diagnostics


def own_cases(project: Project, name: str) -> list[Case]:
    """The examples of a mapping or conversation in the project itself: those that its snapshots are of."""
    cases = cases_of(project, name.removesuffix(f"/{CONVERSATION}"))
    return [case for case in cases if case.root == project.roots[0]]


def update_snapshots(project: Project, name: str) -> list[Path]:
    """Write the snapshots that differ, and delete those of what no longer comes out; the files, in order.

    Raises ProjectError or CompileError if an example cannot run. Then nothing is written.
    """
    changed = [change for case in own_cases(project, name) for change in _changes(project, case)]
    for file, text in changed:
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text)
    return [file for file, _ in changed]


def _changes(project: Project, case: Case) -> Iterator[tuple[Path, bytes | None]]:
    """The snapshots of an example that are not what comes out now, with what does; None for nothing."""
    for suffix, text in zip(_SUFFIXES, run_case(project, case), strict=True):
        file = case.root / SNAPSHOTS / case.path.with_suffix(suffix)
        now = None if text is None else f"{text}\n".encode()
        if now != (file.read_bytes() if file.is_file() else None):
            yield file, now
