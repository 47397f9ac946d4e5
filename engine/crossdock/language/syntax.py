"""The mapping language as data: cells, the parsed file, and the linked mapping that they become.

Nodes are plain and frozen. Each reading of them (run, check, generate, explain) lives elsewhere as one
``match``, so a new kind of node touches those readings and nothing else.

The words of one object apply from the outside in: ``$each``, ``$with``, ``$if``, then the rest; so
``{$each: a, $if: b, x: c}`` is ``Each(a, If(b, Object(x: c)))``.

A linked ``$use`` holds its definition, which is a cell or another mapping. That is why cells and mappings
are defined in one module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import field
from typing import Final, TypeVar
from typing import Literal as OneOf

from crossdock.core.diagnostics import Source, Span
from crossdock.core.json_types import JSON
from crossdock.core.once import made_once
from crossdock.core.records import record, replace
from crossdock.language.expr import Comparator, Constant, Expr, Expression, FunctionCall, Let, Not, Or
from crossdock.schema.store import Schema

T = TypeVar("T")


@record(frozen=True, slots=True)
class Literal:
    """A constant: a number, a boolean, null, or the value of ``$const``.

    ``broken`` marks a cell that could not be parsed. Its mistake is reported already, so no reading
    reports more about it.
    """

    value: JSON
    span: Span
    broken: bool = False


@record(frozen=True, slots=True)
class Evaluate:
    """An expression, or a template: both are compiled to an ``Expression``."""

    expression: Expression

    @property
    def span(self) -> Span:
        return self.expression.span


@record(frozen=True, slots=True)
class Field:
    """A key of an object and its cell."""

    key: str
    key_span: Span
    cell: Cell


@record(frozen=True, slots=True)
class Object:
    fields: tuple[Field, ...]
    span: Span


@record(frozen=True, slots=True)
class Each:
    """A list item that is spliced: ``cell`` once for each element of ``over``, which may have a ``name``."""

    over: Expression
    cell: Cell
    span: Span
    name: str | None = None


@record(frozen=True, slots=True)
class List:
    items: tuple[Cell | Each, ...]
    span: Span

    @property
    def is_fixed(self) -> bool:
        """Whether the list has an element for each item at most, whatever the payload is."""
        return not any(isinstance(item, Each) for item in self.items)


@record(frozen=True, slots=True)
class With:
    """``cell`` evaluated inside ``over``; missing when that is."""

    over: Expression
    cell: Cell
    span: Span


@record(frozen=True, slots=True)
class If:
    condition: Expression
    cell: Cell
    span: Span


@record(frozen=True, slots=True)
class Switch:
    """One of some cells: that of the case whose text is the value of ``over``, or else that of `$else`.

    Readings that follow conditions take the cases as ``conditions``, of which at most one is true.
    """

    over: Expression
    cases: tuple[Field, ...]
    span: Span
    _conditions: list[If] = field(default_factory=list, init=False, compare=False, repr=False)

    def chosen(self, value: JSON) -> Cell | None:
        """The cell for a value; None when no case is that text, and there is no `$else`."""
        cells = {case.key: case.cell for case in self.cases}
        key = value if isinstance(value, str) and value != ELSE else ELSE
        return cells.get(key, cells.get(ELSE))

    @property
    def conditions(self) -> list[If]:
        """Each case as a cell with the condition under which it is chosen, the same objects each time."""
        if not self._conditions:
            equal = [Comparator("eq", self.over.node, Constant(key)) for key in self.texts]
            for case in self.cases:
                own = Comparator("eq", self.over.node, Constant(case.key))
                test = own if case.key != ELSE else Not(_any_of(equal))
                self._conditions.append(If(replace(self.over, node=test), case.cell, self.span))
        return self._conditions

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of the cases."""
        return tuple(case.key for case in self.cases if case.key != ELSE)


ELSE: Final = "$else"


