"""What may be written at a place, the likeliest first.

Properties are ranked (see ``likeness``) by what the cell is written to, by what is read around it, and by
what the project reads at such places.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final, Literal

from crossdock.checking.assignability import required_of
from crossdock.checking.types import ANYTHING, Type
from crossdock.core.yaml_reader import MapNode, ScalarNode, parse_yaml
from crossdock.editing.analysis import Analysis, CellWritten, PropertyRead, Sightings, VariableRead
from crossdock.editing.describing import about, function_help, type_in_words
from crossdock.editing.habits import Habits, keys_of_scalars, last_name, place_of, what_is_read
from crossdock.editing.keys import is_cell, keys_at, language_of, values_at
from crossdock.editing.likeness import Around, Wanted, names_of, rank
from crossdock.editing.places import MARK, Keys, Unfinished, scalars
from crossdock.language import syntax
from crossdock.language.expr import (
    Comparator,
    Constant,
    Expr,
    Expression,
    Identifier,
    KeyValue,
    Or,
    children,
    source_order,
)
from crossdock.language.functions import REGISTRY
from crossdock.project.shared_files import TABLES

Kind = Literal[
    "property",
    "function",
    "table",
    "fragment",
    "mapping",
    "steps",
    "variable",
    "key",
    "word",
    "value",
    "schema",
]
_PATHS: Final = ("fragment", "mapping", "steps", "schema")
_PATH: Final = re.compile(r"[\w./#$-]*")
_SCHEMA_KEYS: Final = frozenset({"from", "to", "request", "response_schema", "errors"})
_CONSTANT: Final = re.compile(r"'[^']*'|`[^`]*`")
_LOOKUP: Final = re.compile(r"lookup\(\s*'\w*$")


@dataclass(frozen=True, slots=True)
class Completion:
    """One offer. ``label`` is what is written; ``detail`` a few words, and ``documentation`` Markdown."""

    label: str
    kind: Kind
    detail: str = ""
    documentation: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be written, the likeliest first, in the place of the text from ``start`` to ``end``."""

    items: tuple[Completion, ...]
    start: int
    end: int


def completions(analysis: Analysis, place: Unfinished, text: str, habits: Habits) -> Offer:
    """What may be written in the place of the mark. ``text`` is the file without the mark."""
    finder = _Finder(analysis, place, habits)
    found = list(dict.fromkeys(finder.key() if place.place.is_key else finder.value()))
    start, end = place.start, place.end
    if found and found[0].kind in _PATHS:
        start = place.place.scalar.span.start
        start += text[start : start + 1] in ("'", '"')
        end += len(_PATH.match(text[end:])[0])  # type: ignore[index]
    prefix = text[start : place.start + len(place.word)].casefold()
    fitting = [each for each in found if each.label.casefold().startswith(prefix)]
    others = [each for each in found if each not in fitting and prefix in each.label.casefold()]
    return Offer((*fitting, *others), start, end)


