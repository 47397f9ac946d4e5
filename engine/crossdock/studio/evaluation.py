"""What the page shows of a mapping and a payload: the result, its diagnostics, and why it is so.

    evaluated(project, Question("shop/order", payload="{…}"))
    # {"diagnostics": […], "result": "{…}", "values": [{"output": "/number", "reads": ["/id"], …}], …}

Sensitive values are hidden in all of it, unless the page asks to reveal them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from crossdock.checking.masking import HIDDEN, masked
from crossdock.checking.sensitivity import sensitivity_of
from crossdock.core import json_reader
from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import CompileError, CrossdockError
from crossdock.core.json_types import JSON
from crossdock.core.paths import parse_pointer
from crossdock.language.syntax import LinkedMapping
from crossdock.project.project import Project
from crossdock.studio.places import diagnostics_data, hidden_in, range_of
from crossdock.tools.explain.json import story_data
from crossdock.tools.explain.run import Explanation, Story, run

_CONTEXT: Final = 3


@dataclass(frozen=True, slots=True)
class Question:
    """A mapping and the text of a payload. ``payload_name`` is the payload's name in messages.

    ``settings`` are given as `--set` takes them. ``snapshot`` is the text of the expected result.
    """

    mapping: str
    payload: str
    payload_name: str = "payload"
    settings: MappingType[str, str] = field(default_factory=dict)
    snapshot: Path | None = None
    revealed: bool = False


def evaluated(project: Project, asked: Question) -> dict[str, JSON]:
    """Check a mapping, and run the payload if it compiles."""
    found = _Evaluation(project, asked)
    return found.answer()


@dataclass(slots=True)
class _Evaluation:
    """One evaluation. What ends it early is among its diagnostics."""

    project: Project
    asked: Question
    diagnostics: list[Diagnostic] = field(default_factory=list)
    parts: dict[str, JSON] = field(default_factory=dict)

    def answer(self) -> dict[str, JSON]:
        try:
            self.diagnostics += self.project.check([self.asked.mapping])
            self.run(self.project.mapping(self.asked.mapping).linked)
        except CompileError as error:
            # The check reports what is wrong in the file; what is wrong in one that it uses is only here.
            self.diagnostics += [item for item in error.diagnostics if item not in self.diagnostics]
        except CrossdockError as error:
            self.diagnostics += error.diagnostics
        return {"diagnostics": diagnostics_data(self.diagnostics), **self.parts}

    def run(self, mapping: LinkedMapping) -> None:
        asked = self.asked
        self.parts["from"] = mapping.source.name if mapping.source else None
        self.parts["to"] = mapping.target.name if mapping.target else None
        payload = json_reader.decode(asked.payload.encode(), asked.payload_name)
        self.parts["hidden"] = hidden_in(payload, mapping.source)
        settings = self.project.settings(mapping.name, asked.settings)
        explained = run(mapping, payload, settings, name=asked.payload_name, revealed=asked.revealed)
        self.diagnostics += explained.problems
        shown = explained.result if asked.revealed else hidden_result(mapping, explained)
        self.parts["result"] = json_reader.encode(shown)
        self.parts["values"] = [value_data(story) for story in explained.stories]
        if asked.snapshot is not None:
            self.parts["snapshot"] = self.compared(mapping, explained)

    def compared(self, mapping: LinkedMapping, explained: Explanation) -> JSON:
        """How the result differs from its snapshot; values that are hidden are so on both sides."""
        file = self.asked.snapshot
        assert file is not None
        if not file.is_file():
            return {"verdict": "none", "lines": []}
        expected = file.read_text(encoding="utf-8")
        if expected == json_reader.encode(explained.result) + "\n":
            return {"verdict": "same", "lines": []}
        before, after = expected, json_reader.encode(explained.result)
        if not self.asked.revealed:
            value = json_reader.decode(expected.encode(), file.name)
            before = json_reader.encode(hidden_value(mapping, value, explained.stories))
            after = str(self.parts["result"])
        return {"verdict": "differs", "lines": list(_diff(before, after))}


def _diff(before: str, after: str) -> Iterator[JSON]:
    """The lines of a diff, without its head."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=_CONTEXT)
    yield from (line for line in lines if not line.startswith(("---", "+++")))


def hidden_result(mapping: LinkedMapping, explained: Explanation) -> JSON:
    """A result with what is sensitive in it masked."""
    return hidden_value(mapping, explained.result, explained.stories)


def hidden_value(mapping: LinkedMapping, value: JSON, stories: Iterable[Story]) -> JSON:
    """A value of the kind that a mapping gives, masked.

    The analysis of the mapping says what is sensitive in any result; the stories, what was so in this one.
    """
    shown = _copied(masked(value, sensitivity_of(mapping).result))
    for story in stories:
        if story.value.kind == "hidden":
            shown = _covered(shown, parse_pointer(story.output))
    return shown


def _copied(value: JSON) -> JSON:
    match value:
        case dict():
            return {key: _copied(inner) for key, inner in value.items()}
        case list():
            return [_copied(inner) for inner in value]
    return value


def _covered(value: JSON, parts: tuple[str, ...]) -> JSON:
    """A value with the part at a place masked, or the nearest around it where the place is not there."""
    if not parts:
        return HIDDEN
    if isinstance(value, dict) and parts[0] in value:
        value[parts[0]] = _covered(value[parts[0]], parts[1:])
        return value
    if isinstance(value, list) and parts[0].isdigit() and int(parts[0]) < len(value):
        value[int(parts[0])] = _covered(value[int(parts[0])], parts[1:])
        return value
    return value if isinstance(value, dict | list) else HIDDEN


def value_data(story: Story) -> JSON:
    """The story of a value, with its range in the mapping and the pointers that were read for it."""
    told = story_data(story)
    decided = [read.pointer for turn in story.turns for read in turn.step.reads]
    decided += [turn.here for turn in story.turns if turn.here is not None]
    reads = [read.pointer for step in story.steps for read in step.reads]
    return {
        **told,
        "at": range_of(story.span),
        "reads": list(dict.fromkeys(reads)),
        "decided_by": list(dict.fromkeys(decided)),
    }
