"""The static check: a mapping reads what its source schema has, and writes what its target schema takes.

The type of each cell is inferred (see ``infer``) and compared with the target schema at the cell's place
(see ``assignability``). What is wrong for every payload is an error, what is wrong for some a warning. An
author can accept a warning on its line:

    sku: product.code       # allow[may-be-missing]: a product always has a code
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from crossdock.checking.assignability import (
    Mismatch,
    constant_mismatches,
    context_mismatches,
    mismatches,
    missing,
    never_written,
    refused_list,
    required_of,
    takes_null,
    unknown,
)
from crossdock.checking.certainty import certainty
from crossdock.checking.facts import answers_in
from crossdock.checking.given_types import constant_type, schema_type
from crossdock.checking.ignored_fields import ignored_findings, unavailable_findings
from crossdock.checking.infer import Inference
from crossdock.checking.settings_types import settings_type
from crossdock.checking.sink import SILENT, Finding
from crossdock.checking.switches import CasesCheck
from crossdock.checking.type_kinds import in_words
from crossdock.checking.type_parts import may_be_missing, validated
from crossdock.checking.type_scope import TypeScope, TypeWatch
from crossdock.checking.types import (
    ANYTHING,
    NOTHING,
    WRITTEN_NULL,
    ListType,
    ObjectType,
    Type,
    union,
)
from crossdock.checking.uses import found_at, place_key
from crossdock.core.diagnostics import Diagnostic, Severity, Span
from crossdock.core.json_types import JSON
from crossdock.core.paths import joined
from crossdock.core.records import record, replace
from crossdock.language import slips, syntax
from crossdock.language.expr import Expr, Expression, children
from crossdock.language.syntax import LinkedMapping

_NO_KEYS: Final = frozenset[str]()


@record(frozen=True, slots=True)
class Checked:
    """What the check knows of a mapping: its findings, and the type of its result."""

    findings: tuple[Diagnostic, ...]
    result: Type


def check_mapping(mapping: LinkedMapping, *, lenient: bool = False) -> Checked:
    """Check a mapping. Messages that would show sensitive values and allowances are checked elsewhere.

    ``lenient``: a property that a schema does not document is a warning and not an error.
    """
    return mapping.once(_lenient if lenient else _strict)


def result_of(mapping: LinkedMapping) -> Type:
    """The type of a mapping's result."""
    return check_mapping(mapping).result


def missing_result(mapping: LinkedMapping) -> list[Diagnostic]:
    """The finding in a mapping that no other file uses, and whose whole result may be missing.

    Where a mapping is used, the key of a missing result is left out.
    """
    check = CellCheck(TypeScope(ANYTHING, ANYTHING))
    check.present(result_of(mapping), schema_type(mapping.target), mapping.cell.span)
    return check.findings


def _strict(mapping: LinkedMapping) -> Checked:
    return _checked(mapping, lenient=False)


def _lenient(mapping: LinkedMapping) -> Checked:
    return _checked(mapping, lenient=True)


def _checked(mapping: LinkedMapping, *, lenient: bool) -> Checked:
    check = CellCheck(replace(_own_scope(mapping), lenient=lenient))
    made_result = check.mapping(mapping)
    check.findings.extend(ignored_findings(mapping, check.scope.root))
    check.findings.extend(unavailable_findings(mapping, schema_type(mapping.target), made_result))
    return Checked(tuple(dict.fromkeys(check.findings)), made_result)


def watch_mapping(mapping: LinkedMapping, watch: TypeWatch) -> None:
    """Tell a watch of everything that is inferred in a mapping where no file uses it."""
    CellCheck(replace(_own_scope(mapping), watch=watch)).mapping(mapping)


def _own_scope(mapping: LinkedMapping) -> TypeScope:
    source = schema_type(mapping.source)
    return TypeScope(source, settings_type(mapping), tables=mapping.tables)


