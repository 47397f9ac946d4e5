"""The mutants of a mapping: each is the mapping with one change.

items[].quantity              quantity → number
items[]                       $each: items[?quantity != `0`] → items[*]
fragments.address.company     left out
tables.tender.VISA            the value of MC
checks[0]                     left out
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from crossdock.core.diagnostics import Span
from crossdock.core.json_types import JSON
from crossdock.core.paths import EACH, joined
from crossdock.language import syntax
from crossdock.language.expr import Expression
from crossdock.language.links import with_fragment
from crossdock.tools.coverage.rules import Key, row_key, row_places
from crossdock.tools.mutation.variants import Sibling, other_constants, variants

if TYPE_CHECKING:
    from crossdock.language.syntax import LinkedMapping
    from crossdock.project.project import Project


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed mapping. Only examples that reach the rule ``reach`` can notice; None: any example can."""

    place: str
    change: str
    span: Span
    mapping: LinkedMapping
    reach: Key | None = None

    @property
    def name(self) -> str:
        return f"{self.place}: {self.change}"


@dataclass(frozen=True, slots=True)
class _Change:
    """A changed cell or other node: the replacement, its place, and a description of the change."""

    now: syntax.Cell
    place: str
    says: str
    span: Span
    reach: Key | None = None

    def around(self, now: syntax.Cell) -> _Change:
        """The same change, of the node around it."""
        return replace(self, now=now)


Items: TypeAlias = "tuple[syntax.Cell | syntax.Each, ...]"


def mutants_of(project: Project, mapping: LinkedMapping, sibling: Sibling) -> Iterator[Mutant]:
    """Every mutant: of the map, the fragments, the checks and the tables, in the order of the file."""
    walk = _Walk(sibling)
    for change in walk.cell(mapping.cell, ""):
        yield _mutant(replace(mapping, cell=change.now), change)
    for name, fragment in mapping.fragments.items():
        for change in walk.cell(fragment, f"fragments.{name}"):
            yield _mutant(with_fragment(mapping, name, change.now), change)
    yield from _checks(mapping, walk)
    yield from _tables(project, mapping)


def _mutant(mapping: LinkedMapping, change: _Change) -> Mutant:
    return Mutant(change.place or "@", change.says, change.span, mapping, change.reach)


def _checks(mapping: LinkedMapping, walk: _Walk) -> Iterator[Mutant]:
    for number, check in enumerate(mapping.checks):
        before, after = mapping.checks[:number], mapping.checks[number + 1 :]
        place = f"checks[{number}]"
        yield Mutant(place, "left out", check.span, replace(mapping, checks=(*before, *after)))
        for condition, says, span in walk.expression(check.condition):
            changed = replace(check, condition=condition)
            yield Mutant(place, says, span, replace(mapping, checks=(*before, changed, *after)))


def _tables(project: Project, mapping: LinkedMapping) -> Iterator[Mutant]:
    """Each row of a table in the mapping's file; of a table in its own file all rows together."""
    places = list(row_places(project, mapping))
    for name, rows in mapping.tables.items():
        own = [(row, span) for table, row, span in places if table == name and span.source is mapping.text]
        if not own and (span := next((span for table, _, span in places if table == name), None)):
            yield Mutant(f"tables.{name}", "no rows", span, _with_rows(mapping, name, {}))
        for number, (row, span) in enumerate(own):
            reach = row_key(rows, row)
            less = {key: value for key, value in rows.items() if key != row}
            dropped = _with_rows(mapping, name, less)
            yield Mutant(f"tables.{name}.{row}", "left out", span, dropped, reach)
            other = own[(number + 1) % len(own)][0]
            if rows[other] != rows[row]:
                swapped = _with_rows(mapping, name, {**rows, row: rows[other]})
                yield Mutant(f"tables.{name}.{row}", f"the value of {other}", span, swapped, reach)


def _with_rows(mapping: LinkedMapping, table: str, rows: dict[str, JSON]) -> LinkedMapping:
    return replace(mapping, tables={**mapping.tables, table: rows})


