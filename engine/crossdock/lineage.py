"""Where each target field comes from: target path <- source paths, before there is a payload.

The mapping is walked as the checker walks it; here it is noted what each cell reads. A source is direct
when the value comes from it, and indirect when it decides on the value: in a filter, a condition, the
list that is gone through. Another mapping that is used is walked through, down to the payload.

    items[].sku   <-  items[].product.variationProductCode, items[].product.productCode
                      because of items[].quantity
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from crossdock import nodes
from crossdock.checker import settings_view
from crossdock.diagnostics import Severity, Span
from crossdock.expressions import Expression, Tree
from crossdock.inference import Inference, Surroundings, present_if
from crossdock.views import ListOf, Record, View, narrowed, view_of

if TYPE_CHECKING:
    from crossdock.mapping import Mapping


@dataclass(frozen=True, slots=True)
class Link:
    """One target field: paths with ``[]`` for the elements of lists, and where the cell is written."""

    target: str
    sources: tuple[str, ...]
    because_of: tuple[str, ...]
    functions: tuple[str, ...]
    tables: tuple[str, ...]
    span: Span


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

    def report(
        self,
        id: str,
        message: str,
        expression: Expression,
        tree: Tree,
        help: str | None = None,
        severity: Severity = "error",
    ) -> None:
        """What is wrong is the checker's to say."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk is: the context, the target path, and what decided that it got here."""

    context: View
    target: str
    because: tuple[str, ...] = ()

    def inside(self, view: View, because: tuple[str, ...]) -> _Place:
        return replace(self, context=view, because=(*self.because, *because))


def lineage(mapping: Mapping) -> list[Link]:
    """The links of a mapping, in the order of its file; a field that several cells may write has several."""
    source = view_of(mapping.source)
    links = _walk(mapping, source, _Place(source, ""), mapping.cell)
    root = source.name
    return [_relative(link, root) for link in links]


def _relative(link: Link, root: str) -> Link:
    """Source paths without the name of the schema before them."""

    def paths(names: tuple[str, ...]) -> tuple[str, ...]:
        short = (name.removeprefix(root).removeprefix(".") for name in _ends(names))
        return tuple(dict.fromkeys(short))

    sources = paths(link.sources)
    because = tuple(path for path in paths(link.because_of) if path not in sources)
    return replace(link, sources=sources, because_of=because)


def _ends(names: tuple[str, ...]) -> Iterator[str]:
    """The paths that lead on to no other of them."""
    for name in names:
        if not any(other != name and other.startswith((name + ".", name + "[]")) for other in names):
            yield name


def _walk(mapping: Mapping, root: View, place: _Place, cell: nodes.Cell) -> Iterator[Link]:
    match cell:
        case nodes.Evaluate(expression):
            notes = _Notes()
            view = _infer(mapping, root, expression, place.context, notes)
            yield from _links(view, place, notes, expression.span)
        case nodes.Literal():
            yield Link(place.target, (), place.because, (), (), cell.span)
        case nodes.Object(fields):
            yield from _fields(mapping, root, place, fields)
        case nodes.List(items):
            inner = replace(place, target=f"{place.target}[]")
            for item in items:
                yield from _item(mapping, root, inner, item)
        case nodes.With(over, inside):
            view, read = _entered(mapping, root, over, place.context)
            yield from _walk(mapping, root, place.inside(view.marked(False), read), inside)
        case nodes.If(condition, inside):
            _, read = _entered(mapping, root, condition, place.context)
            context = narrowed(place.context, present_if(condition.tree))
            yield from _walk(mapping, root, place.inside(context, read), inside)
        case nodes.Use(name, _, beside):
            if (fragment := mapping.fragments.get(name)) is not None:
                yield from _walk(mapping, root, place, fragment)
            else:
                used = mapping.used[name]
                yield from _walk(used, place.context, place, used.cell)
            yield from _fields(mapping, root, place, beside)


def _fields(mapping: Mapping, root: View, place: _Place, fields: tuple[nodes.Field, ...]) -> Iterator[Link]:
    for item in fields:
        target = f"{place.target}.{item.key}" if place.target else item.key
        yield from _walk(mapping, root, replace(place, target=target), item.cell)


def _item(mapping: Mapping, root: View, place: _Place, item: nodes.Cell | nodes.Each) -> Iterator[Link]:
    if not isinstance(item, nodes.Each):
        yield from _walk(mapping, root, place, item)
        return
    view, read = _entered(mapping, root, item.over, place.context)
    yield from _walk(mapping, root, place.inside(view.items(), read), item.cell)


def _entered(
    mapping: Mapping, root: View, expression: Expression, context: View
) -> tuple[View, tuple[str, ...]]:
    """What a condition, a list or a step inside gives, and what was read for it."""
    notes = _Notes()
    view = _infer(mapping, root, expression, context, notes)
    # An object made here is always there, and whoever reads it reads what it was made of.
    decided = not isinstance(view, Record) or view.optional
    return view, (*notes.direct, *notes.indirect) if decided else ()


def _infer(mapping: Mapping, root: View, expression: Expression, context: View, notes: _Notes) -> View:
    around = Surroundings(root, settings_view(mapping), tables=mapping.tables)
    return Inference(expression, around, notes).view(expression.tree, context)


def _links(view: View, place: _Place, notes: _Notes, span: Span) -> Iterator[Link]:
    """One link for a value; for an object that an expression makes, one for each of its properties."""
    because = (*place.because, *notes.indirect)
    made = Link(
        target=place.target,
        sources=tuple(notes.direct),
        because_of=because,
        functions=tuple(notes.functions),
        tables=tuple(notes.tables),
        span=span,
    )
    yield from _spread(view, made, 0)


def _spread(view: View, link: Link, depth: int) -> Iterator[Link]:
    match view:
        case Record(fields) if fields and depth < 4:
            for name, inner in fields.items():
                target = f"{link.target}.{name}" if link.target else name
                yield from _spread(inner, replace(link, target=target), depth + 1)
        case ListOf(element) if isinstance(element, Record):
            yield from _spread(element, replace(link, target=f"{link.target}[]"), depth + 1)
        case _:
            yield link