@dataclass(frozen=True, slots=True)
class _Finder:
    analysis: Analysis
    unfinished: Unfinished
    habits: Habits

    @property
    def keys(self) -> Keys:
        return self.unfinished.place.keys

    @property
    def language(self) -> str | None:
        return language_of(self.analysis.name, self.unfinished.source.text)

    # Keys

    def key(self) -> Iterator[Completion]:
        around, language = self.unfinished.place.around, self.language
        written = {str(key.value) for key, _ in around.entries} if around is not None else set()
        if language is None:
            return
        if is_cell(language, self.keys[:-1]):
            yield from self.target_keys(written)
        for name, text in keys_at(language, self.keys[:-1]).items():
            if name not in written:
                yield Completion(name, "word" if name.startswith("$") else "key", text)

    def target_keys(self, written: set[str]) -> Iterator[Completion]:
        """The properties of the target that the object does not have yet, the required ones first."""
        target = _target_with_mark(self.analysis.sightings().cells)
        if target is None:
            return
        required = required_of(target)
        names = sorted(target.property_names() - written, key=lambda name: (name not in required, name))
        for name in names:
            typ = target.member(name) or ANYTHING
            detail = type_in_words(typ) + (", required" if name in required else "")
            yield Completion(name, "property", detail, about(typ))

    # Values

    def value(self) -> Iterator[Completion]:
        keys, last = self.keys, self.keys[-1] if self.keys else ""
        of_step = len(keys) > 1 and isinstance(keys[-2], int)
        if last == "$use":
            yield from self.fragments()
            yield from self.files(shared=False)
        elif (len(keys) == 1 and last in _SCHEMA_KEYS) or (last == "answer" and of_step):
            yield from (Completion(name, "schema") for name in self.analysis.project.schemas.names())
        elif last == "use" and of_step:
            yield from self.files(shared=True)
        elif last == "adapts" and of_step:
            yield from (
                Completion(name, "value") for name in self.analysis.project.adaptable(self.analysis.name)
            )
        elif len(keys) == 2 and keys[0] == TABLES:
            yield from self.table_files()
        elif self.language is not None and (words := values_at(self.language, keys)):
            yield from (Completion(word, "value") for word in words)
        else:
            yield from self.expression()

    def fragments(self) -> Iterator[Completion]:
        for name in self.named_in_file("fragments"):
            yield Completion(name, "fragment", "fragment of this file")

    def named_in_file(self, key: str) -> list[str]:
        node = parse_yaml(self.unfinished.source)
        inside = node.get(key) if isinstance(node, MapNode) else None
        return [str(name.value) for name, _ in inside.entries] if isinstance(inside, MapNode) else []

    def files(self, *, shared: bool) -> Iterator[Completion]:
        project, own = self.analysis.project, self.analysis.name
        names = project.shared_names() if shared else project.mapping_names()
        for name in sorted((name for name in names if name != own), key=lambda name: _distance(name, own)):
            yield Completion(_relative(name, own), "steps" if shared else "mapping")

    def table_files(self) -> Iterator[Completion]:
        project, own = self.analysis.project, self.analysis.name
        found = {
            path.relative_to(root / "mappings").with_suffix("").as_posix()
            for root in project.roots
            for path in (root / "mappings").rglob(f"{TABLES}/*.yaml")
        }
        for name in sorted(found, key=lambda name: _distance(name, own)):
            yield Completion(_relative(name, own), "mapping", "table file")

    # Expressions

    def expression(self) -> Iterator[Completion]:
        source, scalar = self.unfinished.source, self.unfinished.place.scalar
        at = source.text.find(MARK, scalar.span.start)
        before = source.text[scalar.span.start : at]
        if _LOOKUP.search(before):
            yield from (
                Completion(name, "table", "table of this file") for name in self.named_in_file("tables")
            )
            return
        sightings = self.analysis.sightings()
        if (values := _compared(sightings, scalar)) is not None:
            yield from (Completion(value, "value") for value in values)
            return
        reads = [each for each in sightings.properties if MARK in each.node.name]
        read = next((each for each in reads if each.context.property_names()), next(iter(reads), None))
        if read is not None and not self.unfinished.word.startswith("$"):
            yield from self.properties(read, sightings)
        scope = read or next((each for each in sightings.variables if MARK in each.node.name), None)
        if before.rstrip().endswith("."):
            return
        yield from _variables(scope, answers=self.language != "mapping")
        if not self.unfinished.word.startswith("$"):
            for name, function in REGISTRY.items():
                yield Completion(name, "function", function.signature, function_help(function))

    def properties(self, read: PropertyRead, sightings: Sightings) -> Iterator[Completion]:
        names = read.context.property_names()
        same = [each for each in sightings.properties if each.context.property_names() == names]
        others = {
            (id(each.expression), each.node.name) for each in same if each.expression is not read.expression
        }
        counted = Counter(name for _, name in others)
        around = _around(same, self.unfinished, keys_of_scalars(self.analysis))
        wanted = _wanted(read.expression, sightings.cells, self.keys, around)
        already = frozenset(each.node.name for each in same if each.expression is read.expression)
        of = what_is_read(read.expression.text, MARK)
        wanted = replace(wanted, already=already, of=of)
        for name in rank(read.context, wanted, counted, self.habits):
            typ = read.context.member(name) or ANYTHING
            yield Completion(name, "property", type_in_words(typ), about(typ))


def _wanted(expression: Expression, cells: Iterable[CellWritten], keys: Keys, around: Around) -> Wanted:
    """What the value with the mark is for."""
    before, place = tuple(_alternatives(expression.node)), place_of(keys)
    pairs = (node for node in source_order(expression.node) if isinstance(node, KeyValue))
    if made := [node.key for node in pairs if _ends_with_mark(node.value)]:
        of_key = (*place[-1:], made[-1])
        return Wanted(ANYTHING, (tuple(made[-1:]),), alternatives=before, place=of_key, around=around)
    target = next((each.target for each in cells if _is_written(each.cell, expression)), ANYTHING)
    names = [key for key in keys if isinstance(key, str)]
    named = tuple(key for key in names if not key.startswith("$") and key not in _PLAIN)
    is_list = any(key in _LISTS for key in (*keys[-2:-1], *names[-1:]))
    both = names_of(target.name), named
    return Wanted(target, both, is_list, alternatives=before, place=place, around=around)


