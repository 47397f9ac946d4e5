"""Where each target field comes from: target path <- source paths, before there is a payload.

Each expression is inferred as by the check, and its sink collects what it reads. A source is direct if the
value comes from it, and indirect if it decides on the value: in a filter, a condition, the list of a
`$each`. A mapping that is used is followed down to the payload.

    items[].sku   <-  items[].product.variationProductCode, items[].product.productCode
                      because of items[].quantity
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from crossdock.checking.facts import shown_by
from crossdock.checking.given_types import constant_type, schema_type
from crossdock.checking.infer import Inference
from crossdock.checking.narrowing import narrowed
from crossdock.checking.provenance import PAYLOAD, Provenance, ReadSet
from crossdock.checking.read_set import ExpressionReads
from crossdock.checking.schema_types import SchemaType
from crossdock.checking.sink import Finding
from crossdock.checking.type_scope import BoundValue, TypeScope, named_value
from crossdock.checking.types import ANYTHING, ListType, ObjectType, Type
from crossdock.core.diagnostics import Span
from crossdock.core.paths import EACH, joined
from crossdock.core.records import replace
from crossdock.language import syntax
from crossdock.language.expr import Expr, Expression
from crossdock.language.syntax import LinkedMapping
from crossdock.schema.shape import Shape

if TYPE_CHECKING:
    from crossdock.schema.dialect import Node

# A value of which nothing is documented, so that each path into it is one.
_UNDOCUMENTED: Final[Node] = {"additionalProperties": {"$ref": "#"}, "items": {"$ref": "#"}}


@dataclass(frozen=True, slots=True)
class Enclosing:
    """A `$with`, `$if` or `$each` around a cell, and the target path that it decides on."""

    target: str
    node: syntax.With | syntax.If | syntax.Each


@dataclass(frozen=True, slots=True)
class Link:
    """One target field and its sources: paths with ``[]`` for the elements of lists.

    A source that is not in the payload begins with its context function: ``settings().mode``. ``gives`` is
    the type of the value. The cell belongs to ``mapping``; ``enclosing`` are the words around it, from the
    outside in, and ``keys`` the targets on the way to it, each with the place of its name. ``reads`` is the
    read set of the cell, which also knows what is read as a part of something; ``decided_by`` are those of
    the words around it.
    """

    target: str
    sources: tuple[str, ...]
    because_of: tuple[str, ...]
    functions: tuple[str, ...]
    tables: tuple[str, ...]
    span: Span
    cell: syntax.Cell
    mapping: LinkedMapping
    enclosing: tuple[Enclosing, ...] = ()
    keys: tuple[tuple[str, Span], ...] = ()
    gives: Type = ANYTHING
    reads: ReadSet = field(default_factory=ReadSet, compare=False, repr=False)
    decided_by: tuple[ReadSet, ...] = field(default=(), compare=False, repr=False)


@dataclass(slots=True)
class _Notes:
    """What one cell reads and uses."""

    direct: dict[str, None] = field(default_factory=dict)
    indirect: dict[str, None] = field(default_factory=dict)
    functions: dict[str, None] = field(default_factory=dict)
    tables: dict[str, None] = field(default_factory=dict)

    def read(self, name: str, *, indirect: bool) -> None:
        (self.indirect if indirect else self.direct)[name] = None

    def used(self, kind: str, name: str) -> None:
        (self.functions if kind == "function" else self.tables)[name] = None

    def report(self, finding: Finding) -> None:
        """What is wrong is reported by the check."""

    def shown(self, node: Expr, typ: Type, *, whole: bool) -> None:
        """A part of a value is not a source of its own."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """The mapping whose cells are walked, the type and the place of its payload, and of what has a name."""

    mapping: LinkedMapping
    root: Type
    payload: Provenance
    types: Mapping[str, BoundValue] = field(default_factory=dict)
    places: Mapping[str, Provenance] = field(default_factory=dict)

    def naming(self, name: str | None, typ: Type, place: Provenance) -> _Frame:
        """Inside of what gives a value a name, if it gives one."""
        if name is None:
            return self
        types = {**self.types, name: named_value(typ)}
        return replace(self, types=types, places={**self.places, name: place})

    def reading(self, reads: ReadSet) -> ExpressionReads:
        return ExpressionReads(self.payload, reads, self.places)


@dataclass(frozen=True, slots=True)
class _Position:
    """Where the walk is: the context, its place, the target path, and what decides on it."""

    context: Type
    place: Provenance
    target: str
    because: tuple[str, ...] = ()
    decided_by: tuple[ReadSet, ...] = ()
    enclosing: tuple[Enclosing, ...] = ()
    keys: tuple[tuple[str, Span], ...] = ()

    def inside(self, entered: _Entered, node: syntax.With | syntax.If | syntax.Each) -> _Position:
        return replace(
            self,
            context=entered.typ,
            place=entered.place,
            because=(*self.because, *entered.because),
            decided_by=(*self.decided_by, entered.reads),
            enclosing=(*self.enclosing, Enclosing(self.target, node)),
        )

    def at(self, target: str, key: Span | None = None) -> _Position:
        keys = self.keys if key is None else (*self.keys, (target, key))
        return replace(self, target=target, keys=keys)


def lineage(mapping: LinkedMapping) -> list[Link]:
    """The links of a mapping in the order of its file; a field has one for each cell that may write it."""
    source = undocumented("") if mapping.source is None else schema_type(mapping.source)
    links = _walk(_Frame(mapping, source, PAYLOAD), _Position(source, PAYLOAD, ""), mapping.cell)
    root = source.name
    return [_relative(link, root) for link in links]


def undocumented(name: str) -> Type:
    """A value without a schema: any path leads into it, and keeps its name."""
    return SchemaType(Shape(_UNDOCUMENTED, lambda _: _UNDOCUMENTED), name)


def _relative(link: Link, root: str) -> Link:
    """Source paths without the name of the schema before them."""

    def paths(names: tuple[str, ...]) -> tuple[str, ...]:
        short = (name.removeprefix(root).removeprefix(".") for name in _ends(names))
        return tuple(dict.fromkeys(short))

    sources = paths(link.sources)
    because = tuple(path for path in paths(link.because_of) if path not in sources)
    return replace(link, sources=sources, because_of=because)


def _ends(names: tuple[str, ...]) -> Iterator[str]:
    """The paths that are not the beginning of another one of them."""
    for name in names:
        if not any(other != name and other.startswith((name + ".", name + EACH)) for other in names):
            yield name


def _walk(frame: _Frame, position: _Position, cell: syntax.Cell) -> Iterator[Link]:
    match cell:
        case syntax.Evaluate(expression):
            notes = _Notes()
            typ = _infer(frame, expression, position.context, notes)
            link = _link(frame, position, cell, notes)
            frame.reading(link.reads).whole(expression.node, position.place)
            yield from _spread(typ, link, 0)
        case syntax.Literal(value):
            yield replace(_link(frame, position, cell, _Notes()), gives=constant_type(value))
        case syntax.Object(()) | syntax.List(()):
            empty = constant_type({} if isinstance(cell, syntax.Object) else [])
            yield replace(_link(frame, position, cell, _Notes()), gives=empty)
        case syntax.Object(fields):
            yield from _fields(frame, position, fields)
        case syntax.List(items):
            inner = position.at(joined(position.target, EACH))
            for item in items:
                yield from _item(frame, inner, item)
        case syntax.With(over, inside):
            entered = _entered(frame, over, position)
            entered = replace(entered, typ=entered.typ.with_optional(False))
            yield from _walk(frame, position.inside(entered, cell), inside)
        case syntax.If(condition, inside):
            context = narrowed(position.context, shown_by(condition.node))
            entered = replace(_entered(frame, condition, position), typ=context, place=position.place)
            yield from _walk(frame, position.inside(entered, cell), inside)
        case syntax.Switch():
            for case in cell.conditions:
                yield from _walk(frame, position, case)
        case syntax.Use():
            yield from _used(frame, position, cell)


def _used(frame: _Frame, position: _Position, cell: syntax.Use) -> Iterator[Link]:
    """The links of what is used, without the keys next to the `$use`, and the links of those keys."""
    own = [joined(position.target, item.key) for item in cell.beside]
    hidden = tuple(start for name in own for start in (name + ".", name + EACH))
    yield from _fields(frame, position, cell.beside[: cell.before])
    used = cell.linked
    if isinstance(used, LinkedMapping):
        links = _walk(_Frame(used, position.context, position.place), position, used.cell)
    else:
        links = _walk(frame, position, used)
    for link in links:
        if link.target not in own and not link.target.startswith(hidden):
            yield link
    yield from _fields(frame, position, cell.beside[cell.before :])


def _fields(frame: _Frame, position: _Position, fields: tuple[syntax.Field, ...]) -> Iterator[Link]:
    for item in fields:
        target = joined(position.target, item.key)
        yield from _walk(frame, position.at(target, item.key_span), item.cell)


def _item(frame: _Frame, position: _Position, item: syntax.Cell | syntax.Each) -> Iterator[Link]:
    if not isinstance(item, syntax.Each):
        yield from _walk(frame, position, item)
        return
    entered = _entered(frame, item.over, position)
    entered = replace(entered, typ=entered.typ.items(), place=entered.reads.items(entered.place))
    there = frame.naming(item.name, entered.typ, entered.place)
    yield from _walk(there, position.inside(entered, item), item.cell)


@dataclass(frozen=True, slots=True)
class _Entered:
    """The type and the place of a condition, a list or an inner context, and what is read for it."""

    typ: Type
    place: Provenance
    because: tuple[str, ...]
    reads: ReadSet


def _entered(frame: _Frame, expression: Expression, position: _Position) -> _Entered:
    notes, reads = _Notes(), ReadSet()
    typ = _infer(frame, expression, position.context, notes)
    place = frame.reading(reads).value(expression.node, position.place)
    # An object that is made here decides nothing: it is always present, and its properties have sources.
    decided = not isinstance(typ, ObjectType) or typ.optional
    because = (*notes.direct, *notes.indirect) if decided else ()
    return _Entered(typ, place, because, reads)


def _infer(frame: _Frame, expression: Expression, context: Type, notes: _Notes) -> Type:
    settings, request, answers = (undocumented(f"{name}()") for name in ("settings", "request", "answers"))
    scope = TypeScope(frame.root, settings, request, answers, frame.mapping.tables, variables=frame.types)
    return Inference(expression, scope, notes).infer(expression.node, context)


def _link(frame: _Frame, position: _Position, cell: syntax.Cell, notes: _Notes) -> Link:
    return Link(
        target=position.target,
        sources=tuple(notes.direct),
        because_of=(*position.because, *notes.indirect),
        functions=tuple(notes.functions),
        tables=tuple(notes.tables),
        span=cell.span,
        cell=cell,
        mapping=frame.mapping,
        enclosing=position.enclosing,
        keys=position.keys,
        decided_by=position.decided_by,
    )


def _spread(typ: Type, link: Link, depth: int) -> Iterator[Link]:
    """One link for a value; for an object that an expression makes, one for each of its properties."""
    match typ:
        case ObjectType(fields) if fields and depth < 4:
            for name, inner in fields.items():
                target = joined(link.target, name)
                yield from _spread(inner, replace(link, target=target), depth + 1)
        case ListType(element) if isinstance(element, ObjectType):
            yield from _spread(element, replace(link, target=joined(link.target, EACH)), depth + 1)
        case _:
            yield replace(link, gives=typ)


def check_reads(mapping: LinkedMapping) -> list[tuple[syntax.Check, tuple[str, ...]]]:
    """What each check of a mapping reads of the source."""
    source = undocumented("") if mapping.source is None else schema_type(mapping.source)
    result = undocumented("the result")
    found = []
    for check in mapping.checks:
        notes = _Notes()
        for expression in (check.condition, check.message):
            if expression is not None:
                _infer(_Frame(mapping, source, PAYLOAD), expression, result, notes)
        names = (name for name in (*notes.direct, *notes.indirect) if not name.startswith(result.name))
        short = (name.removeprefix(source.name).removeprefix(".") for name in names)
        found.append((check, tuple(dict.fromkeys(short))))
    return found
