"""Where a name is defined, where it is used, and its text edits for another name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from crossdock.checking.schema_types import SchemaType
from crossdock.core.diagnostics import Source, Span
from crossdock.core.errors import CompileError, CrossdockError
from crossdock.core.yaml_reader import parse_yaml
from crossdock.editing.analysis import Analysis
from crossdock.editing.hover import name_at
from crossdock.editing.places import place_at
from crossdock.editing.symbols import (
    RENAMED,
    Occurrence,
    defines_twice,
    names_variables,
    occurrences,
)
from crossdock.language import syntax
from crossdock.project.project import Project
from crossdock.project.search_path import file_of
from crossdock.schema.store import Schema

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class RenameError(Exception):
    """A name cannot be changed to another one; the message says why."""


@dataclass(frozen=True, slots=True)
class TextEdit:
    """A stretch of a text, and what takes its place."""

    span: Span
    text: str


def applied(text: str, edits: Iterable[TextEdit]) -> str:
    """A text after some edits of it that do not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def symbol_at(analysis: Analysis, offset: int) -> Occurrence | None:
    """The name at an offset that the file gives or uses."""
    found = (item for item in occurrences(analysis) if item.span.start <= offset <= item.span.end)
    return next(found, None)


def definitions(analysis: Analysis, offset: int) -> list[Span]:
    """Where the name at an offset is defined: in this file, in another one, or in a schema."""
    symbol = symbol_at(analysis, offset)
    if symbol is not None and symbol.kind == "file":
        return _start_of(analysis.project, symbol.name)
    if symbol is not None:
        all_of_it = (
            item for item in occurrences(analysis) if (item.kind, item.name) == (symbol.kind, symbol.name)
        )
        if found := [item.span for item in all_of_it if item.is_definition]:
            return found
    return _of_property(analysis, offset) or _of_key(analysis, offset) or _of_schema(analysis, offset)


def _start_of(project: Project, name: str) -> list[Span]:
    for root in project.roots:
        path = root / file_of(name)
        if path.is_file():
            shown = path.relative_to(project.roots[0]).as_posix() if root == project.roots[0] else str(path)
            return [Span(Source(shown, path.read_text("utf-8", "replace")), 0, 0)]
    return []


def _of_property(analysis: Analysis, offset: int) -> list[Span]:
    found = name_at(analysis.sightings(), offset)
    if found is None:
        return []
    span, typ, _ = found
    if isinstance(typ, SchemaType):
        place = analysis.project.schemas.place_of(typ.shape.node)
        return [place] if place is not None else []
    setting = analysis.project.channel_of(analysis.name).settings.get(span.text)
    is_setting = re.search(r"settings\(\)\.$", span.source.text[: span.start]) is not None
    return [setting.span] if is_setting and setting is not None and setting.span is not None else []


def _of_key(analysis: Analysis, offset: int) -> list[Span]:
    for each in analysis.sightings().cells:
        match each.cell:
            case syntax.Object(fields) | syntax.Use(beside=fields):
                for item in fields:
                    if item.key_span.start <= offset <= item.key_span.end and each.target.known:
                        typ = each.target.member(item.key)
                        if isinstance(typ, SchemaType):
                            place = analysis.project.schemas.place_of(typ.shape.node)
                            return [place] if place is not None else []
    return []


def _of_schema(analysis: Analysis, offset: int) -> list[Span]:
    """The schema that a value names."""
    try:
        place = place_at(parse_yaml(analysis.source), offset)
        if place is None or place.is_key or not isinstance(place.scalar.value, str):
            return []
        schema: Schema = analysis.project.schema(place.scalar.value, analysis.name)
    except CrossdockError:
        return []
    found = analysis.project.schemas.place_of(schema.node)
    return [found] if found is not None else []


def references(analysis: Analysis, offset: int) -> list[Span]:
    """Where the name at an offset is used and defined; a file, in all files of the project."""
    symbol = symbol_at(analysis, offset)
    if symbol is not None and symbol.kind == "file":
        return list(_uses_of_file(analysis.project, symbol.name))
    if symbol is not None:
        found = occurrences(analysis)
        return [item.span for item in found if (item.kind, item.name) == (symbol.kind, symbol.name)]
    if (key := _top_key(analysis, offset)) is not None:
        return [span for span in _uses_of_file(analysis.project, analysis.name) if key]
    return _same_property(analysis, offset)


def _top_key(analysis: Analysis, offset: int) -> str | None:
    """The key of the file itself at an offset."""
    try:
        place = place_at(parse_yaml(analysis.source), offset)
    except CompileError:
        return None
    return str(place.keys[0]) if place is not None and place.is_key and len(place.keys) == 1 else None


def _uses_of_file(project: Project, name: str) -> Iterator[Span]:
    for user in project.all_names():
        try:
            source = project.text(user)
        except CrossdockError:
            continue
        if name.rpartition("/")[2] in source.text:
            found = occurrences(Analysis(project, user, source))
            yield from (item.span for item in found if item.kind == "file" and item.name == name)


def _same_property(analysis: Analysis, offset: int) -> list[Span]:
    """Where the file reads the same property of the same thing."""
    sightings = analysis.sightings()
    found = name_at(sightings, offset)
    if found is None or found[1] is None:
        return []
    name = found[1].name
    reads = (each for each in sightings.properties if each.found is not None and each.found.name == name)
    spans = (each.expression.scalar.part(*each.node.span) for each in reads if each.node.span is not None)
    return sorted(dict.fromkeys(spans), key=lambda span: span.start)


def rename(analysis: Analysis, offset: int, new: str) -> list[TextEdit]:
    """The edits that give a fragment, a table, a step or a value another name. Raises RenameError."""
    symbol = symbol_at(analysis, offset)
    if symbol is None or symbol.kind not in RENAMED:
        raise RenameError("only fragments, tables, steps and values can be renamed")
    if _NAME.fullmatch(new) is None:
        raise RenameError("a name is made of letters, digits and _")
    found = occurrences(analysis)
    if any(item.is_definition and item.name == new for item in found if item.kind in (symbol.kind, *_SCOPED)):
        raise RenameError(f"`{new}` is the name of something else in this file")
    if symbol.kind in _SCOPED and (
        defines_twice(found, symbol.name) or names_variables(analysis.source.text)
    ):
        raise RenameError(f"`{symbol.name}` may mean another value in some place: rename it by hand")
    same = (item for item in found if (item.kind, item.name) == (symbol.kind, symbol.name))
    return [TextEdit(item.span, new) for item in same]


_SCOPED: Final = ("step", "value")