def _any_of(nodes: Sequence[Expr]) -> Expr:
    """Whether one of some conditions is true, with as few levels as possible."""
    if len(nodes) < 2:
        return nodes[0] if nodes else Constant(False)
    half = len(nodes) // 2
    return Or(_any_of(nodes[:half]), _any_of(nodes[half:]))


@record(frozen=True, slots=True)
class Use:
    """A fragment or another mapping. ``beside`` are the other keys, the first ``before`` of them above it.

    ``name`` and ``name_span`` are for messages. ``definition`` is None in a parsed file; the linker fills it
    in. Two uses are equal when they are written alike, so a comparison does not walk through fragments.
    ``linked`` is what readings follow: a fragment without the keys that are overridden beside it, or beside
    a use of the fragment that this one is in; those are ``hidden``.
    """

    name: str
    name_span: Span
    beside: tuple[Field, ...]
    span: Span
    before: int = 0
    definition: Definition | None = field(default=None, compare=False, repr=False)
    hidden: frozenset[str] = frozenset()
    _linked: list[Definition] = field(default_factory=list, init=False, compare=False, repr=False)

    @property
    def linked(self) -> Definition:
        """The definition of a cell that has been linked, the same object each time."""
        assert self.definition is not None, f"`{self.name}` is not linked"
        if not self._linked:
            keys = self.hidden.union(item.key for item in self.beside)
            self._linked.append(_without(self.definition, keys))
        return self._linked[0]


Cell = Literal | Evaluate | Object | List | With | If | Switch | Use


@record(frozen=True, slots=True)
class Check:
    """A statement about the result that must be true."""

    condition: Expression
    message: Expression | None
    text: str
    level: OneOf["warning", "error"]
    span: Span

    def compared(self) -> tuple[Expression, ...]:
        """The two sides of a condition with `equal`, each with the variables around it; otherwise none."""
        return tuple(replace(self.condition, node=side) for side in _compared(self.condition.node))


def _compared(node: Expr) -> tuple[Expr, ...]:
    match node:
        case FunctionCall("equal", arguments):
            return arguments[:2]
        case Let(bindings, body):
            return tuple(Let(bindings, side) for side in _compared(body))
    return ()


@record(frozen=True, slots=True)
class Ignored:
    """A source subtree that is left out on purpose, or a target subtree that cannot be written.

    ``path`` is property names and ``[]``; a last ``*`` is all that is not read, or not written, there.
    """

    path: tuple[str, ...]
    reason: str
    span: Span


@record(frozen=True, slots=True)
class SchemaName:
    name: str
    span: Span


@record(frozen=True, slots=True)
class Table:
    """A lookup table: its rows, or the name of the file that holds them."""

    name: str
    rows: dict[str, JSON]
    file: str | None
    span: Span


@record(frozen=True, slots=True)
class Fragment:
    name: str
    cell: Cell
    span: Span


@record(frozen=True, slots=True)
class MappingFile:
    """A parsed file. No name in it is resolved yet."""

    describe: str
    source: SchemaName | None
    target: SchemaName | None
    tables: dict[str, Table]
    fragments: dict[str, Fragment]
    ignored: tuple[Ignored, ...]
    unavailable: tuple[Ignored, ...]
    checks: tuple[Check, ...]
    cell: Cell


@record(frozen=True, slots=True, eq=False, repr=False)
class LinkedMapping:
    """A mapping file with every name resolved: schemas, tables, settings, and what ``$use`` names.

    ``text`` is the file, ``source`` and ``target`` are schemas, ``fragments`` and ``tables`` are by name,
    ``settings`` are the defaults of the mapping's channel, and ``setting_options`` the values of those with a
    choice of values. What ``once`` keeps belongs to this object: a variant made by ``dataclasses.replace``
    begins with nothing kept.
    """

    name: str
    describe: str
    text: Source
    source: Schema | None
    target: Schema | None
    cell: Cell
    fragments: MappingType[str, Cell]
    tables: MappingType[str, MappingType[str, JSON]]
    checks: tuple[Check, ...]
    ignored: tuple[Ignored, ...]
    unavailable: tuple[Ignored, ...]
    settings: MappingType[str, JSON]
    setting_options: MappingType[str, tuple[JSON, ...]] = field(default_factory=dict)
    _kept: dict[object, object] = field(init=False, default_factory=dict)

    def __repr__(self) -> str:
        return f"LinkedMapping({self.name!r})"

    @property
    def used(self) -> dict[str, LinkedMapping]:
        """The other mappings that this file uses, by the name that it gives them."""
        found = (use for cell in (self.cell, *self.fragments.values()) for use in uses(cell))
        return {use.name: use.definition for use in found if isinstance(use.definition, LinkedMapping)}

    def once(self, build: Callable[[LinkedMapping], T]) -> T:
        """What ``build`` makes of this mapping, made on the first call and kept with it."""
        return made_once(self._kept, build, lambda: build(self))


