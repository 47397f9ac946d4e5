"""The static check: what a mapping reads is there to be read, and what it writes is what is wanted.

Each cell is evaluated over views (see ``views`` and ``inference``), which gives the view of the result,
and that is held against the target schema at its place. What is surely wrong is an error; what some
payload could bring about is a warning. A warning that is known and accepted is allowed on its line:

    sku: product.code       # allow[may-be-missing]: a product always has a code
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from crossdock.checking.assignability import (
    Misfit,
    misfits,
    missing,
    never_written,
    required_of,
    takes_null,
    unknown,
    unread,
)
from crossdock.checking.facts import answers_in, shown_by
from crossdock.checking.ignored_fields import ignored_findings, unavailable_findings
from crossdock.checking.infer import NOBODY, Inference, Surroundings
from crossdock.checking.types import (
    ANYTHING,
    NOTHING,
    TEXT,
    TRUTH,
    ListOf,
    Record,
    Scalar,
    View,
    either,
    in_words,
    made,
    view_of,
)
from crossdock.core.diagnostics import Diagnostic, Severity, Span
from crossdock.core.json_types import JSON
from crossdock.execution.interpreter import Names, NoNames
from crossdock.language import syntax
from crossdock.language.jmespath import Expression, Tree

if TYPE_CHECKING:
    from crossdock.language.mapping import Mapping

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


def check_alone(cells: Iterable[syntax.Cell], settings: MappingType[str, JSON]) -> list[Diagnostic]:
    """What is surely wrong in cells that stand in no mapping: they can name nothing but settings."""
    check = CellCheck(NoNames(), Surroundings(ANYTHING, _settings(settings)))
    for cell in cells:
        for use in syntax.uses(cell):
            help = "fragments and other mappings are for mappings"
            check.finding("unknown-fragment", f"`{use.name}` cannot be used here", use.name_span, help)
        if not syntax.uses(cell):
            check.cell(cell, ANYTHING, ANYTHING)
    return [item for item in dict.fromkeys(check.findings) if item.severity == "error"]


def check_mapping(mapping: Mapping, *, lenient: bool = False) -> tuple[list[Diagnostic], View]:
    """Every finding in a mapping whose names are all resolved, and what it gives."""
    source, target = view_of(mapping.source), view_of(mapping.target)
    check = CellCheck(
        mapping, Surroundings(source, settings_view(mapping), tables=mapping.tables, lenient=lenient)
    )
    made_result = check.cell(mapping.cell, source, target)
    result = made_result.marked(False) if made_result.known else target.marked(False)
    if isinstance(result, Record):
        result = replace(result, name=target.name if target.known else "the result")
    for item in mapping.checks:
        check.view(item.condition, result)
        if item.message is not None:
            check.view(item.message, result)
    check.findings.extend(ignored_findings(mapping.ignored, source, check.reads))
    check.findings.extend(unavailable_findings(mapping.unavailable, target, made_result))
    return list(dict.fromkeys(check.findings)), made_result


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

    def cell(self, cell: syntax.Cell, context: View, target: View, beside: frozenset[str] = _NO_KEYS) -> View:
        """What a cell yields. ``beside`` are keys that stand beside its own, where it is used."""
        match cell:
            case syntax.Evaluate(expression):
                view = self.view(expression, context)
                self.fits(view, target, expression.span)
                return view
            case syntax.Literal(value):
                return ANYTHING if cell.broken else self.literal(value, cell.span, target)
            case syntax.Object(fields):
                written = self.fields(fields, context, target)
                self.all_required(target, frozenset(written) | beside, cell.span)
                return Record(written)
            case syntax.List(items):
                return ListOf(either([self.item(item, context, target) for item in items]))
            case syntax.With(over, inner):
                inside = self.view(over, context)
                view = self.cell(inner, inside.marked(False), target, beside)
                return view.marked(True) if inside.optional else view
            case syntax.If(condition, inner):
                return self.kept(condition, inner, context, target, beside).marked(True)
            case syntax.Use():
                return self.use(cell, context, target)

    def kept(
        self, condition: Expression, inner: syntax.Cell, context: View, target: View, beside: frozenset[str]
    ) -> View:
        """What a cell yields under its `$if`."""
        there, inside = self.condition(condition, context).where(shown_by(condition.tree), context)
        return replace(self, around=there.around).cell(inner, inside, target, beside)

    def condition(self, condition: Expression, context: View) -> Inference:
        """A condition, which some payload must make true."""
        inference = Inference(condition, self.around, self)
        inference.reachable(inference.decides(condition.tree, context), condition.tree)
        return inference

    def bound(self, path: Expression, context: View, sometimes: Container[str]) -> None:
        """The path of a call: the answers in it must be there. ``sometimes``: steps that may not be done."""
        inference = Inference(path, self.around, self)
        inference.view(path.tree, context)
        for part in path.tree["children"]:
            view = Inference(path, self.around, NOBODY).view(part, context)
            unbound = [name for name in answers_in(part) if name in sometimes and self.unbound(name)]
            if view.optional and view.known and unbound:
                message = f"the call needs the answer of `{unbound[0]}`, and that step may not be done"
                help = f"let this step be done only `if: answers().{unbound[0]}`"
                self.report("unbound-call", message, path, part, help, "warning")

    def unbound(self, name: str) -> bool:
        found = self.around.answers.property(name)
        return found is not None and found.optional

    def item(self, item: syntax.Cell | syntax.Each, context: View, target: View) -> View:
        wanted = self.list_target(target, item.span)
        if not isinstance(item, syntax.Each):
            return self.cell(item, context, wanted)
        return self.cell(item.cell, self.each(item.over, context), wanted)

    def each(self, over: Expression, context: View, word: str = "$each") -> View:
        """The elements of what is gone through, which must be a list."""
        view = self.view(over, context)
        no_list = view.kinds - {"array"}
        if view.known and no_list:
            verb = "is" if "array" not in view.kinds else "may be"
            message = f"`{word}` takes a list, and this {verb} {in_words(no_list)}"
            severity: Severity = "error" if verb == "is" else "warning"
            self.finding("not-a-list", message, over.span, severity=severity)
        return ANYTHING if view.known and "array" not in view.kinds else view.items()

    def list_target(self, target: View, span: Span) -> View:
        if target.known and target.kinds and "array" not in target.kinds:
            message = f"`{target.name}` takes {in_words(target.kinds)}, and this is a list"
            self.finding("wrong-type", message, span)
            return ANYTHING
        return target.items() if target.known else ANYTHING

    def fields(self, fields: Sequence[syntax.Field], context: View, target: View) -> dict[str, View]:
        self.object_target(target, fields)
        required = required_of(target)
        written: dict[str, View] = {}
        for item in fields:
            wanted = self.written(item.key, item.key_span, target)
            view = self.cell(item.cell, context, wanted)
            if item.key in required and view.optional and view.known:
                self.misfit(missing(f"{target.name}.{item.key}"), item.cell.span)
            written[item.key] = view
        return written

    def object_target(self, target: View, fields: Sequence[syntax.Field]) -> None:
        if fields and target.known and target.kinds and "object" not in target.kinds:
            message = f"`{target.name}` takes {in_words(target.kinds)}, and this is an object"
            self.finding("wrong-type", message, fields[0].key_span)

    def all_required(self, target: View, written: frozenset[str], span: Span) -> None:
        start = Span(span.source, span.start, span.start + 1)
        for name in sorted(required_of(target) - written):
            self.misfit(never_written(target, name), start)

    def use(self, cell: syntax.Use, context: View, target: View) -> View:
        beside = frozenset(item.key for item in cell.beside)
        own = self.fields(cell.beside, context, target)
        fragment = self.mapping.fragments.get(cell.name)
        if fragment is not None:
            used = self.cell(fragment, context, target, beside)
        else:
            used = self.used_mapping(cell, context)
            self.fits(used, target, cell.name_span, beside)
        if not own or not used.known:
            return used
        names = used.property_names()
        inherited = {name: used.property(name) or NOTHING for name in names}
        return Record({**inherited, **own}, optional=used.optional and not own)

    def used_mapping(self, cell: syntax.Use, context: View) -> View:
        """What another mapping gives, which must be able to read the context as its source."""
        used = self.mapping.used[cell.name]
        if used.source is not None:
            source = view_of(used.source)
            for misfit in islice(unread(context, source), 1):
                message = f"`{cell.name}` reads `{source.name}`, and here {misfit.message}"
                self.finding("unfit-context", message, cell.name_span, severity=misfit.severity)
        if used.target is None:
            return used.result
        return view_of(used.target).marked(used.result.optional and used.result.known)

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
            if target.known and not takes_null(target):
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
            misfit = unknown(target, key)
            self.misfit(replace(misfit, severity="warning") if self.around.lenient else misfit, span)
        return found or ANYTHING

    # Against the target

    def fits(self, view: View, target: View, span: Span, beside: frozenset[str] = _NO_KEYS) -> None:
        """Whether what a cell yields is what the target takes, and what is in it too."""
        for misfit in misfits(view, target, beside=beside):
            self.misfit(misfit, span)

    def misfit(self, misfit: Misfit, span: Span) -> None:
        self.finding(misfit.id, misfit.message, span, misfit.help, misfit.severity)
