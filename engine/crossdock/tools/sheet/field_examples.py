"""For each field an input and an output value, from the examples of a mapping.

The first example that has the field gives it; `full` comes before the others. Sensitive values are hidden.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from crossdock.checking.lineage import Link
from crossdock.core.errors import InputError
from crossdock.core.limits import SHEET_EXAMPLES
from crossdock.execution.errors import EvaluationError
from crossdock.project.examples import Record, examples_of
from crossdock.tools.explain.run import Story, run

if TYPE_CHECKING:
    from crossdock.language.syntax import LinkedMapping
    from crossdock.project.project import Project

_FIRST: Final = ("full.json", "seed-example.json")
_MOST_VALUES: Final = 4
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class FieldExample:
    given: str = ""
    gives: str = ""


@dataclass(frozen=True, slots=True)
class FieldExamples:
    """The examples by target field and position of the cell."""

    found: dict[tuple[str, int], FieldExample] = field(default_factory=dict)

    def of(self, link: Link) -> FieldExample:
        return self.found.get((link.target, link.span.start), FieldExample())


def samples_of(project: Project, mapping: LinkedMapping, links: Iterable[Link]) -> FieldExamples:
    """The values of each field in the examples of a mapping."""
    wanted = {(link.target, link.span.start) for link in links}
    samples = FieldExamples()
    records = sorted(examples_of(project.roots, mapping.name), key=_order)
    for record in records[:SHEET_EXAMPLES]:
        if wanted <= set(samples.found):
            break
        for story in _stories(project, mapping, record):
            # Of a value with nothing in it that a cell made, the story is that of what is around the cell.
            if story.link is not None and story.target == story.link.target and story.value.there:
                place = story.link.target, story.link.span.start
                samples.found.setdefault(place, _sample(story))
    return samples


def _order(record: Record) -> tuple[int, str]:
    return _FIRST.index(record.name) if record.name in _FIRST else len(_FIRST), record.name


def _stories(project: Project, mapping: LinkedMapping, record: Record) -> tuple[Story, ...]:
    if record.fault is not None:
        return ()
    settings = project.settings(mapping.name, record.settings)
    try:
        return run(mapping, record.payload, settings, name=record.name).stories
    except (InputError, EvaluationError):
        return ()  # an example of a refusal shows no field


def _sample(story: Story) -> FieldExample:
    reads = {
        read.pointer: read.value.text(_LONGEST)
        for step in story.steps
        for read in step.reads
        if read.value.kind in ("value", "hidden")
    }
    values = list(reads.values())
    given = ", ".join(values[:_MOST_VALUES]) + (", …" if len(values) > _MOST_VALUES else "")
    return FieldExample(given, story.value.text(_LONGEST))
