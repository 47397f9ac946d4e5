"""Mapping x payload -> result: this module defines what the language means.

There is one case for each kind of cell, and no state but the trace. A cell yields a value or ``MISSING``;
the object or the list around it then leaves out the key or the item.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace

from crossdock.core.diagnostics import Diagnostic, Place
from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.core.paths import pointer
from crossdock.execution.errors import EvaluationError
from crossdock.execution.evaluator import Evaluator, Failure
from crossdock.execution.failed_checks import statement
from crossdock.execution.scope import Scope, default_settings, whole_numbers
from crossdock.execution.trace import Origins, Parts, Read, Step, Trace, Watch
from crossdock.execution.values import is_true
from crossdock.language import syntax
from crossdock.language.expr import Expression
from crossdock.language.syntax import LinkedMapping


@dataclass(slots=True)
class Outcome:
    """What an execution gives: the result, the checks that failed, and the trace.

    ``present`` is false when the mapping gives no value at all; ``value`` is then None.
    """

    value: JSON
    failed: list[Diagnostic] = field(default_factory=list)
    trace: Trace = field(default_factory=Trace)
    present: bool = True


def execute(
    mapping: LinkedMapping,
    payload: JSON,
    scope: Scope,
    *,
    name: str,
    traced: bool,
    watch: Watch | None = None,
) -> Outcome:
    """Run a mapping. ``name`` is what messages call the payload. Raises EvaluationError.

    Without ``traced`` the error has no place in the payload; the caller runs the payload again with it.
    """
    run = _Run(name, Origins(payload) if traced else None, watch)
    value = run.mapping(mapping, payload, scope, ())
    if isinstance(value, Missing):
        return Outcome(None, run.failed, run.trace, present=False)
    return Outcome(value, run.failed, run.trace)


class _Run:
    """One execution of a mapping and of those that it uses: the trace, and the checks that failed."""

    def __init__(self, name: str, origins: Origins | None, watch: Watch | None = None) -> None:
        self.name = name
        self.origins = origins
        self.watch = watch
        self.failed: list[Diagnostic] = []
        self.trace = Trace()

    def mapping(self, mapping: LinkedMapping, payload: JSON, scope: Scope, path: Parts) -> JSON | Missing:
        # A mapping of another channel that is used here keeps that channel's settings.
        settings = {**mapping.once(default_settings), **scope.settings}
        scope = replace(scope, root=payload, tables=mapping.tables, settings=settings)
        cells = _Cells(self, scope)
        if self.watch is not None:
            self.watch.began(mapping, payload, path)
        value = cells.cell(mapping.cell, payload, path)
        if not isinstance(value, Missing):
            for check in mapping.checks:
                cells.check(check, value, path)
        return value


class _Cells:
    """Runs the cells of one mapping, in its scope. ``path`` is the place in the result that is written."""

    def __init__(self, run: _Run, scope: Scope) -> None:
        self.run = run
        self.scope = scope
        self.evaluator = Evaluator(scope, run.origins)

    def cell(self, cell: syntax.Cell, context: JSON, path: Parts) -> JSON | Missing:
        match cell:
            case syntax.Evaluate(expression):
                return self.present(expression, context, path)
            case syntax.Literal(constant):
                self.step(path, cell)
                return constant
            case syntax.Object(fields):
                result: dict[str, JSON] = {}
                self.fields(fields, context, path, result)
                self.step(path, cell)
                return result
            case syntax.List():
                return self.items(cell, context, path)
            case syntax.With(over, inner):
                inside = self.present(over, context, path)
                return MISSING if isinstance(inside, Missing) else self.behind(inner, inside, path)
            case syntax.If(condition, inner):
                if not is_true(self.watched(condition, context, path)):
                    return self.left_out(path, cell)
                self.take_reads()
                return self.behind(inner, context, path)
            case syntax.Switch():
                chosen = cell.chosen(self.watched(cell.over, context, path))
                if chosen is None:
                    return self.left_out(path, cell)
                self.take_reads()
                return self.behind(chosen, context, path)
            case syntax.Use():
                return self.use(cell, context, path)

    def behind(self, cell: syntax.Cell, context: JSON, path: Parts) -> JSON | Missing:
        """The cell of a ``$with``, ``$if`` or ``$each`` whose expression was just evaluated."""
        if self.run.watch is None:
            return self.cell(cell, context, path)
        self.run.watch.entered(context)
        value = self.cell(cell, context, path)
        self.run.watch.left()
        return value

    def fields(
        self, fields: tuple[syntax.Field, ...], context: JSON, path: Parts, result: dict[str, JSON]
    ) -> None:
        for item in fields:
            value = self.cell(item.cell, context, (*path, item.key))
            if not isinstance(value, Missing):
                result[item.key] = value

    def items(self, cell: syntax.List, context: JSON, path: Parts) -> JSON:
        result: list[JSON] = []
        for item in cell.items:
            if isinstance(item, syntax.Each):
                self.each(item, context, path, result)
            else:
                value = self.cell(item, context, (*path, len(result)))
                if not isinstance(value, Missing):
                    result.append(value)
        self.step(path, cell)
        return result

    def each(self, item: syntax.Each, context: JSON, path: Parts, result: list[JSON]) -> None:
        over = self.watched(item.over, context, path)
        if not isinstance(over, list | None):
            kind = "an object" if isinstance(over, dict) else "a single value"
            raise self.failure(f"`$each` takes a list, not {kind}", item.over, path)
        self.take_reads()
        for element in over or ():
            cells = self if item.name is None else _Cells(self.run, self.scope.naming(item.name, element))
            value = cells.behind(item.cell, element, (*path, len(result)))
            if not isinstance(value, Missing):
                result.append(value)

    def use(self, cell: syntax.Use, context: JSON, path: Parts) -> JSON | Missing:
        definition = cell.linked
        if isinstance(definition, LinkedMapping):
            value = self.run.mapping(definition, context, self.scope, path)
        else:
            value = self.cell(definition, context, path)
        if not cell.beside:
            return value
        if isinstance(value, Missing):
            value = {}
        if not isinstance(value, dict):
            diagnostic = Diagnostic(
                "not-an-object",
                f"`{cell.name}` gives no object here, so no key is allowed beside it",
                cell.name_span,
                output=pointer(*path),
            )
            raise EvaluationError([diagnostic], self.run.trace)
        result: dict[str, JSON] = {}
        self.fields(cell.beside[: cell.before], context, path, result)
        own = {item.key for item in cell.beside}
        result.update((key, inner) for key, inner in value.items() if key not in own)
        self.fields(cell.beside[cell.before :], context, path, result)
        return result

    def present(self, expression: Expression, context: JSON, path: Parts) -> JSON | Missing:
        value = self.watched(expression, context, path)
        if self.run.origins is not None:
            reads = self.take_reads()
            self.run.trace.steps.append(Step(path, expression.span, reads, value is not None))
        return MISSING if value is None else value

    def watched(self, expression: Expression, context: JSON, path: Parts) -> JSON:
        value = self.evaluate(expression, context, path)
        if self.run.watch is not None:
            self.run.watch.evaluated(path, expression, context, self.scope, value)
        return value

    def evaluate(self, expression: Expression, context: JSON, path: Parts) -> JSON:
        try:
            return self.evaluator.evaluate(expression, context)
        except Failure as failure:
            raise self.failure(failure.message, expression, path, failure) from None

    def failure(
        self, message: str, expression: Expression, path: Parts, failure: Failure | None = None
    ) -> EvaluationError:
        span = expression.at(failure.node) if failure else expression.span
        reads = self.take_reads(failure.mark if failure else 0)
        place = Place(self.run.name, reads[0].pointer if reads else "")
        diagnostic = Diagnostic("evaluation-failed", message, span, input=place, output=pointer(*path))
        return EvaluationError([diagnostic], self.run.trace)

    def take_reads(self, since: int = 0) -> tuple[Read, ...]:
        return self.run.origins.take(since) if self.run.origins is not None else ()

    def step(self, path: Parts, cell: syntax.Cell) -> None:
        if self.run.origins is not None:
            self.run.trace.steps.append(Step(path, cell.span))
        if self.run.watch is not None:
            self.run.watch.written(path, cell.span)

    def left_out(self, path: Parts, cell: syntax.Cell) -> Missing:
        if self.run.origins is not None:
            self.run.trace.steps.append(Step(path, cell.span, self.take_reads(), present=False))
        return MISSING

    def check(self, check: syntax.Check, value: JSON, path: Parts) -> None:
        """Note a check that fails, with both figures when it compares two."""
        if is_true(self.evaluate(check.condition, value, path)):
            self.take_reads()
            return
        message = None if check.message is None else self.evaluate(check.message, value, path)
        sides = tuple(self.evaluate(side, value, path) for side in check.compared())
        self.take_reads()
        place = Place(self.run.name, pointer(*self.place_of(self.scope.root)))
        diagnostic = Diagnostic(
            "check-failed",
            statement(check.text, message, sides),
            check.condition.span,
            input=place,
            output=pointer(*path),
            severity=check.level,
        )
        self.run.failed.append(diagnostic)

    def place_of(self, value: JSON) -> Parts:
        return (self.run.origins.place(value) if self.run.origins is not None else None) or ()


def evaluate_alone(cell: syntax.Cell, settings: MappingType[str, JSON], context: JSON = None) -> JSON:
    """The value of a cell of a channel's file, which reads only settings and its context.

    Raises EvaluationError.
    """
    run = _Run("the channel's settings" if context is None else "the answer", None)
    value = _Cells(run, Scope(root=context, settings=whole_numbers(settings))).cell(cell, context, ())
    return None if isinstance(value, Missing) else value
