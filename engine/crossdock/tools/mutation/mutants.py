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
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

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


T = TypeVar("T", covariant=True)
Other = TypeVar("Other")


@dataclass(frozen=True, slots=True)
class Mutant(Generic[T]):
    """Something changed in one place. Only examples that reach ``reach`` can notice; None: any can."""

    place: str
    change: str
    span: Span
    changed: T
    reach: Key | None = None

    @property
    def name(self) -> str:
        return f"{self.place}: {self.change}"

    def of(self, changed: Other) -> Mutant[Other]:
        """The same change, of the node around it or of the file."""
        return Mutant(self.place, self.change, self.span, changed, self.reach)


Items: TypeAlias = "tuple[syntax.Cell | syntax.Each, ...]"


def mutants_of(project: Project, mapping: LinkedMapping, sibling: Sibling) -> Iterator[Mutant[LinkedMapping]]:
    """Every mutant: of the map, the fragments, the checks and the tables, in the order of the file."""
    walk = CellWalk(sibling)
    for change in walk.cell(mapping.cell, ""):
        yield replace(change.of(replace(mapping, cell=change.changed)), place=change.place or "@")
    for name, fragment in mapping.fragments.items():
        for change in walk.cell(fragment, f"fragments.{name}"):
            yield change.of(with_fragment(mapping, name, change.changed))
    yield from _checks(mapping, walk)
    yield from mutants_of_tables(project, mapping)


def _checks(mapping: LinkedMapping, walk: CellWalk) -> Iterator[Mutant[LinkedMapping]]:
    for number, check in enumerate(mapping.checks):
        before, after = mapping.checks[:number], mapping.checks[number + 1 :]
        place = f"checks[{number}]"
        yield Mutant(place, "left out", check.span, replace(mapping, checks=(*before, *after)))
        for condition, says, span in walk.expression(check.condition):
            changed = replace(check, condition=condition)
            yield Mutant(place, says, span, replace(mapping, checks=(*before, changed, *after)))


def mutants_of_tables(project: Project, mapping: LinkedMapping) -> Iterator[Mutant[LinkedMapping]]:
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
class CellWalk:
    """One walk through cells, making their changes."""

    sibling: Sibling

    def expression(self, expression: Expression) -> Iterator[tuple[Expression, str, Span]]:
        for variant in variants(expression.node, self.sibling):
            yield (
                replace(expression, node=variant.node),
                variant.says,
                expression.at(variant.part),
            )

    def cell(self, cell: syntax.Cell, place: str) -> Iterator[Mutant[syntax.Cell]]:
        match cell:
            case syntax.Evaluate(expression):
                for other, says, span in self.expression(expression):
                    yield Mutant(place, says, span, syntax.Evaluate(other), (id(expression),))
            case syntax.Literal(value):
                for constant in other_constants(value):
                    says = f"{value!r} → {constant!r}"
                    yield Mutant(place, says, cell.span, replace(cell, value=constant))
            case syntax.Object(fields):
                for changed, change in self.fields(fields, place):
                    yield change.of(replace(cell, fields=changed))
            case syntax.List(items):
                yield from self.items(cell, items, joined(place, EACH))
            case syntax.With(over, inner) | syntax.If(over, inner):
                yield from self.behind(cell, over, inner, place)
            case syntax.Switch(over, cases):
                for other, says, span in self.expression(over):
                    yield Mutant(place, f"$switch: {says}", span, replace(cell, over=other), (id(over),))
                for changed, change in self.fields(cases, place):
                    yield change.of(replace(cell, cases=changed))
            case syntax.Use():
                for beside, change in self.fields(cell.beside, place):
                    before = cell.before - (
                        len(beside) < len(cell.beside) and change.span.start < cell.name_span.start
                    )
                    yield change.of(replace(cell, beside=beside, before=before))

    def behind(
        self, cell: syntax.With | syntax.If, over: Expression, inner: syntax.Cell, place: str
    ) -> Iterator[Mutant[syntax.Cell]]:
        """Changes of a word's expression and of the cell after it; a condition may be removed."""
        word, reach = ("$if", (id(over),)) if isinstance(cell, syntax.If) else ("$with", (id(over),))
        if isinstance(cell, syntax.If):
            yield Mutant(place, f"$if: {over.text} → no condition", over.span, inner, reach)
        for other, says, span in self.expression(over):
            now = (
                syntax.If(other, inner, cell.span) if word == "$if" else syntax.With(other, inner, cell.span)
            )
            yield Mutant(place, f"{word}: {says}", span, now, reach)
        for change in self.cell(inner, place):
            yield change.of(replace(cell, cell=change.changed))

    def fields(
        self, fields: tuple[syntax.Field, ...], place: str
    ) -> Iterator[tuple[tuple[syntax.Field, ...], Mutant[syntax.Cell]]]:
        for number, field in enumerate(fields):
            before, after = fields[:number], fields[number + 1 :]
            inner = joined(place, field.key)
            gone = Mutant(inner, "left out", field.key_span, field.cell)
            yield (*before, *after), gone
            for change in self.cell(field.cell, inner):
                yield (*before, replace(field, cell=change.changed), *after), change

    def items(self, cell: syntax.List, items: Items, place: str) -> Iterator[Mutant[syntax.Cell]]:
        for number, item in enumerate(items):
            before, after = items[:number], items[number + 1 :]
            gone = replace(cell, items=(*before, *after))
            yield Mutant(place, "left out", item.span, gone)
            for other, change in self.item(item, place):
                yield change.of(replace(cell, items=(*before, other, *after)))

    def item(
        self, item: syntax.Cell | syntax.Each, place: str
    ) -> Iterator[tuple[syntax.Cell | syntax.Each, Mutant[syntax.Cell]]]:
        if not isinstance(item, syntax.Each):
            for change in self.cell(item, place):
                yield change.changed, change
            return
        for over, says, span in self.expression(item.over):
            says = f"$each: {says}"
            yield replace(item, over=over), Mutant(place, says, span, item.cell, (id(item.over),))
        for change in self.cell(item.cell, place):
            yield replace(item, cell=change.changed), change
