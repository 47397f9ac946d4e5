"""An explanation for a pull request: one table, a row for each field or value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from crossdock.checking.lineage import Link
from crossdock.core.diagnostics import Span
from crossdock.core.markdown import code, table
from crossdock.tools.explain.fields import Destinations
from crossdock.tools.explain.run import EnclosingStep, Story
from crossdock.tools.explain.steps import AROUND, EvaluationStep

if TYPE_CHECKING:
    from crossdock.language.syntax import LinkedMapping


LINE: Final = "<br>"


def write_fields(mapping: LinkedMapping, links: Iterable[Link]) -> str:
    rows = [
        [
            code(link.target) or "the result",
            LINE.join(map(code, link.sources)) or "constant",
            LINE.join(map(code, link.because_of)),
            LINE.join([*map(code, _through(link)), *(f"table {code(name)}" for name in link.tables)]),
            place_of(link.span),
        ]
        for link in links
    ]
    return f"### {mapping.name}\n\n" + table(["field", "from", "because of", "through", "at"], rows)


def _through(link: Link) -> list[str]:
    return [name for name in link.functions if name not in AROUND]


def write_values(mapping: LinkedMapping, payload: str, stories: Iterable[Story]) -> str:
    head = f"### {mapping.name}, {payload}\n\n"
    return head + table(["value at", "is", "step by step", "at"], value_rows(stories))


def value_rows(stories: Iterable[Story]) -> list[list[str]]:
    """A row for each value: where it is, what it is, how it was made, and the place of its cell."""
    return [
        [code(story.output) or "the result", code(story.value.text()), way_of(story), place_of(story.span)]
        for story in stories
    ]


def way_of(story: Story) -> str:
    """How a value was made, step by step."""
    return LINE.join([*map(_turn, story.turns), *map(_step, story.steps)]) or "constant"


def write_destinations(mapping: LinkedMapping, found: Destinations) -> str:
    rows = [["goes to", code(link.target), place_of(link.span)] for link in found.direct]
    rows += [["decides on", code(link.target), place_of(link.span)] for link in found.decides]
    rows += [["is checked", check.text, place_of(check.span)] for check in found.checks]
    rows += [["is ignored", item.reason, place_of(item.span)] for item in found.ignored]
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


def place_of(span: Span | None) -> str:
    """The file and the line; nothing for nothing."""
    return f"{span.source.name}:{span.line}" if span else ""
