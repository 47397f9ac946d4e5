"""An explanation for a pull request: one table, a row for each field or value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from crossdock.checking.lineage import Link
from crossdock.core.diagnostics import Span
from crossdock.core.markdown import code, table
from crossdock.tools.explain.fields import Destinations
from crossdock.tools.explain.run import EnclosingStep, Story
from crossdock.tools.explain.steps import AROUND, EvaluationStep

if TYPE_CHECKING:
    from crossdock.language.syntax import LinkedMapping


def write_fields(mapping: LinkedMapping, links: Iterable[Link]) -> str:
    rows = [
        [
            code(link.target) or "the result",
            _lines(map(code, link.sources)) or "constant",
            _lines(map(code, link.because_of)),
            _lines([*map(code, _through(link)), *(f"table {code(name)}" for name in link.tables)]),
            _at(link.span),
        ]
        for link in links
    ]
    return f"### {mapping.name}\n\n" + table(["field", "from", "because of", "through", "at"], rows)


def _through(link: Link) -> list[str]:
    return [name for name in link.functions if name not in AROUND]


def write_values(mapping: LinkedMapping, payload: str, stories: Iterable[Story]) -> str:
    rows = [
        [
            code(story.output) or "the result",
            code(story.value.text()),
            _lines([*map(_turn, story.turns), *map(_step, story.steps)]) or "constant",
            _at(story.span),
        ]
        for story in stories
    ]
    head = f"### {mapping.name}, {payload}\n\n"
    return head + table(["value at", "is", "step by step", "at"], rows)


def write_destinations(mapping: LinkedMapping, found: Destinations) -> str:
    rows = [["goes to", code(link.target), _at(link.span)] for link in found.direct]
    rows += [["decides on", code(link.target), _at(link.span)] for link in found.decides]
    rows += [["is checked", check.text, _at(check.span)] for check in found.checks]
    rows += [["is ignored", item.reason, _at(item.span)] for item in found.ignored]
    head = f"### {mapping.name}, from {code(found.source)}\n\n"
    return head + table(["", "", "at"], rows or [["not used", "", ""]])


def _turn(turn: EnclosingStep) -> str:
    given = turn.here or turn.step.note or turn.step.value.text()
    return f"{turn.step.kind} {code(turn.step.text)} → {code(given)}"


def _step(step: EvaluationStep) -> str:
    value = code(step.value.text())
    if step.kind in ("call", "lookup"):
        inside = ", ".join(argument.text(40) for argument in step.arguments)
        return f"{step.kind} {code(f'{step.text}({inside})')} → {value}"
    note = f" ({step.note})" if step.note else ""
    return f"{step.kind} {code(step.text)} → {value}{note}"


def _at(span: Span | None) -> str:
    return f"{span.source.name}:{span.line}" if span else ""


def _lines(parts: Iterable[str] | Sequence[str]) -> str:
    return "<br>".join(parts)
