"""Misspells property names in expressions, one at a time, and runs the check on the tree with the mistake.

    python tests/misspellings.py --count 400 --seed 1

It prints how many of them the check finds in the file that has them, and the places of the others.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crossdock import Diagnostic, Project, Source, Span
from crossdock.channels.actions import ACTIONS_FILE, parse_actions
from crossdock.channels.config import CHANNEL_FILE, channel_cells, parse_channel
from crossdock.channels.step_parser import parse_conversation
from crossdock.channels.steps import all_steps, step_cells
from crossdock.core.yaml_reader import parse_yaml
from crossdock.language import syntax
from crossdock.language.expr import Expression, Identifier, source_order
from crossdock.language.parser import parse_mapping
from crossdock.schema.store import SchemaStore

REPOSITORY = Path(__file__).parents[1]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Place:
    """A property name in an expression: its file below ``mappings/``, and where it is in the text."""

    file: str
    name: str
    start: int
    line: int


@dataclass(frozen=True, slots=True)
class Planted:
    """A misspelling, and whether the check finds it in its file."""

    place: Place
    word: str
    found: bool

    def __str__(self) -> str:
        return f"{self.place.file}:{self.place.line}: `{self.place.name}` as `{self.word}`"


def places(repository: Path = REPOSITORY) -> list[Place]:
    """Every property name that an expression below ``mappings/`` reads."""
    folder = repository / "mappings"
    found = []
    for path in sorted(folder.rglob("*.yaml")):
        if path.parent.name != "tables":
            source = Source(path.name, path.read_text(encoding="utf-8"))
            file = path.relative_to(folder).as_posix()
            found += [
                place for expression in _expressions(path.name, source) for place in _names(file, expression)
            ]
    return sorted(set(found), key=lambda place: (place.file, place.start))


def _expressions(name: str, source: Source) -> Iterator[Expression]:
    start = Span(source, 0, 1)
    cells: list[syntax.Cell] = []
    match name:
        case "actions.yaml":
            cells = [syntax.Evaluate(action.when) for action in parse_actions(source).by_name.values()]
        case "channel.yaml":
            cells = list(channel_cells(parse_channel(source)))
        case "conversation.yaml":
            conversation, _ = parse_conversation(parse_yaml(source), start)
            assert conversation is not None
            cells = [cell for step in all_steps(conversation.steps) for cell in step_cells(step)]
            cells += [conversation.response, *([conversation.failure] if conversation.failure else [])]
            cells += [fragment.cell for fragment in conversation.fragments.values()]
        case _:
            mapping, _ = parse_mapping(parse_yaml(source), start)
            assert mapping is not None
            cells = [mapping.cell, *(fragment.cell for fragment in mapping.fragments.values())]
            for check in mapping.checks:
                yield check.condition
                yield from [check.message] if check.message is not None else []
    for cell in cells:
        yield from syntax.expressions(cell)


def _names(file: str, expression: Expression) -> Iterator[Place]:
    for node in source_order(expression.node):
        if isinstance(node, Identifier) and node.span is not None:
            span = expression.scalar.part(*node.span)
            offset = span.text.find(node.name)
            if offset >= 0:
                yield Place(file, node.name, span.start + offset, span.line)


def known_words(repository: Path = REPOSITORY) -> set[str]:
    """Every word below ``mappings/`` and ``schemas/``: a misspelling is none of them."""
    files = (path for folder in ("mappings", "schemas") for path in (repository / folder).rglob("*.*"))
    texts = (path.read_text(encoding="utf-8") for path in files if path.suffix in (".yaml", ".json"))
    return {word for text in texts for word in re.findall(r"\w+", text)}


def misspelt(name: str, known: set[str], chance: random.Random) -> str:
    """The name with two letters swapped, or with one left out, doubled or replaced: an unknown word."""
    while True:
        at = chance.randrange(len(name))
        before, letter, after = name[:at], name[at], name[at + 1 :]
        made = chance.choice(
            [
                before + after[:1] + letter + after[1:],
                before + after,
                before + letter + letter + after,
                before + chance.choice(_LETTERS) + after,
                before + letter + chance.choice(_LETTERS) + after,
            ]
        )
        words = re.findall(r"\w+", made)
        if re.fullmatch(r"[A-Za-z_]\w*", made[:1]) and words and made != name and not known >= {*words}:
            return made


class Tree:
    """A copy of the mappings, in which one file at a time has a mistake."""

    def __init__(self, directory: Path, repository: Path = REPOSITORY) -> None:
        self.root = directory
        shutil.copytree(repository / "mappings", directory / "mappings")
        (directory / "schemas").symlink_to(repository / "schemas")
        self.schemas = SchemaStore([directory / "schemas"])

    def check(self, file: str) -> list[Diagnostic]:
        """The findings of the check of a file, with those of its uses."""
        project = Project([self.root])
        project.__dict__["schemas"] = self.schemas  # read once for all checks
        name = file.removesuffix(".yaml")
        return project.check(None if file.endswith((ACTIONS_FILE, CHANNEL_FILE)) else [name])

    def plant(self, place: Place, word: str) -> Planted:
        """Plant a misspelling, check, and take it out again."""
        path = self.root / "mappings" / place.file
        text = path.read_text(encoding="utf-8")
        end = place.start + len(place.name)
        assert text[place.start : end] == place.name
        path.write_text(text[: place.start] + word + text[end:], encoding="utf-8")
        try:
            found = any(_names_it(item, place.file, word) for item in self.check(place.file))
        finally:
            path.write_text(text, encoding="utf-8")
        return Planted(place, word, found)


def _names_it(item: Diagnostic, file: str, word: str) -> bool:
    """Whether a finding is in the file, and about the word."""
    if item.span is None or item.span.source.name != f"mappings/{file}":
        return False
    return word in item.message or word in item.span.text


def plant(count: int, seed: int) -> Iterator[Planted]:
    """Plant misspellings in places chosen at random, each alone."""
    chance = random.Random(seed)
    known, found = known_words(), places()
    with tempfile.TemporaryDirectory() as directory:
        tree = Tree(Path(directory))
        for place in chance.sample(found, min(count, len(found))):
            yield tree.plant(place, misspelt(place.name, known, chance))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    planted = list(plant(arguments.count, arguments.seed))
    missed = [each for each in planted if not each.found]
    lines = [
        *map(str, missed),
        f"{len(planted) - len(missed)} of {len(planted)} found, in {len(places())} places",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