def _alternatives(node: Expr) -> Iterator[str]:
    """What the parts before the mark in its `||` end with."""
    for each in source_order(node):
        if isinstance(each, Or):
            *parts, last = children(each)
            if _ends_with_mark(last):
                for part in parts:
                    yield from _ends_of(part)


def _ends_of(node: Expr) -> Iterator[str]:
    if isinstance(node, Or):
        for part in children(node):
            yield from _ends_of(part)
    elif isinstance(name := last_name(node), Identifier):
        yield name.name


def _around(same: Iterable[PropertyRead], unfinished: Unfinished, places: Mapping[int, Keys]) -> Around:
    """What is written around the mark. ``same`` are the reads of the same context in the file."""
    own, scalar = unfinished.place.keys, unfinished.place.scalar
    is_condition = own[-1] in _CONDITIONS
    beside, condition, repeated = set[str](), set[str](), set[str]()
    text = str(scalar.value).partition(MARK)[0]
    before = _without_constants(text)
    for each in same:
        start = each.expression.scalar.span.start
        keys = places.get(start, ())
        if start == scalar.span.start or keys[: len(own) - 1] != own[:-1]:
            continue
        is_beside = len(keys) == len(own)
        if is_condition or (is_beside and keys[-1] in _CONDITIONS):
            condition.add(each.node.name)
        elif is_beside and last_name(each.expression.node) is each.node:
            beside.add(each.node.name)
            if before != text and _without_constants(each.expression.text) == before + each.node.name:
                repeated.add(each.node.name)
    return Around(
        frozenset(beside), frozenset(condition), is_condition, frozenset(repeated), tuple(_said(unfinished))
    )


def _without_constants(text: str) -> str:
    return _CONSTANT.sub("''", text)


def _said(unfinished: Unfinished) -> Iterator[str]:
    """The constants in the object that has the mark, and the name of its step."""
    own = unfinished.place.keys
    for place in scalars(parse_yaml(unfinished.source)):
        *outer, last = place.keys or ("",)
        inside = tuple(outer[:-1] if last == "$const" else outer)
        if not place.is_key and last in ("step", "$const") and inside == own[:-1]:
            yield str(place.scalar.value)


def _ends_with_mark(node: Expr) -> bool:
    last = last_name(node)
    return isinstance(last, Identifier) and MARK in last.name


_CONDITIONS: Final = ("$if", "if", "unless")
_LISTS: Final = ("$each", "each")
_PLAIN: Final = (*_LISTS, "value", "if", "unless", "with", "body", "map", "response", "answer", "steps")


def _is_written(cell: syntax.Cell, expression: Expression) -> bool:
    match cell:
        case syntax.Evaluate(own) | syntax.With(over=own) | syntax.If(condition=own):
            return own is expression
    return False


def _variables(read: PropertyRead | VariableRead | None, *, answers: bool) -> Iterator[Completion]:
    """The names that begin with `$`: variables, and the answers of the steps so far."""
    if read is None:
        return
    for name, bound in read.scope.variables.items():
        yield Completion(f"${name}", "variable", type_in_words(bound.typ), about(bound.typ))
    for name in sorted(read.scope.answers.property_names()) if answers else ():
        typ = read.scope.answers.member(name) or ANYTHING
        yield Completion(f"${name}", "variable", f"answer: {type_in_words(typ)}", about(typ))


def _compared(sightings: Sightings, scalar: ScalarNode) -> list[str] | None:
    """The known texts of what the text with the mark is compared with; None if it is in no comparison."""
    types = {id(each.node): each.found for each in sightings.properties}
    expressions = (each.expression for each in sightings.properties)
    read = next((each for each in expressions if each.scalar.span == scalar.span), None)
    for node in source_order(read.node) if read is not None else ():
        if isinstance(node, Comparator) and _has_mark(node):
            found = types.get(id(last_name(node.left)))
            values = (found.constants or found.likely or ()) if found is not None else ()
            return [value for value in values if isinstance(value, str)]
    return None


def _has_mark(node: Comparator) -> bool:
    return isinstance(node.right, Constant) and isinstance(node.right.value, str) and MARK in node.right.value


def _target_with_mark(cells: Iterable[CellWritten]) -> Type | None:
    """The type of the object that has the mark as a key."""
    for each in cells:
        match each.cell:
            case syntax.Object(fields) | syntax.Use(beside=fields):
                if any(item.key == MARK for item in fields):
                    return each.target
    return None


def _relative(name: str, user: str) -> str:
    found = posixpath.relpath(name, posixpath.dirname(user) or ".")
    return found if found.startswith(".") else f"./{found}"


def _distance(name: str, user: str) -> tuple[int, str]:
    return len(PurePosixPath(_relative(name, user)).parts), name
