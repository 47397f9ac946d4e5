"""The names that a file gives and uses: fragments, tables, steps, values, inputs, and other files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from crossdock.channels.steps import Conversation
from crossdock.core.diagnostics import Span
from crossdock.core.errors import CompileError
from crossdock.core.yaml_reader import Node, ScalarNode, parse_yaml
from crossdock.editing.analysis import Analysis
from crossdock.editing.places import Keys, TextPlace, scalars
from crossdock.language import syntax
from crossdock.language.expr import Expression, FunctionCall, Identifier, Subexpression, source_order
from crossdock.language.names import unbound
from crossdock.project.search_path import resolved_name
from crossdock.project.shared_files import CONVERSATION, TABLES

SymbolKind = Literal["fragment", "table", "step", "value", "input", "element", "file"]
RENAMED: Final = ("fragment", "table", "step", "value")
"""The kinds that can be given another name."""
_BLOCKS: Final[dict[str, SymbolKind]] = {
    "fragments": "fragment",
    TABLES: "table",
    "values": "value",
    "inputs": "input",
}
_FILES: Final = ("$use", "body", "response", "failure", "events")
_LOOKUP: Final = re.compile(r"\blookup\(\s*'(?P<name>[^']*)'")
_LET: Final = re.compile(r"\blet\s+\$|,\s*\$\w+\s*=")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A name in a file. ``span`` covers the name alone, without a `$` or quotes.

    The ``name`` of a file is its path below ``mappings/``.
    """

    kind: SymbolKind
    name: str
    span: Span
    is_definition: bool = False


def occurrences(analysis: Analysis) -> list[Occurrence]:
    """All names in a file, in the order of its text. None in a text that is not YAML."""
    try:
        node = parse_yaml(analysis.source)
    except CompileError:
        return []
    found = [*_written(node, analysis.name), *_read(analysis)]
    known = {(item.kind, item.name) for item in found if item.is_definition}
    values = {item.name: item.kind for item in found if item.is_definition and item.kind in _NAMED}
    named = (_resolved(item, values) for item in found)
    unique = dict.fromkeys(item for item in named if item.kind == "file" or (item.kind, item.name) in known)
    return sorted(unique, key=lambda item: item.span.start)


_NAMED: Final = ("value", "input", "element")


def _resolved(item: Occurrence, values: Mapping[str, SymbolKind]) -> Occurrence:
    """A `$name` is an element, an input or a value, whichever the file defines."""
    if item.is_definition or item.kind != "value":
        return item
    return Occurrence(values.get(item.name, "value"), item.name, item.span)


def defines_twice(found: Iterable[Occurrence], name: str) -> bool:
    """Whether a name is given twice, so that it depends on the place what it means."""
    return sum(1 for item in found if item.is_definition and item.name == name and item.kind in _SCOPED) > 1


_SCOPED: Final = ("step", *_NAMED)


def names_variables(text: str) -> bool:
    """Whether expressions of a text name variables of their own."""
    return _LET.search(text) is not None


def _written(node: Node | None, user: str) -> Iterator[Occurrence]:
    """The names that are keys or values of the file."""
    for place in scalars(node):
        keys, value = place.keys, place.scalar.value
        if place.is_key:
            yield from _defined(place)
        elif isinstance(value, str):
            last = keys[-1] if keys else ""
            yield from _named_by(keys, last, place.scalar, value, user)
            for match in _LOOKUP.finditer(value):
                yield Occurrence("table", match["name"], place.scalar.part(*match.span("name")))


def _defined(place: TextPlace) -> Iterator[Occurrence]:
    keys = place.keys
    span, name = _inside(place.scalar), str(place.scalar.value)
    if len(keys) == 2 and isinstance(keys[0], str) and keys[0] in _BLOCKS:
        yield Occurrence(_BLOCKS[keys[0]], name, span, is_definition=True)
    elif len(keys) > 1 and keys[-2] in ("each", "$each"):
        yield Occurrence("element", name, span, is_definition=True)


def _named_by(keys: Keys, last: str | int, scalar: ScalarNode, value: str, user: str) -> Iterator[Occurrence]:
    span = _inside(scalar)
    of_step = len(keys) > 1 and isinstance(keys[-2], int)
    if last == "step" and of_step:
        yield Occurrence("step", value, span, is_definition=True)
    elif last == "$use" and "/" not in value:
        yield Occurrence("fragment", value, span)
    elif "/" in value and (last in _FILES or (last == "use" and of_step) or keys[:1] == (TABLES,)):
        name = resolved_name(value, user)
        yield from () if name is None else (Occurrence("file", name, span),)


def _inside(scalar: ScalarNode) -> Span:
    """The text of a scalar without its quotes."""
    return scalar.part(0, len(str(scalar.value)))


def _read(analysis: Analysis) -> Iterator[Occurrence]:
    """The answers of steps and the values that expressions read."""
    for expression in expressions_of(analysis):
        for node in source_order(expression.node):
            match node:
                case Subexpression((FunctionCall("answers"), Identifier(name) as read, *_)):
                    if read.span is not None:
                        yield Occurrence("step", name, _bare(expression.scalar.part(*read.span)))
        for variable, _ in unbound(expression.node):
            if variable.span is not None:
                span = _bare(expression.scalar.part(*variable.span))
                yield Occurrence("value", variable.name, span)


def expressions_of(analysis: Analysis) -> Iterator[Expression]:
    """The expressions of a file, without those of the channel's file."""
    file = analysis.file()
    if file is None:
        return
    linked = file.cells if isinstance(file, Conversation) else file
    cells = (linked.cell, *linked.fragments.values())
    found = [each for cell in cells for each in syntax.expressions(cell)]
    found += [
        each for check in linked.checks for each in (check.condition, check.message) if each is not None
    ]
    for expression in found:
        if expression.scalar.span.source.name == analysis.source.name:
            yield expression


def _bare(span: Span) -> Span:
    return Span(span.source, span.start + 1, span.end) if span.text.startswith("$") else span


def file_of_name(name: str, known: Iterable[str]) -> str | None:
    """The file that a name means: a mapping, shared steps, or a conversation by its channel and action."""
    for each in (name, f"{name}/{CONVERSATION}"):
        if each in known:
            return each
    return None
