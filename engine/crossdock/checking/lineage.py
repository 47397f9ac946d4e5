"""Where each target field comes from: target path <- source paths, before there is a payload.

Each expression is inferred as by the check, and its sink collects what it reads. A source is direct if the
value comes from it, and indirect if it decides on the value: in a filter, a condition, the list of a
`$each`. A mapping that is used is followed down to the payload.

    items[].sku   <-  items[].product.variationProductCode, items[].product.productCode
                      because of items[].quantity
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from crossdock.checking.facts import shown_by
from crossdock.checking.given_types import constant_type, schema_type
from crossdock.checking.infer import Inference
from crossdock.checking.narrowing import narrowed
from crossdock.checking.schema_types import SchemaType
from crossdock.checking.sink import Finding
from crossdock.checking.type_scope import TypeScope
from crossdock.checking.types import ANYTHING, ListType, ObjectType, Type
from crossdock.core.diagnostics import Span
from crossdock.core.paths import EACH, joined
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
    outside in, and ``keys`` the targets on the way to it, each with the place of its name.
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
        """A part of a value is no source of its own."""


@dataclass(frozen=True, slots=True)
class _Position:
    """Where the walk is: the context, the target path, and what decides whether a payload leads here."""

    context: Type
    target: str
    because: tuple[str, ...] = ()
    enclosing: tuple[Enclosing, ...] = ()
    keys: tuple[tuple[str, Span], ...] = ()

    def inside(
        self, typ: Type, because: tuple[str, ...], node: syntax.With | syntax.If | syntax.Each
    ) -> _Position:
        enclosing = (*self.enclosing, Enclosing(self.target, node))
        return replace(self, context=typ, because=(*self.because, *because), enclosing=enclosing)

    def at(self, target: str, key: Span | None = None) -> _Position:
        keys = self.keys if key is None else (*self.keys, (target, key))
        return replace(self, target=target, keys=keys)


def lineage(mapping: LinkedMapping) -> list[Link]:
    """The links of a mapping in the order of its file; a field has one for each cell that may write it."""
    source = undocumented("") if mapping.source is None else schema_type(mapping.source)
    links = _walk(mapping, source, _Position(source, ""), mapping.cell)
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


def _walk(mapping: LinkedMapping, root: Type, position: _Position, cell: syntax.Cell) -> Iterator[Link]:
    match cell:
        case syntax.Evaluate(expression):
            notes = _Notes()
            typ = _infer(mapping, root, expression, position.context, notes)
            yield from _spread(typ, _link(mapping, position, cell, notes), 0)
        case syntax.Literal(value):
            yield replace(_link(mapping, position, cell, _Notes()), gives=constant_type(value))
        case syntax.Object(()) | syntax.List(()):
            empty = constant_type({} if isinstance(cell, syntax.Object) else [])
            yield replace(_link(mapping, position, cell, _Notes()), gives=empty)
        case syntax.Object(fields):
            yield from _fields(mapping, root, position, fields)
        case syntax.List(items):
            inner = position.at(joined(position.target, EACH))
            for item in items:
                yield from _item(mapping, root, inner, item)
        case syntax.With(over, inside):
            typ, read = _entered(mapping, root, over, position.context)
            yield from _walk(mapping, root, position.inside(typ.with_optional(False), read, cell), inside)
        case syntax.If(condition, inside):
            _, read = _entered(mapping, root, condition, position.context)
            context = narrowed(position.context, shown_by(condition.node))
            yield from _walk(mapping, root, position.inside(context, read, cell), inside)
        case syntax.Use():
            yield from _used(mapping, root, position, cell)


def _used(mapping: LinkedMapping, root: Type, position: _Position, cell: syntax.Use) -> Iterator[Link]:
    """The links of what is used, without the keys next to the `$use`, and the links of those keys."""
    own = [joined(position.target, item.key) for item in cell.beside]
    hidden = tuple(start for name in own for start in (name + ".", name + EACH))
    yield from _fields(mapping, root, position, cell.beside[: cell.before])
    used = cell.linked
    if isinstance(used, LinkedMapping):
        links = _walk(used, position.context, position, used.cell)
    else:
        links = _walk(mapping, root, position, used)
    for link in links:
        if link.target not in own and not link.target.startswith(hidden):
            yield link
    yield from _fields(mapping, root, position, cell.beside[cell.before :])


def _fields(
    mapping: LinkedMapping, root: Type, position: _Position, fields: tuple[syntax.Field, ...]
) -> Iterator[Link]:
    for item in fields:
        target = joined(position.target, item.key)
        yield from _walk(mapping, root, position.at(target, item.key_span), item.cell)


def _item(
    mapping: LinkedMapping, root: Type, position: _Position, item: syntax.Cell | syntax.Each
) -> Iterator[Link]:
    if not isinstance(item, syntax.Each):
        yield from _walk(mapping, root, position, item)
        return
    typ, read = _entered(mapping, root, item.over, position.context)
    yield from _walk(mapping, root, position.inside(typ.items(), read, item), item.cell)


def _entered(
    mapping: LinkedMapping, root: Type, expression: Expression, context: Type
) -> tuple[Type, tuple[str, ...]]:
    """The type of a condition, a list or an inner context, and what was read for it."""
    notes = _Notes()
    typ = _infer(mapping, root, expression, context, notes)
    # An object that is made here decides nothing: it is always present, and its properties have sources.
    decided = not isinstance(typ, ObjectType) or typ.optional
    return typ, (*notes.direct, *notes.indirect) if decided else ()


def _infer(mapping: LinkedMapping, root: Type, expression: Expression, context: Type, notes: _Notes) -> Type:
    settings, request, answers = (undocumented(f"{name}()") for name in ("settings", "request", "answers"))
    scope = TypeScope(root, settings, request, answers, mapping.tables)
    return Inference(expression, scope, notes).infer(expression.node, context)


def _link(mapping: LinkedMapping, position: _Position, cell: syntax.Cell, notes: _Notes) -> Link:
    return Link(
        target=position.target,
        sources=tuple(notes.direct),
        because_of=(*position.because, *notes.indirect),
        functions=tuple(notes.functions),
        tables=tuple(notes.tables),
        span=cell.span,
        cell=cell,
        mapping=mapping,
        enclosing=position.enclosing,
        keys=position.keys,
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
                _infer(mapping, source, expression, result, notes)
        names = (name for name in (*notes.direct, *notes.indirect) if not name.startswith(result.name))
        short = (name.removeprefix(source.name).removeprefix(".") for name in names)
        found.append((check, tuple(dict.fromkeys(short))))
    return found
