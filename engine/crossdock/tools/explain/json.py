"""An explanation for programs. ``docs/explain.md`` says what each key is; keys are added, never changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from crossdock.checking.lineage import Link
from crossdock.core.diagnostics import Span
from crossdock.core.json_reader import encode
from crossdock.core.json_types import JSON
from crossdock.core.paths import field_text
from crossdock.tools.explain.fields import Destinations
from crossdock.tools.explain.run import EnclosingStep, Story
from crossdock.tools.explain.steps import EvaluationStep, ReadValue

if TYPE_CHECKING:
    from crossdock.language.syntax import LinkedMapping


def write_fields(mapping: LinkedMapping, links: Iterable[Link]) -> str:
    return encode({**_mapping(mapping), "fields": [_link(link) for link in links]})


def write_values(mapping: LinkedMapping, payload: str, stories: Iterable[Story]) -> str:
    return encode(
        {**_mapping(mapping), "payload": payload, "values": [story_data(story) for story in stories]}
    )


def write_destinations(mapping: LinkedMapping, found: Destinations) -> str:
    report: JSON = {
        **_mapping(mapping),
        "source": found.source,
        "goes_to": [_end(link) for link in found.direct],
        "decides_on": [_end(link) for link in found.decides],
        "checks": [{"message": check.text, "at": place_data(check.span)} for check in found.checks],
        "ignored": [{"path": field_text(item.path), "reason": item.reason} for item in found.ignored],
    }
    return encode(report)


def _mapping(mapping: LinkedMapping) -> dict[str, JSON]:
    return {
        "mapping": mapping.name,
        "from": mapping.source.name if mapping.source else None,
        "to": mapping.target.name if mapping.target else None,
    }


def _link(link: Link) -> dict[str, JSON]:
    return {
        "target": link.target,
        "sources": _list(link.sources),
        "because_of": _list(link.because_of),
        "functions": _list(link.functions),
        "tables": _list(link.tables),
        "at": place_data(link.span),
    }


def _end(link: Link) -> dict[str, JSON]:
    return {"target": link.target, "at": place_data(link.span)}


def story_data(story: Story) -> dict[str, JSON]:
    link = story.link
    return {
        "output": story.output,
        "target": story.target,
        **story.value.data(),
        "at": place_data(story.span),
        "turns": [_turn(turn) for turn in story.turns],
        "steps": [_step(step) for step in story.steps],
        "sources": _list(link.sources) if link else [],
        "because_of": _list(link.because_of) if link else [],
    }


def _turn(turn: EnclosingStep) -> dict[str, JSON]:
    found: dict[str, JSON] = {**_step(turn.step), "here": turn.here, "at": place_data(turn.span)}
    if turn.steps:
        found["steps"] = [_step(step) for step in turn.steps]
    return found


def _step(step: EvaluationStep) -> dict[str, JSON]:
    found: dict[str, JSON] = {"kind": step.kind, "text": step.text, **step.value.data()}
    if step.kind in ("call", "lookup"):
        found["arguments"] = [argument.data() for argument in step.arguments]
    if step.reads:
        found["reads"] = [_read(read) for read in step.reads]
    if step.note:
        found["note"] = step.note
    return found


def _read(read: ReadValue) -> dict[str, JSON]:
    return {"pointer": read.pointer, **read.value.data()}


def place_data(span: Span | None) -> JSON:
    if span is None:
        return None
    return {"file": span.source.name, "line": span.line, "column": span.column}


def _list(names: Iterable[str]) -> list[JSON]:
    return cast("list[JSON]", list(names))
