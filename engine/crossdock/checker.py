"""The static check: every property that a mapping reads or writes is one that the schemas document.

Expressions are evaluated over schemas in place of payloads: a ``View`` is what is known of a value,
and each kind of expression node turns views into a view. Where nothing is known, nothing is claimed:
objects without documented properties, and results of functions that could be anything, may be read
freely.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from crossdock import nodes
from crossdock.diagnostics import Diagnostic, Span, did_you_mean
from crossdock.expressions import Expression, Tree, describe
from crossdock.functions import REGISTRY
from crossdock.values import JSON

if TYPE_CHECKING:
    from crossdock.mapping import Mapping
    from crossdock.schemas import Schema
    from crossdock.shapes import Shape


_SCALARS: Final = frozenset({"string", "number", "integer", "boolean", "null"})


class View(Protocol):
    """What is known of a value: its properties and its elements."""

    @property
    def name(self) -> str: ...

    def property(self, name: str) -> View | None: ...

    def property_names(self) -> frozenset[str]: ...

    def items(self) -> View: ...

    def values(self) -> View: ...


@dataclass(frozen=True, slots=True)
class Anything:
    """Nothing is known: every property may be there."""

    name: str = "anything"

    def property(self, name: str) -> View | None:  # noqa: ARG002
        return ANYTHING

    def property_names(self) -> frozenset[str]:
        return frozenset()

    def items(self) -> View:
        return ANYTHING

    def values(self) -> View:
        return ANYTHING


ANYTHING = Anything()


@dataclass(frozen=True, slots=True)
class Documented:
    """A value that a schema describes; ``name`` says which part of which schema."""

    shape: Shape
    name: str

    def property(self, name: str) -> View | None:
        shape = self.shape.property(name)
        if shape is not None:
            return Documented(shape, f"{self.name}.{name}")
        return ANYTHING if self.shape.is_open else None

    def property_names(self) -> frozenset[str]:
        return self.shape.property_names()

    def items(self) -> View:
        return Documented(self.shape.items(), f"{self.name}[]")

    def values(self) -> View:
        found = [self.property(name) for name in sorted(self.property_names())]
        return either(view for view in found if view is not None)


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text, a number, a boolean or null: nothing is in it."""

    name: str

    def property(self, name: str) -> View | None:  # noqa: ARG002
        return None

    def property_names(self) -> frozenset[str]:
        return frozenset()

    def items(self) -> View:
        return self

    def values(self) -> View:
        return self


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list that an expression makes."""

    element: View
    name: str = "a list"

    def property(self, name: str) -> View | None:  # noqa: ARG002
        return None

    def property_names(self) -> frozenset[str]:
        return frozenset()

    def items(self) -> View:
        return self.element

    def values(self) -> View:
        return ANYTHING


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """An object with exactly these properties."""

    fields: dict[str, View]
    name: str = "the object made here"

    def property(self, name: str) -> View | None:
        return self.fields.get(name)

    def property_names(self) -> frozenset[str]:
        return frozenset(self.fields)

    def items(self) -> View:
        return ANYTHING

    def values(self) -> View:
        return either(self.fields.values())


@dataclass(frozen=True, slots=True)
class Either:
    """One of several: a property is documented when one of them documents it."""

    options: tuple[View, ...]

    @property
    def name(self) -> str:
        return " or ".join(dict.fromkeys(option.name for option in self.options))

    def property(self, name: str) -> View | None:
        found = [view for option in self.options if (view := option.property(name)) is not None]
        return either(found) if found else None

    def property_names(self) -> frozenset[str]:
        return frozenset().union(*(option.property_names() for option in self.options))

    def items(self) -> View:
        return either(option.items() for option in self.options)

    def values(self) -> View:
        return either(option.values() for option in self.options)


def either(views: Iterable[View]) -> View:
    """The view of a value that is one of these. What has no properties tells nothing beside what has."""
    options = tuple(dict.fromkeys(views))
    if not options or any(isinstance(option, Anything) for option in options):
        return ANYTHING
    options = tuple(option for option in options if not isinstance(option, Scalar)) or options[:1]
    return options[0] if len(options) == 1 else Either(options)


def made(value: JSON) -> View:
    """The view of a value that is written out."""
    match value:
        case dict():
            return Record({key: made(inner) for key, inner in value.items()})
        case list():
            return ListOf(either(map(made, value)) if value else Scalar("nothing"))
        case _:
            return Scalar(describe(value))


def view_of(schema: Schema | None) -> View:
    """What a schema says of its values; without one, nothing is known."""
    return ANYTHING if schema is None else Documented(schema.shape(), schema.name)


def settings_view(mapping: Mapping) -> View:
    return Record(dict.fromkeys(mapping.settings, ANYTHING), "the channel's settings")


def check_mapping(mapping: Mapping) -> list[Diagnostic]:
    """Every finding in a mapping whose names are all resolved."""
    source: View = ANYTHING
    target: View = ANYTHING
    if mapping.source is not None:
        source = Documented(mapping.source.shape(), mapping.source.name)
    if mapping.target is not None:
        target = Documented(mapping.target.shape(), mapping.target.name)
    settings = Record(dict.fromkeys(mapping.settings, ANYTHING), "the channel's settings")
    check = CellCheck(mapping, Surroundings(source, settings))
    check.cell(mapping.cell, source, target)
    for item in mapping.checks:
        check.view(item.condition, target)
        if item.message is not None:
            check.view(item.message, target)
    for ignored in mapping.ignored:
        check.path(ignored, source)
    return list(dict.fromkeys(check.findings))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the context functions give where a cell stands."""

    root: View
    settings: View
    request: View = ANYTHING
    answers: View = ANYTHING


