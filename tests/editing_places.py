"""Places in the bundled mappings whose right answers are known: properties, and where each is read."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crossdock.checking.schema_types import SchemaType
from crossdock.editing.analysis import Analysis
from crossdock.editing.symbols import expressions_of
from crossdock.editing.workspace import Workspace

_ENDS: re.Pattern[str] = re.compile(r"(?:^|[.\s(\[!])([A-Za-z_]\w*)$")
_WORDS = frozenset({"null", "true", "false"})


@dataclass(frozen=True)
class CutPlace:
    """A cell that ends with a property: ``start`` and ``end`` are the offsets of its name in the text."""

    path: Path
    text: str
    start: int
    end: int

    @property
    def name(self) -> str:
        return self.text[self.start : self.end]


def cut_places(workspace: Workspace, number: int, seed: int = 21) -> list[CutPlace]:
    """Some of the cells of the project's own files that end with a property, chosen at random."""
    found = [place for name in workspace.project.own_names() for place in _places(workspace, name)]
    return random.Random(seed).sample(found, min(number, len(found)))


def _places(workspace: Workspace, name: str) -> Iterator[CutPlace]:
    path = workspace.root / "mappings" / f"{name}.yaml"
    text = path.read_text()
    analysis = Analysis(workspace.project, name, workspace.project.text(name))
    for expression in expressions_of(analysis):
        ends = _ENDS.search(expression.text)
        if ends is None or expression.is_text:
            continue
        span = expression.scalar.part(*ends.span(1))
        if span.text == ends[1]:
            yield CutPlace(path, text, span.start, span.end)


@dataclass(frozen=True)
class ReadPlace(CutPlace):
    """A property that is read of a value which a schema describes. ``typ`` is the place in the schema."""

    typ: str


def read_places(workspace: Workspace, number: int, seed: int) -> list[ReadPlace]:
    """Some of the properties that the project's own files read of what a schema describes."""
    chosen, found = random.Random(seed), list[ReadPlace]()
    names = workspace.project.own_names()
    for name in chosen.sample(names, len(names)):
        found += _reads(workspace, name)
        if len(found) >= 10 * number:
            break
    return chosen.sample(found, min(number, len(found)))


def _reads(workspace: Workspace, name: str) -> Iterator[ReadPlace]:
    path = workspace.root / "mappings" / f"{name}.yaml"
    source = workspace.project.text(name)
    seen = set[int]()
    for each in Analysis(workspace.project, name, source).sightings().properties:
        if not isinstance(each.context, SchemaType) or each.found is None or each.node.span is None:
            continue
        span = each.expression.scalar.part(*each.node.span)
        node = each.context.shape.member(each.node.name)
        if span.start not in seen and span.text == each.node.name and node is not None:
            seen.add(span.start)
            yield ReadPlace(path, source.text, span.start, span.end, f"{each.context.name}.{span.text}")
