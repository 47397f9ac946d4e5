"""What examples try of a file, by its lines, and how the examples compare with their snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crossdock.channels.steps import Conversation
from crossdock.core.json_types import JSON
from crossdock.project.cases import cases_of, run_case
from crossdock.project.examples import SNAPSHOTS
from crossdock.project.project import Project
from crossdock.studio.places import range_of
from crossdock.tools.coverage.firing import Firing
from crossdock.tools.coverage.report import conversation_coverage, coverage, firing_words


def coverage_data(project: Project, name: str) -> JSON:
    """The rules of a file that no example tries. It runs all the examples: seconds for a large file."""
    named = project.named(name)
    if isinstance(named, Conversation):
        found = conversation_coverage(project, named)
        text = named.cells.text.name
    else:
        (found,) = coverage(project, [named])
        text = named.linked.text.name
    if found.firing is None or not found.firing.examples:
        return {"summary": "no example runs this file", "missed": []}
    return {"summary": firing_words(found.firing), "missed": _missed(found.firing, text)}


def _missed(firing: Firing, text: str) -> list[JSON]:
    """The arms that are missed in the file itself, and not in a table of another one."""
    return [
        {"at": range_of(item.rule.span), "says": item.says, "rule": item.rule.text}
        for item in firing.missed
        if item.rule.span.source.name == text
    ]


def compared_examples(project: Project, name: str, wanted: Sequence[str]) -> JSON:
    """Whether these examples of a file still give what their snapshots have."""
    found: dict[str, JSON] = {}
    for case in cases_of(project, name):
        if case.name in wanted:
            result, diagnostics = run_case(project, case)
            same = _same(case.root, case.path.with_suffix(".json").as_posix(), result)
            same = same and _same(case.root, case.path.with_suffix(".txt").as_posix(), diagnostics)
            found[case.name] = "same" if same else "differs"
    return found


def _same(root: Path, name: str, text: str | None) -> bool:
    """Whether a text is that of a snapshot; no text is the same as no snapshot."""
    file = root / SNAPSHOTS / name
    if text is None or not file.is_file():
        return text is None and not file.is_file()
    return file.read_text(encoding="utf-8") == text + "\n"