def check_use(mapping: LinkedMapping, context: Type, scope: TypeScope) -> Checked:
    """Check a mapping with the types of a place where it is used. Its findings are those of that place only.

    ``context`` and ``scope`` are those of the use.
    """
    own, key = check_mapping(mapping, lenient=scope.lenient), place_key(mapping, context, scope)
    if scope.watch is not None:
        scope.watch.mapping_used(mapping, context, scope)
    if key is None:
        return Checked((), own.result)
    known = mapping.once(_by_place)
    if key not in known or scope.watch is not None:
        source = context if mapping.source is None else schema_type(mapping.source)
        there = replace(
            scope, root=source, settings=settings_type(mapping), tables=mapping.tables, variables={}
        )
        check = CellCheck(there)
        result = check.mapping(mapping)
        known[key] = Checked(
            tuple(item for item in dict.fromkeys(check.findings) if item not in own.findings), result
        )
    return known[key]


def _by_place(_mapping: LinkedMapping) -> dict[Hashable, Checked]:
    """The checks of a mapping where it is used, by the types there."""
    return {}


@dataclass(slots=True)
class CellCheck:
    """The check of some cells in a scope. It is the sink of its inferences."""

    scope: TypeScope
    findings: list[Diagnostic] = field(default_factory=list)

    # The sink of inferences

    def report(self, finding: Finding) -> None:
        expression, help = finding.expression, finding.help
        unknown_alone = finding.id == "unknown-property" and finding.node is expression.node
        if finding.id == "unknown-property":
            help = help or slips.quotes(finding.node, expression.text)
        if help is None and unknown_alone and not expression.is_text:
            help = "constant text is written {$const: " + expression.text + "}"
        self.finding(finding.id, finding.message, expression.at(finding.node), help, finding.severity)

    def read(self, name: str, *, indirect: bool) -> None:
        """What is read is another question: see ``field_reads``."""

    def used(self, kind: str, name: str) -> None:
        """Which functions and tables are used makes no difference here."""

    def shown(self, node: Expr, typ: Type, *, whole: bool) -> None:
        """Whether a check may show it is another question: see ``sensitivity``."""

    def finding(
        self, id: str, message: str, span: Span, help: str | None = None, severity: Severity = "error"
    ) -> None:
        self.findings.append(Diagnostic(id, message, span, help, severity=severity))

    # Cells

    def mapping(self, mapping: LinkedMapping) -> Type:
        """The type of a mapping's result, in the scope of this check."""
        source, target = self.scope.root, schema_type(mapping.target)
        made = self.cell(mapping.cell, source, target)
        result = made.with_optional(False) if made.known else target.with_optional(False)
        if isinstance(result, ObjectType):
            result = replace(result, name=target.name if target.known else "the result")
        for item in mapping.checks:
            self.infer(item.condition, result)
            if item.message is not None:
                self.infer(item.message, result)
        return made

    def whole(self, cell: syntax.Cell, context: Type, target: Type) -> Type:
        """The type of a cell that makes all of a value. No key is left out when it is missing: it is null."""
        made = self.cell(cell, context, target)
        self.present(made, target, cell.span)
        return made

    def present(self, made: Type, target: Type, span: Span) -> None:
        """Report a whole value that may be missing, and then is null, which the target does not take."""
        if may_be_missing(made) and target.known and not takes_null(target):
            self.mismatch(missing(target.name), Span(span.source, span.start, span.start + 1))

    def infer(self, expression: Expression, context: Type) -> Type:
        return Inference(expression, self.scope, self).infer(expression.node, context)

    def cell(self, cell: syntax.Cell, context: Type, target: Type, beside: frozenset[str] = _NO_KEYS) -> Type:
        """The type of a cell that is written to a target. ``beside``: keys next to the `$use` of the cell."""
        if self.scope.watch is not None:
            self.scope.watch.cell_written(cell, context, target, self.scope)
        match cell:
            case syntax.Evaluate(expression):
                typ = self.infer(expression, context)
                self.fits(typ, target, expression, beside)
                return typ
            case syntax.Literal(value):
                return ANYTHING if cell.broken else self.literal(value, cell.span, target, beside)
            case syntax.Object(fields):
                written = self.fields(fields, context, target)
                self.all_required(target, frozenset(written) | beside, cell.span)
                return ObjectType(written, left_out=frozenset(written))
            case syntax.List(items):
                made = [self.item(item, context, target) for item in items]
                for found in refused_list(made if cell.is_fixed else None, target):
                    self.mismatch(found, cell.span)
                return ListType(union(item.with_optional(False) for item in made))  # nothing is left out
            case syntax.With(over, inner):
                inside = self.infer(over, context)
                typ = self.cell(inner, inside.with_optional(False), target, beside)
                return typ.with_optional(True) if inside.optional else typ
            case syntax.If(condition, inner):
                return self.kept(condition, inner, context, target, beside).with_optional(True)
            case syntax.Switch():
                return self.chosen(cell, context, target, beside)
            case syntax.Use():
                return self.use(cell, context, target, beside)

    def chosen(self, cell: syntax.Switch, context: Type, target: Type, beside: frozenset[str]) -> Type:
        """The type of a `$switch`: each case where the value is its text."""
        inference = Inference(cell.over, self.scope, self)
        cases = CasesCheck(cell, inference.decides(cell.over.node, context))
        self.findings.extend(cases.findings())
        made = []
        for case in cell.conditions:
            there, inside = inference.where(case.condition.node, context)
            made.append(replace(self, scope=there.scope).cell(case.cell, inside, target, beside))
        typ = union(made)
        return typ if cases.is_total else typ.with_optional(True)

    def kept(
        self, condition: Expression, inner: syntax.Cell, context: Type, target: Type, beside: frozenset[str]
    ) -> Type:
        """The type of a cell under its `$if`, whose condition narrows what the cell reads."""
        there, inside = self.condition(condition, context).where(condition.node, context)
        return replace(self, scope=there.scope).cell(inner, inside, target, beside)

    def condition(self, condition: Expression, context: Type) -> Inference:
        """The inference of a condition; reports one that no payload makes true."""
        inference = Inference(condition, self.scope, self)
        inference.reachable(inference.decides(condition.node, context), condition.node)
        return inference

    def bound(self, path: Expression, context: Type, sometimes: Container[str]) -> None:
        """Check the path of a call. ``sometimes``: the steps that may be skipped and then have no answer."""
        inference = Inference(path, self.scope, self)
        inference.infer(path.node, context)
        for part in children(path.node):
            typ = Inference(path, self.scope, SILENT).infer(part, context)
            unbound = [name for name in answers_in(part) if name in sometimes and self.unbound(name)]
            if typ.optional and typ.known and unbound:
                message = f"the call needs the answer of `{unbound[0]}`, and that step may be skipped"
                help = f"run this step only `if: answers().{unbound[0]}`"
                self.finding("unbound-call", message, path.at(part), help, "warning")

    def unbound(self, name: str) -> bool:
        found = self.scope.answers.member(name)
        return found is not None and found.optional

    def item(self, item: syntax.Cell | syntax.Each, context: Type, target: Type) -> Type:
        wanted = self.list_target(target, item.span)
        if not isinstance(item, syntax.Each):
            return self.cell(item, context, wanted)
        element = self.each(item.over, context)
        scope = self.scope.in_each(element, item.name, item.over.text)
        return replace(self, scope=scope).cell(item.cell, element, wanted)

    def each(self, over: Expression, context: Type, word: str = "$each") -> Type:
        """The type of the elements of what must be a list."""
        typ = self.infer(over, context)
        no_list = typ.kinds - {"array"}
        if typ.known and no_list:
            sure = certainty(typ.kinds, no_list)
            message = f"`{word}` takes a list, and this {sure.verb} {in_words(no_list)}"
            self.finding("not-a-list", message, over.span, severity=sure.severity)
        return ANYTHING if typ.known and "array" not in typ.kinds else typ.items()

    def list_target(self, target: Type, span: Span) -> Type:
        if target.known and target.kinds and "array" not in target.kinds:
            message = f"`{target.name}` takes {in_words(target.kinds)}, and this is a list"
            self.finding("wrong-type", message, span)
            return ANYTHING
        return target.items() if target.known else ANYTHING

    def fields(self, fields: Sequence[syntax.Field], context: Type, target: Type) -> dict[str, Type]:
        self.object_target(target, fields)
        required = required_of(target)
        written: dict[str, Type] = {}
        for item in fields:
            wanted = self.written(item.key, item.key_span, target)
            typ = self.cell(item.cell, context, wanted)
            if item.key in required and may_be_missing(typ):
                self.mismatch(missing(joined(target.name, item.key)), item.cell.span)
            written[item.key] = typ
        return written

    def object_target(self, target: Type, fields: Sequence[syntax.Field]) -> None:
        if fields and target.known and target.kinds and "object" not in target.kinds:
            message = f"`{target.name}` takes {in_words(target.kinds)}, and this is an object"
            self.finding("wrong-type", message, fields[0].key_span)

    def all_required(self, target: Type, written: frozenset[str], span: Span) -> None:
        start = Span(span.source, span.start, span.start + 1)  # the span of an object is all of its lines
        for name in sorted(required_of(target) - written):
            self.mismatch(never_written(target, name), start)

    def use(self, cell: syntax.Use, context: Type, target: Type, outer: frozenset[str]) -> Type:
        beside = outer.union(item.key for item in cell.beside)
        own = self.fields(cell.beside, context, target)
        definition = cell.linked
        if isinstance(definition, LinkedMapping):
            used = self.used_mapping(cell, definition, context)
            self.fits(used, target, cell.name_span, beside)
        else:
            used = self.cell(definition, context, target, beside)
        if not own or not used.known:
            return used
        names = used.property_names()
        inherited = {name: used.member(name) or NOTHING for name in names}
        fields = {**inherited, **own}
        return ObjectType(fields, optional=used.optional and not own, left_out=frozenset(fields))

    def used_mapping(self, cell: syntax.Use, used: LinkedMapping, context: Type) -> Type:
        """The type of another mapping's result. The context must be what that mapping takes as its source."""
        if used.source is not None:
            source = schema_type(used.source)
            for mismatch in islice(context_mismatches(context, source), 1):
                message = f"`{cell.name}` reads `{source.name}`, and here {mismatch.message}"
                self.finding("unfit-context", message, cell.name_span, severity=mismatch.certainty.severity)
        checked = check_use(used, context, self.scope)
        self.findings.extend(found_at(checked.findings, cell.name_span))
        result = checked.result
        if used.target is None:
            return result
        return validated(result, schema_type(used.target)).with_optional(result.optional and result.known)

    def literal(self, value: JSON, span: Span, target: Type, beside: frozenset[str] = _NO_KEYS) -> Type:
        """The type of a constant. Keys in it are written to the target too."""
        if isinstance(value, dict):
            for key, inner in value.items():
                self.literal(inner, span, self.written(key, span, target))
            self.all_required(target, frozenset(value) | beside, span)
        elif isinstance(value, list):
            for inner in value:
                self.literal(inner, span, self.list_target(target, span))
        elif value is None:
            if target.known and not takes_null(target):
                message = f"`{target.name}` takes {in_words(target.kinds)}, and this is null"
                self.finding("wrong-type", message, span)
            return WRITTEN_NULL
        typ = constant_type(value)
        if not isinstance(value, dict | list):
            self.fits(typ, target, span)
        elif not beside:
            for found in constant_mismatches(typ, target):
                self.mismatch(found, span)
        return typ

    def written(self, key: str, span: Span, target: Type) -> Type:
        """The type that the target has at a key."""
        if target.known and "object" not in target.kinds:
            return ANYTHING
        found = target.member(key)
        if found is None:
            self.mismatch(unknown(target, key), span, "warning" if self.scope.lenient else None)
        return found or ANYTHING

    # Against the target

    def fits(
        self, typ: Type, target: Type, written: Expression | Span, beside: frozenset[str] = _NO_KEYS
    ) -> None:
        """Report what the target does not take of a value of this type."""
        for mismatch in mismatches(typ, target, beside=beside):
            # The place of an expression is computed from its text, so only when there is something to say.
            self.mismatch(mismatch, written if isinstance(written, Span) else written.span)

    def mismatch(self, mismatch: Mismatch, span: Span, severity: Severity | None = None) -> None:
        severity = severity or mismatch.certainty.severity
        self.finding(mismatch.id, mismatch.message, span, mismatch.help, severity)
