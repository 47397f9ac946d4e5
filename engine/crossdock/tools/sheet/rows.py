"""The rows of a mapping's sheet: each target field with facts from the mapping, its schemas and its examples.

A row is a field, or an object or a list with fields in it. Fields that are not written, and fields
that are ignored on purpose, are lists of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crossdock.checking.lineage import Enclosing, Link, lineage
from crossdock.checking.type_kinds import in_words, kinds_of
from crossdock.core.paths import EACH, field_text, parse_path
from crossdock.language import syntax
from crossdock.schema.store import Schema
from crossdock.tools.explain.paths import shape_at
from crossdock.tools.sheet.comments import comment_of, sentences
from crossdock.tools.sheet.wording import condition, constant, words

if TYPE_CHECKING:
    from crossdock.language.syntax import LinkedMapping
    from crossdock.tools.sheet.field_examples import FieldExamples

COLUMNS: Final = (
    *("target field", "type", "required", "source", "transformation", "example in", "example out", "note"),
)
_LONGEST: Final = 500
_MOST_VALUES: Final = 8


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A line of the sheet. ``depth`` is the number of objects and lists around it."""

    target: str
    depth: int
    is_group: bool
    type: str
    required: bool
    sources: tuple[str, ...]
    words: str
    example_in: str
    example_out: str
    note: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A mapping as a table."""

    name: str
    describe: str
    source: str
    target: str
    rows: tuple[SheetRow, ...]
    ignored: tuple[tuple[str, str], ...]
    unwritten: tuple[tuple[str, str], ...]


def sheet_of(mapping: LinkedMapping, samples: FieldExamples) -> Sheet:
    """The sheet of a mapping, with examples from its examples."""
    links = lineage(mapping)
    return Sheet(
        name=mapping.name,
        describe=mapping.describe,
        source=mapping.source.name if mapping.source else "",
        target=mapping.target.name if mapping.target else "",
        rows=tuple(_rows(mapping, links, samples)),
        ignored=tuple((field_text(item.path), item.reason) for item in mapping.ignored),
        unwritten=tuple(_unwritten(mapping, links)),
    )


def _rows(mapping: LinkedMapping, links: list[Link], samples: FieldExamples) -> Iterator[SheetRow]:
    met: set[tuple[str, tuple[int, ...]]] = set()
    for link in links:
        parts = parse_path(link.target)
        for length in range(1, len(parts)):
            # A list is shown as its elements.
            if parts[length] == EACH:
                continue
            target = field_text(parts[:length])
            turns = tuple(turn for turn in link.enclosing if turn.target == target)
            key = target, tuple(id(turn.node) for turn in turns)
            if key not in met:
                met.add(key)
                yield _group(mapping, link, target, turns)
        yield _field(mapping, link, samples)


def _group(mapping: LinkedMapping, link: Link, target: str, turns: tuple[Enclosing, ...]) -> SheetRow:
    listed = target.removesuffix(EACH)
    notes = [comment_of(span) for name, span in link.keys if name == listed]
    notes += [comment_of(turn.node.span) for turn in turns]
    return SheetRow(
        target=target,
        depth=_depth(target),
        is_group=True,
        type="list of objects" if target.endswith(EACH) else "object",
        required=is_required(mapping.target, listed),
        sources=(),
        words=". ".join(map(turn_words, turns)),
        example_in="",
        example_out="",
        note=sentences(notes),
    )


def _field(mapping: LinkedMapping, link: Link, samples: FieldExamples) -> SheetRow:
    sample = samples.of(link)
    turns = [turn for turn in link.enclosing if turn.target == link.target]
    said = [*map(turn_words, turns), cell_words(link)]
    note = next((comment_of(span) for name, span in link.keys if name == link.target.removesuffix(EACH)), "")
    return SheetRow(
        target=link.target,
        depth=_depth(link.target),
        is_group=False,
        type=type_of(mapping.target, link.target),
        required=is_required(mapping.target, link.target.removesuffix(EACH)),
        sources=link.sources,
        words=". ".join(said),
        example_in=sample.given,
        example_out=sample.gives,
        note=note,
    )


def _depth(target: str) -> int:
    return sum(part != EACH for part in parse_path(target)) - 1


def turn_words(turn: Enclosing) -> str:
    match turn.node:
        case syntax.Each(over, name=name):
            named = "" if name is None else f", called ${name}"
            return f"one for each of {short(words(over.node), turn.node)}{named}"
        case syntax.With(over):
            return f"taken from {short(words(over.node), turn.node)}"
        case syntax.If(test):
            return f"only when {short(condition(test.node), turn.node)}"


def cell_words(link: Link) -> str:
    match link.cell:
        case syntax.Literal(value):
            return f"always {constant(value)}"
        case syntax.Evaluate(expression):
            return short(words(expression.node), link.cell)
    return "always empty"


def short(said: str, node: syntax.Cell | syntax.Each) -> str:
    """Words, unless they are too long to read in a table."""
    return said if len(said) <= _LONGEST else f"a long expression, at {node.span}"


def type_of(schema: Schema | None, target: str) -> str:
    """The type of a field, in words."""
    shape = shape_at(schema, parse_path(target))
    if shape is None or shape.types is None:
        return ""
    values = [value for value in shape.enum or () if value is not None]
    if values and len(values) <= _MOST_VALUES:
        said = "one of " + ", ".join(map(constant, values)) if len(values) > 1 else constant(values[0])
    else:
        said = in_words(kinds_of(shape.types))
    return f"{said}, or null" if "null" in shape.types else said


def is_required(schema: Schema | None, target: str) -> bool:
    parts = parse_path(target)
    around = shape_at(schema, parts[:-1]) if parts else None
    return around is not None and parts[-1] in around.required()


def _unwritten(mapping: LinkedMapping, links: list[Link]) -> Iterator[tuple[str, str]]:
    """The documented properties of written objects that are never written, each with its reason, if any."""
    if mapping.target is None:
        return
    written = {tuple(parse_path(link.target)) for link in links}
    objects = dict.fromkeys(parts[:length] for parts in written for length in range(len(parts)))
    known = {parts[: length + 1] for parts in written for length in range(len(parts))}
    for place in sorted(objects, key=field_text):
        shape = shape_at(mapping.target, place)
        for name in sorted(shape.property_names()) if shape is not None else ():
            if (*place, name) not in known:
                yield field_text((*place, name)), _reason(mapping, (*place, name))


def _reason(mapping: LinkedMapping, place: tuple[str | int, ...]) -> str:
    """Why a mapping says that it cannot write a place; a `*` means all its siblings."""
    for entry in mapping.unavailable:
        if place[: len(entry.path)] == entry.path:
            return entry.reason
    rest = (entry for entry in mapping.unavailable if entry.path[-1] == "*")
    return next((entry.reason for entry in rest if place[: len(entry.path) - 1] == entry.path[:-1]), "")