@dataclass(slots=True)
class CellCheck:
    mapping: Mapping
    context: Surroundings
    findings: list[Diagnostic] = field(default_factory=list)

    def cell(self, cell: nodes.Cell, context: View, target: View) -> None:
        match cell:
            case nodes.Evaluate(expression):
                self.view(expression, context)
            case nodes.Object(fields):
                self.fields(fields, context, target)
            case nodes.List(items):
                for item in items:
                    self.item(item, context, target.items())
            case nodes.With(over, inner):
                self.cell(inner, self.view(over, context), target)
            case nodes.If(condition, inner):
                self.view(condition, context)
                self.cell(inner, context, target)
            case nodes.Use(name, _, beside):
                if (fragment := self.mapping.fragments.get(name)) is not None:
                    self.cell(fragment, context, target)
                self.fields(beside, context, target)
            case nodes.Literal(value):
                self.literal(value, cell.span, target)

    def item(self, item: nodes.Cell | nodes.Each, context: View, target: View) -> None:
        if isinstance(item, nodes.Each):
            self.cell(item.cell, self.view(item.over, context).items(), target)
        else:
            self.cell(item, context, target)

    def fields(self, fields: Sequence[nodes.Field], context: View, target: View) -> None:
        for item in fields:
            self.cell(item.cell, context, self.written(item.key, item.key_span, target))

    def literal(self, value: object, span: Span, target: View) -> None:
        """The keys of a constant object are written to the target as well."""
        if isinstance(value, dict):
            for key, inner in value.items():
                self.literal(inner, span, self.written(key, span, target))
        elif isinstance(value, list):
            for inner in value:
                self.literal(inner, span, target.items())

    def written(self, key: str, span: Span, target: View) -> View:
        view = target.property(key)
        return ANYTHING if view is None and self.unknown(key, span, target) else view or ANYTHING

    def unknown(self, name: str, span: Span, view: View) -> bool:
        message = f"`{view.name}` has no property `{name}`"
        known = view.property_names()
        help = did_you_mean(name, known)
        if help is None and name.isidentifier() and span.text == span.source.line(span.line)[-len(name) :]:
            help = "constant text is written {$const: " + name + "}"
        self.findings.append(Diagnostic("unknown-property", message, span, help))
        return True

    def path(self, ignored: nodes.Ignored, source: View) -> None:
        view = source
        for part in ignored.path:
            if part == "[]":
                view = view.items()
                continue
            inner = view.property(part)
            if inner is None:
                self.unknown(part, ignored.span, view)
                return
            view = inner

    def view(self, expression: Expression, context: View) -> View:
        return _Reading(self, expression).view(expression.tree, context)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One expression, evaluated over views."""

    check: CellCheck
    expression: Expression

    def view(self, tree: Tree, context: View) -> View:
        children = tree["children"]
        match tree["type"]:
            case "current" | "identity":
                return context
            case "field":
                return self.property(tree, context)
            case "subexpression" | "pipe" | "index_expression":
                for child in children:
                    context = self.view(child, context)
                return context
            case "index":
                return context.items()
            case "slice":
                return ListOf(context.items())
            case "flatten":
                return ListOf(_spliced(self.view(children[0], context).items()))
            case "projection" | "value_projection" | "filter_projection":
                return self.projection(tree, context)
            case "literal":
                return made(tree["value"])
            case "and_expression":
                return [self.view(child, context) for child in children][-1]
            case "comparator" | "not_expression" | "text" | "concat":
                for child in children:
                    self.view(child, context)
                return Scalar("text" if tree["type"] in ("text", "concat") else "true or false")
            case "or_expression":
                return either([self.view(child, context) for child in children])
            case "conditional":
                return either([self.view(child, context) for child in children][1:])
            case "multi_select_dict":
                fields = {pair["value"]: self.view(pair["children"][0], context) for pair in children}
                return Record(fields)
            case "multi_select_list":
                return ListOf(either([self.view(child, context) for child in children]))
            case "function_expression":
                return self.call(tree, context)
            case "expref":
                return ANYTHING
            case _:
                for child in children:
                    self.view(child, context)
                return ANYTHING

    def property(self, tree: Tree, context: View) -> View:
        name = tree["value"]
        view = context.property(name)
        if view is None:
            self.check.unknown(name, self.expression.at(tree), context)
            return ANYTHING
        return view

    def projection(self, tree: Tree, context: View) -> View:
        left = self.view(tree["children"][0], context)
        element = left.values() if tree["type"] == "value_projection" else left.items()
        if tree["type"] == "filter_projection":
            self.view(tree["children"][2], element)
        return ListOf(self.view(tree["children"][1], element))

    def call(self, tree: Tree, context: View) -> View:
        name, arguments = tree["value"], tree["children"]
        views = [self.view(argument, context) for argument in arguments if argument["type"] != "expref"]
        elements = views[0].items() if views else ANYTHING
        inner = [
            self.view(argument["children"][0], elements)
            for argument in arguments
            if argument["type"] == "expref"
        ]
        match name:
            case "root":
                return self.check.context.root
            case "settings":
                return self.check.context.settings
            case "request":
                return self.check.context.request
            case "answers":
                return self.check.context.answers
            case "not_null" | "merge" | "min_of" | "max_of":
                return either(views)
            case "reverse" | "sort" | "sort_by" | "unique":
                return views[0]
            case "to_array":
                return either([views[0], ListOf(views[0])])
            case "first" | "last" | "max_by" | "min_by":
                return elements
            case "map":
                return ListOf(inner[0] if inner else ANYTHING)
            case "values":
                return ListOf(views[0].values())
            case "entries":
                return ListOf(Record({"key": Scalar("text"), "value": views[0].values()}))
            case "zip":
                return ListOf(ListOf(either(view.items() for view in views)))
        return ANYTHING if REGISTRY[name].returns - _SCALARS else Scalar(f"{name}(…)")


def _spliced(element: View) -> View:
    """What a flattened list holds: the elements of elements that are lists, and the others as they are."""
    match element:
        case Either(options):
            return either(_spliced(option) for option in options)
        case ListOf(inner):
            return inner
        case Documented(shape) if shape.types is not None and "array" in shape.types:
            others = shape.types - {"array", "null"}
            return either([element.items(), element]) if others else element.items()
    return element