@dataclass(frozen=True, slots=True)
class _Walk:
    """One walk through cells, making their changes."""

    sibling: Sibling

    def expression(self, expression: Expression) -> Iterator[tuple[Expression, str, Span]]:
        for variant in variants(expression.node, self.sibling):
            yield (
                replace(expression, node=variant.node),
                variant.says,
                expression.at(variant.part),
            )

    def cell(self, cell: syntax.Cell, place: str) -> Iterator[_Change]:
        match cell:
            case syntax.Evaluate(expression):
                for other, says, span in self.expression(expression):
                    yield _Change(syntax.Evaluate(other), place, says, span, (id(expression),))
            case syntax.Literal(value):
                for constant in other_constants(value):
                    says = f"{value!r} → {constant!r}"
                    yield _Change(replace(cell, value=constant), place, says, cell.span)
            case syntax.Object(fields):
                for changed, change in self.fields(fields, place):
                    yield change.around(replace(cell, fields=changed))
            case syntax.List(items):
                yield from self.items(cell, items, joined(place, EACH))
            case syntax.With(over, inner) | syntax.If(over, inner):
                yield from self.behind(cell, over, inner, place)
            case syntax.Switch(over, cases):
                for other, says, span in self.expression(over):
                    yield _Change(replace(cell, over=other), place, f"$switch: {says}", span, (id(over),))
                for changed, change in self.fields(cases, place):
                    yield change.around(replace(cell, cases=changed))
            case syntax.Use():
                for beside, change in self.fields(cell.beside, place):
                    before = cell.before - (
                        len(beside) < len(cell.beside) and change.span.start < cell.name_span.start
                    )
                    yield change.around(replace(cell, beside=beside, before=before))

    def behind(
        self, cell: syntax.With | syntax.If, over: Expression, inner: syntax.Cell, place: str
    ) -> Iterator[_Change]:
        """Changes of a word's expression and of the cell after it; a condition may be removed."""
        word, reach = ("$if", (id(over),)) if isinstance(cell, syntax.If) else ("$with", (id(over),))
        if isinstance(cell, syntax.If):
            yield _Change(inner, place, f"$if: {over.text} → no condition", over.span, reach)
        for other, says, span in self.expression(over):
            now = (
                syntax.If(other, inner, cell.span) if word == "$if" else syntax.With(other, inner, cell.span)
            )
            yield _Change(now, place, f"{word}: {says}", span, reach)
        for change in self.cell(inner, place):
            yield change.around(replace(cell, cell=change.now))

    def fields(
        self, fields: tuple[syntax.Field, ...], place: str
    ) -> Iterator[tuple[tuple[syntax.Field, ...], _Change]]:
        for number, field in enumerate(fields):
            before, after = fields[:number], fields[number + 1 :]
            inner = joined(place, field.key)
            gone = _Change(field.cell, inner, "left out", field.key_span)
            yield (*before, *after), gone
            for change in self.cell(field.cell, inner):
                yield (*before, replace(field, cell=change.now), *after), change

    def items(self, cell: syntax.List, items: Items, place: str) -> Iterator[_Change]:
        for number, item in enumerate(items):
            before, after = items[:number], items[number + 1 :]
            gone = replace(cell, items=(*before, *after))
            yield _Change(gone, place, "left out", item.span)
            for other, change in self.item(item, place):
                yield change.around(replace(cell, items=(*before, other, *after)))

    def item(
        self, item: syntax.Cell | syntax.Each, place: str
    ) -> Iterator[tuple[syntax.Cell | syntax.Each, _Change]]:
        if not isinstance(item, syntax.Each):
            for change in self.cell(item, place):
                yield change.now, change
            return
        for over, says, span in self.expression(item.over):
            says = f"$each: {says}"
            yield replace(item, over=over), _Change(item.cell, place, says, span, (id(item.over),))
        for change in self.cell(item.cell, place):
            yield replace(item, cell=change.now), change
