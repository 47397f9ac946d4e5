"""A comparison as Markdown for a pull request: a table of what changed, and the rest folded away.

All text from payloads and mappings is escaped, so that it cannot break the table or be read as markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from crossdock.core.diagnostics import printable
from crossdock.tools.diff.comparison import Change, Comparison, Remark
from crossdock.tools.diff.report import (
    REMARKS,
    Compared,
    DiffReport,
    by_rule,
    counted,
    place_of,
    rule_lines,
    summary,
    value_text,
)


def write(report: DiffReport) -> str:
    lines = [f"## What changes from {_code(report.old)} to {_code(report.new)}"]
    same = [each for each in report.mappings if not each.changed]
    for each in report.mappings:
        if each.changed:
            lines += ["", *_mapping(each)]
    if same:
        read = sum(each.comparison.read for each in same if each.comparison)
        names = ", ".join(_code(each.name) for each in same)
        lines += ["", f"Nothing changes in {names}: {counted(read, 'payload')} read."]
    return "\n".join(map(printable, lines))


def _mapping(each: Compared) -> Iterator[str]:
    if each.comparison is None:
        yield f"### {_code(each.name)} {each.status}"
        return
    comparison = each.comparison
    yield f"### {_code(each.name)}"
    yield ""
    yield f"{summary(comparison)}."
    if comparison.changes:
        yield ""
        yield "| field | what | payloads | written at | before | after |"
        yield "|---|---|--:|---|---|---|"
        yield from map(_row, comparison.changes)
    if comparison.remarks:
        yield ""
        yield "| | payloads | diagnostic | for example |"
        yield "|---|--:|---|---|"
        yield from map(_remark, comparison.remarks)
    if comparison.changes:
        yield ""
        yield from _details(comparison)


def _row(change: Change) -> str:
    sample = change.samples[0] if change.samples else None
    before = _code(value_text(sample.before)) if sample else ""
    after = _code(value_text(sample.after)) if sample else ""
    place = _code(place_of(change.rule))
    what = _code(change.path or "the whole result")
    cells = what, change.kind, str(change.payloads), place, before, after
    return f"| {' | '.join(map(_cell, cells))} |"


def _remark(remark: Remark) -> str:
    item = remark.after or remark.before
    assert item is not None
    diagnostic = f"{_code(item.id)} {_plain(item.message)}"
    example = _code(remark.payloads[0]) if remark.payloads else ""
    cells = REMARKS[remark.kind], str(remark.count), diagnostic, example
    return f"| {' | '.join(map(_cell, cells))} |"


def _details(comparison: Comparison) -> Iterator[str]:
    yield "<details><summary>The rules, and more payloads</summary>"
    for rule, changes in by_rule(comparison.changes):
        yield ""
        yield "```diff"
        yield f"# {place_of(rule)}"
        yield from rule_lines(rule)
        yield "```"
        notes = dict.fromkeys(note for change in changes for note in change.notes)
        yield from (f"- {_plain(note)}" for note in notes)
        for change in changes:
            for sample in change.samples:
                values = f"{_code(value_text(sample.before))} → {_code(value_text(sample.after))}"
                yield f"- {_code(sample.payload)} {_code(sample.new or sample.old)}: {values}"
    yield ""
    yield "</details>"


def _code(text: str) -> str:
    """A code span: its content is never markup."""
    ticks = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    edge = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{ticks}{edge}{text}{edge}{ticks}"


def _cell(text: str) -> str:
    """The text of a table cell, where a bar would end it, in a code span too."""
    return text.replace("|", "\\|")


def _plain(text: str) -> str:
    """A sentence of a diagnostic; text in backticks stays code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return _escaped(text)
    return "".join(_code(part) if place % 2 else _escaped(part) for place, part in enumerate(parts))


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_\[\]@#])", r"\\\1", escape(text, quote=False))
