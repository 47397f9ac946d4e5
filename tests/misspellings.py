"""Misspells names in the YAML below ``mappings/``, one at a time, and runs the check on the tree with each.

    python tests/misspellings.py --count 400 --seed 1

It prints how many of them the check finds in the file that has them, and the places of the others. The names
are those of properties that are read or written, of functions, tables, steps, settings, schemas and
mappings, and the words of the language that begin with a `$`.
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
from crossdock.channels.step_parser import parse_conversation, parse_shared
from crossdock.channels.steps import ConversationFile, all_steps, step_cells
from crossdock.core.yaml_reader import ListNode, MapNode, Node, ScalarNode, parse_yaml
from crossdock.language import syntax
from crossdock.language.expr import Constant, Expression, FunctionCall, Identifier, source_order
from crossdock.language.parser import parse_mapping
from crossdock.schema.store import SchemaStore

REPOSITORY = Path(__file__).parents[1]
SCHEMA_KEYS = ("from", "to", "request", "response_schema", "answer", "errors")
_SCHEMA = re.compile(r"[\w/.-]+")
_STEPS = re.compile("^steps:", re.MULTILINE)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Place:
    """A name: its file below ``mappings/``, where it is in the text, and what it is the name of."""

    file: str
    name: str
    start: int
    line: int
    kind: str


@dataclass(frozen=True, slots=True)
class Planted:
    """A misspelling, and whether the check finds it in its file."""

    place: Place
    word: str
    found: bool

    def __str__(self) -> str:
        place = self.place
        return f"{place.file}:{place.line}: the {place.kind} `{place.name}` as `{self.word}`"


def places(repository: Path = REPOSITORY) -> list[Place]:
    """Every name below ``mappings/`` that means something elsewhere."""
    folder = repository / "mappings"
    found = []
    for path in sorted(folder.rglob("*.yaml")):
        if path.parent.name != "tables":
            source = Source(path.name, path.read_text(encoding="utf-8"))
            file = path.relative_to(folder).as_posix()
            for expression in _expressions(path.name, source):
                found += _names(file, expression)
            found += _words(file, parse_yaml(source))
            found += _keys_written(file, path.name, source)
    return sorted(set(found), key=lambda place: (place.file, place.start))


def _expressions(name: str, source: Source) -> Iterator[Expression]:
    start = Span(source, 0, 1)
    cells: list[syntax.Cell] = []
    match name:
        case "actions.yaml":
            conditions = (action.when for action in parse_actions(source).by_name.values())
            cells = [syntax.Evaluate(each) for each in conditions if each is not None]
        case "dialect.yaml":
            return  # it only describes itself
        case "channel.yaml":
            cells = list(channel_cells(parse_channel(source)))
        case "conversation.yaml":
            cells = _cells_of(parse_conversation(parse_yaml(source), start)[0])
        case _ if _STEPS.search(source.text):
            cells = _cells_of(parse_shared(parse_yaml(source), start)[0])
        case _:
            mapping, _ = parse_mapping(parse_yaml(source), start)
            assert mapping is not None
            cells = [mapping.cell, *(fragment.cell for fragment in mapping.fragments.values())]
            for check in mapping.checks:
                yield check.condition
                yield from [check.message] if check.message is not None else []
    for cell in cells:
        yield from syntax.expressions(cell)


def _cells_of(file: ConversationFile | None) -> list[syntax.Cell]:
    assert file is not None
    cells = [cell for step in all_steps(file.steps) for cell in step_cells(step)]
    cells += [cell for cell in (file.response, file.failure, file.events, file.about) if cell is not None]
    cells += [value.cell for value in file.values.values()]
    return [*cells, *(fragment.cell for fragment in file.fragments.values())]


def _names(file: str, expression: Expression) -> Iterator[Place]:
    for node in source_order(expression.node):
        match node:
            case Identifier(name):
                yield from _place(file, name, expression.at(node), "property")
            case FunctionCall("lookup", (Constant(str(table)), *_)):
                function = expression.at(node)
                yield from _place(file, "lookup", function, "function")
                # A literal has no place of its own: the table is the first text behind the function's name.
                start = function.source.text.index(table, function.end)
                at = Span(function.source, start, start + len(table))
                yield from _place(file, table, at, "table")
            case FunctionCall(name):
                yield from _place(file, name, expression.at(node), "function")


def _words(file: str, node: Node | None) -> Iterator[Place]:
    """The words of the language, and the names of schemas and mappings."""
    if isinstance(node, ListNode):
        for item in node.items:
            yield from _words(file, item)
    for key, value in node.entries if isinstance(node, MapNode) else ():
        word = str(key.value)
        if word.startswith("$"):
            yield from _place(file, word, key.span, "word")
        if word not in ("$const", "tables"):
            yield from _words(file, value)
        # The `answer` of shared steps is an expression, whose names are places of their own.
        if isinstance(value, ScalarNode) and word in SCHEMA_KEYS and _SCHEMA.fullmatch(str(value.value)):
            yield from _place(file, str(value.value), value.span, "schema")
        if isinstance(value, ScalarNode) and word == "$use":
            yield from _place(file, str(value.value).rpartition("/")[2], value.span, "mapping")


def _keys_written(file: str, name: str, source: Source) -> Iterator[Place]:
    """The properties of a target schema that a mapping writes."""
    if name not in ("actions.yaml", "channel.yaml", "conversation.yaml"):
        mapping, _ = parse_mapping(parse_yaml(source), Span(source, 0, 1))
        if mapping is not None and mapping.target is not None:
            yield from _fields(file, mapping.cell)


def _fields(file: str, cell: syntax.Cell | syntax.Each) -> Iterator[Place]:
    match cell:
        case syntax.Object(fields) | syntax.Use(beside=fields):
            for field in fields:
                yield from _place(file, field.key, field.key_span, "written property")
                yield from _fields(file, field.cell)
        case syntax.List(items):
            for item in items:
                yield from _fields(file, item)
        case syntax.With(_, inside) | syntax.If(_, inside) | syntax.Each(_, inside):
            yield from _fields(file, inside)


def _place(file: str, name: str, span: Span | None, kind: str) -> Iterator[Place]:
    offset = -1 if span is None else span.text.rfind(name)
    if span is not None and offset >= 0:
        yield Place(file, name, span.start + offset, span.line, kind)


def known_words(repository: Path = REPOSITORY) -> set[str]:
    """Every word below ``mappings/`` and ``schemas/``: a misspelling is none of them."""
    files = (path for folder in ("mappings", "schemas") for path in (repository / folder).rglob("*.*"))
    texts = (path.read_text(encoding="utf-8") for path in files if path.suffix in (".yaml", ".json"))
    return {word for text in texts for word in re.findall(r"\w+", text)}


def misspelt(name: str, known: set[str], chance: random.Random) -> str:
    """The name with two letters swapped, or with one left out, doubled or replaced: an unknown word."""
    while True:
        at = chance.randrange(name.startswith("$"), len(name))
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
        if re.fullmatch(r"[A-Za-z_$]", made[:1]) and words and made != name and not known >= {*words}:
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
