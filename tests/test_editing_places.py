"""The service behind editors at many places of the bundled mappings, and after many random edits.

A sample runs always. `CROSSDOCK_EDITING=1` runs all: 300 places for completion, 100 for hover and definition,
and 20,000 edits.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path
from typing import Final

import pytest

from conftest import REPOSITORY
from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import CrossdockError
from crossdock.editing.positions import TextLines
from crossdock.editing.workspace import Workspace
from crossdock.project.files import ProjectFiles
from crossdock.project.project import Project
from editing_places import CutPlace, cut_places, read_places

ALL: Final = os.environ.get("CROSSDOCK_EDITING") == "1"
PLACES: Final = 300 if ALL else 24
READS: Final = 100 if ALL else 12
EDITS: Final = int(os.environ.get("CROSSDOCK_EDITING_EDITS", "20000" if ALL else "40"))
COMPARED_EVERY: Final = min(1_000, EDITS // 20) if EDITS > 40 else 20
SEED: Final = int(os.environ.get("CROSSDOCK_EDITING_SEED", "21"))


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    made = Workspace(REPOSITORY)
    made.all_diagnostics()
    return made


def first_offer(workspace: Workspace, place: CutPlace, typed: int) -> str | None:
    """What is offered first where the name of a property is cut off but for its first letters."""
    at = place.start + typed
    text = place.text[:at] + place.text[place.end :]
    workspace.change(place.path, text)
    position = TextLines(text).position(at)
    items = workspace.completion(place.path, position.line, position.column).items
    workspace.close(place.path)
    return items[0].label if items else None


@pytest.mark.parametrize(("typed", "least"), [(0, 0.89 if ALL else 20 / 24), (1, 0.96 if ALL else 22 / 24)])
def test_the_right_property_is_offered_first(workspace: Workspace, typed: int, least: float) -> None:
    """In that share of the places, without a letter of the name and with its first one."""
    places = cut_places(workspace, PLACES)
    right = sum(first_offer(workspace, place, typed) == place.name for place in places)
    assert right >= least * len(places), f"{right} of {len(places)}"


def test_hover_and_definition_are_of_the_property_that_is_read(workspace: Workspace) -> None:
    """Each is read of what a schema describes: hover names its place, and the schema's line has it."""
    places = read_places(workspace, READS, SEED)
    assert len(places) == READS
    for place in places:
        position = TextLines(place.text).position(place.start + 1)
        at = (place.path, position.line, position.column)
        hover = workspace.hover(*at)
        assert hover is not None
        assert hover.text.startswith(f"`{place.typ}`: "), (place, hover.text)
        (location,) = workspace.definition(*at)
        line = TextLines(location.path.read_text()).line(location.range.start.line)
        assert line.lstrip().startswith(f'"{place.name}": '), (place.path, position, line)


def found_by_check(root: Path, texts: dict[Path, str]) -> list[Diagnostic] | tuple[Diagnostic, ...]:
    """The findings of a check that begins anew, with the same texts."""
    try:
        return Project([root], files=ProjectFiles([root], texts)).check()
    except CrossdockError as error:
        return error.diagnostics


def said(found: list[Diagnostic] | tuple[Diagnostic, ...]) -> list[tuple[str, ...]]:
    return sorted((item.id, item.message, str(item.span), str(item.help), *item.notes) for item in found)


_PIECES: Final = (
    "$",
    "{{ ",
    " }}",
    "[?",
    "]",
    "(",
    "'",
    '"',
    "\n",
    "  ",
    ": ",
    "- ",
    "é😀",
    "\r\n",
    ".",
    "a",
)


def edited(text: str, source: random.Random) -> str:
    """A text with a stretch taken out, written twice, or replaced by something that has a meaning here."""
    start = source.randrange(len(text) + 1)
    end = min(len(text), start + source.choice((0, 0, 1, 3, 20)))
    new = source.choice((*_PIECES, "", text[start : start + source.randrange(1, 60)]))
    return text[:start] + new + text[end:]


def test_random_edits_neither_crash_it_nor_make_it_find_anything_else(workspace: Workspace) -> None:
    """Every edit is checked and asked about. The findings are then those of a check that begins anew."""
    source = random.Random(SEED)
    names = workspace.project.own_names()
    paths = [workspace.root / "mappings" / f"{name}.yaml" for name in names]
    path, text, left = paths[0], paths[0].read_text(), 0
    for number in range(1, EDITS + 1):
        if left == 0:  # a few edits of one file, and then it is as it was
            workspace.close(path)
            path, left = source.choice(paths), source.randrange(1, 6)
            text = path.read_text()
        left -= 1
        text = edited(text, source)
        workspace.change(path, text)
        workspace.first_diagnostics(path)
        position = TextLines(text).position(source.randrange(len(text) + 1))
        at = (path, position.line, position.column)
        ask = source.choice(
            (workspace.completion, workspace.hover, workspace.definition, workspace.references)
        )
        ask(*at)
        if number % COMPARED_EVERY == 0:
            anew = said(found_by_check(workspace.root, {path: text}))
            assert said(workspace.all_diagnostics()) == anew, (SEED, number)
            sys.stderr.write(f"{number:,} edits of {EDITS:,}\n")  # shown by `pytest -s`
    workspace.close(path)
