"""The static check: what a mapping reads is there to be read, and what it writes is what is wanted.

Each cell is evaluated over views (see ``views`` and ``inference``), which gives the view of the result,
and that is held against the target schema at its place. What is surely wrong is an error; what some
payload could bring about is a warning. A warning that is known and accepted is allowed on its line:

    sku: product.code       # allow[may-be-missing]: a product always has a code
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from crossdock import nodes
from crossdock.conditions import shown_by
from crossdock.diagnostics import Diagnostic, Severity, Span, did_you_mean
from crossdock.expressions import Expression, Tree
from crossdock.inference import Inference, Surroundings
from crossdock.interpreter import Names, NoNames
from crossdock.narrowing import Narrowed
from crossdock.values import JSON
from crossdock.views import (
    ANYTHING,
    NOTHING,
    TEXT,
    TRUTH,
    Documented,
    Kinds,
    ListOf,
    Record,
    Scalar,
    View,
    either,
    in_words,
    made,
    view_of,
)

if TYPE_CHECKING:
    from crossdock.mapping import Mapping

_DEEPEST: Final = 6
_NO_KEYS: Final = frozenset[str]()


def settings_view(mapping: Mapping) -> View:
    """A setting has the kind of its default, and any value."""
    return _settings(mapping.settings)


def _settings(settings: MappingType[str, JSON]) -> View:
    fields = {name: _like(value) for name, value in settings.items()}
    return Record(fields, "the channel's settings")


def _like(value: JSON) -> View:
    match value:
        case bool():
            return TRUTH
        case str():
            return TEXT
        case int():
            return Scalar(frozenset({"integer"}))
    return ANYTHING


def check_alone(cells: Iterable[nodes.Cell], settings: MappingType[str, JSON]) -> list[Diagnostic]:
    """What is surely wrong in cells that stand in no mapping: they can name nothing but settings."""
    check = CellCheck(NoNames(), Surroundings(ANYTHING, _settings(settings)))
    for cell in cells:
        for use in nodes.uses(cell):
            help = "fragments and other mappings are for mappings"
            check.finding("unknown-fragment", f"`{use.name}` cannot be used here", use.name_span, help)
        if not nodes.uses(cell):
            check.cell(cell, ANYTHING, ANYTHING)
    return [item for item in dict.fromkeys(check.findings) if item.severity == "error"]


def check_mapping(mapping: Mapping) -> list[Diagnostic]:
    """Every finding in a mapping whose names are all resolved."""
    source, target = view_of(mapping.source), view_of(mapping.target)
    check = CellCheck(mapping, Surroundings(source, settings_view(mapping), tables=mapping.tables))
    made_result = check.cell(mapping.cell, source, target)
    result = made_result.marked(False) if made_result.known else target.marked(False)
    if isinstance(result, Record):
        result = replace(result, name=target.name if target.known else "the result")
    for item in mapping.checks:
        check.view(item.condition, result)
        if item.message is not None:
            check.view(item.message, result)
    for ignored in mapping.ignored:
        check.ignored(ignored, source)
    return list(dict.fromkeys(check.findings))


@dataclass(slots=True)
class CellCheck:
    """The check of some cells in their surroundings; ``findings`` takes what is wrong."""

    mapping: Names
    around: Surroundings
    findings: list[Diagnostic] = field(default_factory=list)
    reads: set[str] = field(default_factory=set)

    # What an inference tells

    def report(
        self,
        id: str,
        message: str,
        expression: Expression,
        tree: Tree,
        help: str | None = None,
        severity: Severity = "error",
    ) -> None:
        if help is None and id == "unknown-property" and tree is expression.tree and not expression.is_text:
            help = "constant text is written {$const: " + expression.text + "}"
        self.finding(id, message, expression.at(tree), help, severity)

    def read(self, name: str, *, indirect: bool) -> None:  # noqa: ARG002
        self.reads.add(name)

    def used(self, kind: str, name: str) -> None:
        """Which functions and tables are used is of no matter here."""

    def finding(
        self, id: str, message: str, span: Span, help: str | None = None, severity: Severity = "error"
    ) -> None:
        self.findings.append(Diagnostic(id, message, span, help, severity=severity))

    # Cells

    def view(self, expression: Expression, context: View) -> View:
        return Inference(expression, self.around, self).view(expression.tree, context)

    def cell(self, cell: nodes.Cell, context: View, target: View, beside: frozenset[str] = _NO_KEYS) -> View:
        """What a cell yields. ``beside`` are keys that stand beside its own, where it is used."""
        match cell:
            case nodes.Evaluate(expression):
                view = self.view(expression, context)
                self.fits(view, target, expression.span)
                return view
            case nodes.Literal(value):
                return ANYTHING if cell.broken else self.literal(value, cell.span, target)
            case nodes.Object(fields):
                written = self.fields(fields, context, target)
                self.all_required(target, frozenset(written) | beside, cell.span)
                return Record(written)
            case nodes.List(items):
                return ListOf(either([self.item(item, context, target) for item in items]))
            case nodes.With(over, inner):
                inside = self.view(over, context)
                view = self.cell(inner, inside.marked(False), target, beside)
                return view.marked(True) if inside.optional else view
            case nodes.If(condition, inner):
                return self.kept(condition, inner, context, target, beside).marked(True)
            case nodes.Use():
                return self.use(cell, context, target)

    def kept(
        self, condition: Expression, inner: nodes.Cell, context: View, target: View, beside: frozenset[str]
    ) -> View:
        """What a cell yields under its `$if`."""
        inference = Inference(condition, self.around, self)
        inference.reachable(inference.decides(condition.tree, context), condition.tree)
        there, inside = inference.where(shown_by(condition.tree), context)
        return replace(self, around=there.around).cell(inner, inside, target, beside)

    def item(self, item: nodes.Cell | nodes.Each, context: View, target: View) -> View:
        wanted = self.list_target(target, item.span)
        if not isinstance(item, nodes.Each):
            return self.cell(item, context, wanted)
        over = self.view(item.over, context)
        no_list = over.kinds - {"array"}
        if over.known and no_list:
            verb = "is" if "array" not in over.kinds else "may be"
            message = f"`$each` takes a list, and this {verb} {in_words(no_list)}"
            severity: Severity = "error" if verb == "is" else "warning"
            self.finding("not-a-list", message, item.over.span, severity=severity)
        return self.cell(item.cell, over.items(), wanted)

    def list_target(self, target: View, span: Span) -> View:
        if target.known and target.kinds and "array" not in target.kinds:
            message = f"`{target.name}` takes {in_words(target.kinds)}, and this is a list"
            self.finding("wrong-type", message, span)
            return ANYTHING
        return target.items() if target.known else ANYTHING

    def fields(self, fields: Sequence[nodes.Field], context: View, target: View) -> dict[str, View]:
        self.object_target(target, fields)
        required = _required(target)
        written: dict[str, View] = {}
        for item in fields:
            wanted = self.written(item.key, item.key_span, target)
            view = self.cell(item.cell, context, wanted)
            if item.key in required and view.optional and view.known:
                self.may_be_missing(f"{target.name}.{item.key}", item.cell.span)
            written[item.key] = view
        return written

    def object_target(self, target: View, fields: Sequence[nodes.Field]) -> None:
        if fields and target.known and target.kinds and "object" not in target.kinds:
            message = f"`{target.name}` takes {in_words(target.kinds)}, and this is an object"
            self.finding("wrong-type", message, fields[0].key_span)

    def may_be_missing(self, name: str, span: Span) -> None:
        message = f"`{name}` is required, and this may be missing"
        help = "give it a default: `… || other`, or allow it on its line with a reason"
        self.finding("may-be-missing", message, span, help, "warning")

    def all_required(self, target: View, written: frozenset[str], span: Span) -> None:
        for name in sorted(_required(target) - written):
            message = f"`{target.name}` requires `{name}`, which is never written"
            start = Span(span.source, span.start, span.start + 1)
            self.finding("never-written", message, start)

    def use(self, cell: nodes.Use, context: View, target: View) -> View:
        beside = frozenset(item.key for item in cell.beside)
        own = self.fields(cell.beside, context, target)
        fragment = self.mapping.fragments.get(cell.name)
        if fragment is not None:
            used = self.cell(fragment, context, target, beside)
        else:
            used = view_of(self.mapping.used[cell.name].target).marked(False)
            self.fits(used, target, cell.name_span, beside)
        if not own or not used.known:
            return used
        names = used.property_names()
        inherited = {name: used.property(name) or NOTHING for name in names}
        return Record({**inherited, **own}, optional=used.optional and not own)

    def literal(self, value: JSON, span: Span, target: View) -> View:
        """A constant, whose keys are written to the target as well."""
        if isinstance(value, dict):
            for key, inner in value.items():
                self.literal(inner, span, self.written(key, span, target))
            self.all_required(target, frozenset(value), span)
        elif isinstance(value, list):
            for inner in value:
                self.literal(inner, span, self.list_target(target, span))
        elif value is None:
            if target.known and isinstance(target, Documented) and not _takes_null(target):
                message = f"`{target.name}` takes {in_words(target.kinds)}, and this is null"
                self.finding("wrong-type", message, span)
            return NOTHING.marked(False)
        view = made(value)
        if not isinstance(value, dict | list):
            self.fits(view, target, span)
        return view

    def written(self, key: str, span: Span, target: View) -> View:
        """The target at a key that is written."""
        if target.known and "object" not in target.kinds:
            return ANYTHING
        found = target.property(key)
        if found is None:
            message = f"`{target.name}` has no property `{key}`"
            self.finding("unknown-property", message, span, did_you_mean(key, target.property_names()))
        return found or ANYTHING

    # Against the target

    def fits(
        self, view: View, target: View, span: Span, beside: frozenset[str] = _NO_KEYS, depth: int = 0
    ) -> None:
        """Whether what a cell yields is what the target takes, and what is in it too."""
        if not view.known or not target.known or depth > _DEEPEST:
            return
        bad = view.kinds - target.kinds
        if bad and target.kinds:
            self.wrong(view.kinds, target, bad, span)
        self.among(view, target, span)
        if "array" in view.kinds and "array" in target.kinds:
            items, wanted = view.items(), target.items()
            if items.optional and items.known and wanted.known and not _takes_null(wanted):
                message = f"an item of `{target.name}` may be null here, and null is not allowed there"
                self.finding("may-be-missing", message, span, severity="warning")
            self.fits(items, wanted, span, depth=depth + 1)
        if "object" in view.kinds and "object" in target.kinds:
            self.parts_fit(view, target, span, beside, depth)

    def wrong(self, kinds: Kinds, target: View, bad: Kinds, span: Span) -> None:
        definite = not kinds - bad
        verb = "is" if definite else "may be"
        message = f"`{target.name}` takes {in_words(target.kinds)}, and this {verb} {in_words(bad)}"
        self.finding("wrong-type", message, span, severity="error" if definite else "warning")

    def among(self, view: View, target: View, span: Span) -> None:
        allowed, values = target.constants, view.constants
        if allowed is None or values is None:
            return
        outside = [value for value in values if value is not None and value not in allowed]
        if outside:
            listed = ", ".join(f"`{value}`" for value in allowed[:8] if value is not None)
            message = f"`{target.name}` is one of {listed}, and this can be `{outside[0]}`"
            definite = len(outside) == len([value for value in values if value is not None])
            severity: Severity = "error" if definite else "warning"
            self.finding("not-allowed-value", message, span, severity=severity)

    def parts_fit(self, view: View, target: View, span: Span, beside: frozenset[str], depth: int) -> None:
        names = view.property_names()
        required = _required(target)
        for name in sorted(required - beside):
            found = view.property(name)
            if found is None:
                message = f"`{target.name}` requires `{name}`, which is never written"
                self.finding("never-written", message, span)
            elif found.optional and found.known:
                self.may_be_missing(f"{target.name}.{name}", span)
        for name in sorted(names):
            found, wanted = view.property(name), target.property(name)
            if found is not None and wanted is not None:
                self.fits(found, wanted, span, depth=depth + 1)

    # Ignored paths

    def ignored(self, ignored: nodes.Ignored, source: View) -> None:
        view = source
        for part in ignored.path:
            if part == "[]":
                view = view.items()
                continue
            found = view.property(part)
            if found is None:
                message = f"`{view.name}` has no property `{part}`"
                help = did_you_mean(part, view.property_names())
                self.finding("unknown-property", message, ignored.span, help)
                return
            view = found
        inside = (view.name + ".", view.name + "[]")
        read = sorted(name for name in self.reads if name == view.name or name.startswith(inside))
        if read:
            message = f"`{'.'.join(ignored.path).replace('.[]', '[]')}` is said to be ignored, and is read"
            notes = (f"`{read[0]}` is read",)
            finding = Diagnostic("ignored-but-read", message, ignored.span, severity="warning", notes=notes)
            self.findings.append(finding)


def _required(target: View) -> frozenset[str]:
    match target:
        case Documented(shape):
            return shape.required()
        case Narrowed(base):
            return _required(base)
    return _NO_KEYS


def _takes_null(target: View) -> bool:
    return not isinstance(target, Documented) or target.shape.types is None or "null" in target.shape.types