Definition = Cell | LinkedMapping


def _without(definition: Definition, keys: frozenset[str]) -> Definition:
    """A fragment without the cells of some keys. Another mapping stays whole: it checks its own result."""
    if not keys or isinstance(definition, LinkedMapping):
        return definition
    return _cell_without(definition, keys)


def _cell_without(cell: Cell, keys: frozenset[str]) -> Cell:
    match cell:
        case Object(fields):
            return replace(cell, fields=_other_fields(fields, keys))
        case Literal(value) if isinstance(value, dict):
            return replace(cell, value={key: inner for key, inner in value.items() if key not in keys})
        case With(_, inner) | If(_, inner):
            return replace(cell, cell=_cell_without(inner, keys))
        case Switch(cases=cases):
            left = tuple(replace(case, cell=_cell_without(case.cell, keys)) for case in cases)
            return replace(cell, cases=left)
        case Use(beside=beside, before=before, hidden=hidden):
            # What it uses is left as it is until it is asked for: a chain of copies would double with each.
            first = _other_fields(beside[:before], keys)
            kept = (*first, *_other_fields(beside[before:], keys))
            return replace(cell, beside=kept, before=len(first), hidden=hidden | keys)
    return cell


def _other_fields(fields: tuple[Field, ...], keys: frozenset[str]) -> tuple[Field, ...]:
    return tuple(item for item in fields if item.key not in keys)


def uses(cell: Cell | Each) -> list[Use]:
    """Every ``$use`` in a cell, in the order of the file."""
    match cell:
        case Use():
            return [cell, *(use for field in cell.beside for use in uses(field.cell))]
        case Object(fields) | Switch(cases=fields):
            return [use for field in fields for use in uses(field.cell)]
        case List(items):
            return [use for item in items for use in uses(item)]
        case Each(_, inner) | With(_, inner) | If(_, inner):
            return uses(inner)
        case _:
            return []


def cells(cell: Cell | Each) -> int:
    """How many cells and constants a cell consists of, without those of what it uses."""
    match cell:
        case Use(beside=fields) | Object(fields):
            return 1 + sum(cells(field.cell) for field in fields)
        case List(items):
            return 1 + sum(map(cells, items))
        case Each(_, inner) | With(_, inner) | If(_, inner):
            return 1 + cells(inner)
        case Switch(cases=cases):
            return 1 + sum(cells(case.cell) for case in cases)
        case Literal(value):
            return _values(value)
        case _:
            return 1


def _values(value: JSON) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_values, inner))


def expressions(cell: Cell | Each) -> list[Expression]:
    """Every expression in a cell, in the order of the file."""
    match cell:
        case Evaluate(expression):
            return [expression]
        case Object(fields):
            return [found for field in fields for found in expressions(field.cell)]
        case Use():
            return [found for field in cell.beside for found in expressions(field.cell)]
        case List(items):
            return [found for item in items for found in expressions(item)]
        case Each(over, inner) | With(over, inner):
            return [over, *expressions(inner)]
        case If(condition, inner):
            return [condition, *expressions(inner)]
        case Switch(over, cases):
            return [over, *(found for case in cases for found in expressions(case.cell))]
        case _:
            return []
