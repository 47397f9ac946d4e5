"""Runs the cells and expressions of a conversation, in the frame of a step."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat

from crossdock.channels.conversation import ConversationResult
from crossdock.channels.conversation_trace import CellTrace
from crossdock.channels.failures import StepFailed
from crossdock.channels.received import Received, received
from crossdock.channels.step_frame import StepFrame
from crossdock.channels.steps import ConversationStep, ValueTask
from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import CrossdockError, InputError
from crossdock.core.json_types import JSON, MISSING, Missing, settled
from crossdock.core.records import replace
from crossdock.execution.cell_code import CellCode, MappingWithin, given_mapping
from crossdock.execution.errors import OutputError
from crossdock.execution.failed_checks import Kept, findings
from crossdock.execution.fast_path import NOTHING, Nothing
from crossdock.execution.runner import Result, check_input, check_output, run_traced
from crossdock.execution.trace import Trace, Watch
from crossdock.execution.values import is_true
from crossdock.language import syntax
from crossdock.language.expr import Expression
from crossdock.language.syntax import LinkedMapping
from crossdock.schema.fitting import fits
from crossdock.schema.store import Schema
from crossdock.schema.validator import validate


@dataclass(frozen=True, slots=True)
class CellRunner:
    """Runs the cells of one conversation. ``cells`` has its tables, fragments and settings."""

    cells: LinkedMapping
    watch: Watch | None
    code: CellCode

    def run(self, cell: syntax.Cell, frame: StepFrame, target: Schema | None = None) -> Result:
        """The result of a cell. A mapping that it names is validated on both sides, also behind `$with`.

        Raises InputError, EvaluationError or OutputError.
        """
        failed: list[Kept] = []
        value = self._quick(cell, frame, failed)
        if isinstance(value, Missing):
            value, present = None, False
        else:
            present = True
        if isinstance(value, Nothing) or (target is not None and not fits(value, target)):
            return self._traced(cell, frame, target)
        return Result(value, Trace(), findings(failed, frame.name), present=present)

    def _traced(self, cell: syntax.Cell, frame: StepFrame, target: Schema | None = None) -> Result:
        used = cell.linked if isinstance(cell, syntax.Use) and not cell.beside else None
        if isinstance(used, LinkedMapping):
            result = self._run_mapping(cell, used, frame)
            # The mapping's own target schema may be another one, or none.
            if target is not None and (violations := validate(result.value, target)):
                found = [Diagnostic(each.id, each.message, cell.span, each.help) for each in violations]
                raise OutputError(found, result.value)
            return result
        given = given_mapping(cell)
        runs = given is not None and self._takes(given, frame)
        result = self._run_mapping(cell, replace(self.cells, cell=cell, source=None, target=target), frame)
        if given is not None and runs and given.mapping.target is not None:
            check_output(result.value, given.mapping.target, result.trace, frame.name)
        return result

    def _takes(self, given: MappingWithin, frame: StepFrame) -> bool:
        """Whether a mapping behind `$with` or `$if` runs. Raises InputError for an invalid context."""
        here = replace(self.cells, cell=given.cell, source=None, target=None)
        context = run_traced(here, frame.context, frame.scope, name=frame.name)
        if context.present and given.mapping.source is not None:
            check_input(context.value, given.mapping.source, frame.name)
        return context.present

    def _run_mapping(self, cell: syntax.Cell, mapping: LinkedMapping, frame: StepFrame) -> Result:
        result: Result | None = None
        try:
            result = run_traced(mapping, frame.context, frame.scope, name=frame.name, watch=self.watch)
        finally:
            if frame.trace is not None:
                value = MISSING if result is None or not result.present else result.value
                ran = CellTrace(
                    cell, mapping, frame.context, frame.scope, frame.name, value, failed=result is None
                )
                frame.trace.cells.append(ran)
        return result

    def value(self, cell: syntax.Cell, frame: StepFrame, result: ConversationResult) -> JSON | Missing:
        """The value of a cell; its warnings are added to ``result``. Raises StepFailed."""
        failed: list[Kept] = []
        value = self._quick(cell, frame, failed)
        return self._decided(cell, frame, result, value, failed)

    def values(self, step: ConversationStep, elements: list[JSON], frame: StepFrame) -> list[JSON] | Nothing:
        """The values of a step for all elements, NOTHING to run them one at a time.

        An element on its own has a frame of its own. Here it is a call of the cell's code, for a step that
        only computes, in a run without traces.
        """
        task = step.task
        if not isinstance(task, ValueTask) or step.condition or step.unless or step.none:
            return NOTHING
        if self.watch is not None or frame.trace is not None or self.code.given(task.cell) is not None:
            return NOTHING
        scope, name = frame.scope, step.element
        scopes = repeat(scope) if name is None else (scope.naming(name, element) for element in elements)
        return self.code.values(task.cell, elements, scopes)

    def validated(
        self, cell: syntax.Cell, frame: StepFrame, result: ConversationResult, target: Schema | None
    ) -> JSON:
        """The value of a cell that must be valid. Raises StepFailed."""
        try:
            ran = self.run(cell, frame, target)
        except CrossdockError as error:
            raise StepFailed("request", _with_place(error.diagnostics[0]), cause=error) from None
        result.warnings += ran.warnings
        return ran.value

    def request(
        self,
        cell: syntax.Cell,
        frame: StepFrame,
        result: ConversationResult,
        target: Schema | None,
        *,
        alone: bool,
    ) -> Received:
        """The value of a cell as a request that is received: with ``alone``, elements may be left out.

        Raises StepFailed.
        """
        try:
            value = settled(self.validated(cell, frame, result, target))
        except StepFailed as failed:
            if not (alone and isinstance(failed.cause, OutputError)):
                raise
            try:
                taken = received(failed.cause.result, target, frame.name, alone=True)
            except InputError:
                raise failed from None
            if not taken.left_out:  # it fits, and a check of the mapping failed
                raise
            return taken
        return Received(value, value)

    def _quick(
        self, cell: syntax.Cell, frame: StepFrame, failed: list[Kept], *, once: bool = False
    ) -> JSON | Missing | Nothing:
        """The value of a cell without a trace, NOTHING if it has to have one."""
        if self.watch is not None or frame.trace is not None:
            return NOTHING
        if once:
            return self.code.once(cell, frame.context, frame.scope, failed)
        value = self.code.value(cell, frame.context, frame.scope, failed)
        given = self.code.given(cell)
        return value if given is None or self._valid(given, value, frame) else NOTHING

    def _valid(self, given: MappingWithin, value: JSON | Missing | Nothing, frame: StepFrame) -> bool:
        """Whether both sides of a mapping behind `$with` or `$if` are valid, if it runs."""
        context = self.code.value(given.cell, frame.context, frame.scope, [])
        if isinstance(context, Missing):
            return True
        source, target = given.mapping.source, given.mapping.target
        if isinstance(context, Nothing) or isinstance(value, Nothing):
            return False
        made = None if isinstance(value, Missing) else value
        return (source is None or fits(context, source)) and (target is None or fits(made, target))

    def _decided(
        self,
        cell: syntax.Cell,
        frame: StepFrame,
        result: ConversationResult,
        value: JSON | Missing | Nothing,
        failed: list[Kept],
    ) -> JSON | Missing:
        """The value of a cell, found on the normal path unless it is there already."""
        if not isinstance(value, Nothing):
            if failed:
                result.warnings += findings(failed, frame.name)
            return value
        try:
            ran = self._traced(cell, frame)
        except CrossdockError as error:
            raise StepFailed("request", _with_place(error.diagnostics[0]), cause=error) from None
        result.warnings += ran.warnings
        return ran.value if ran.present else MISSING

    def evaluate(
        self, expression: Expression, frame: StepFrame, result: ConversationResult
    ) -> JSON | Missing:
        """The value of an expression. Raises StepFailed."""
        cell = self.code.cell_of(expression)
        if self.watch is None and frame.trace is None:  # it has no checks, and names no mapping
            value = self.code.value(cell, frame.context, frame.scope, [])
            if not isinstance(value, Nothing):
                return value
        return self.value(cell, frame, result)

    def value_once(self, cell: syntax.Cell, frame: StepFrame, result: ConversationResult) -> JSON | Missing:
        """The value of a cell that is made for this run. Raises StepFailed."""
        failed: list[Kept] = []
        value = self._quick(cell, frame, failed, once=True)
        return self._decided(cell, frame, result, value, failed)

    def is_true(self, expression: Expression, frame: StepFrame, result: ConversationResult) -> bool:
        """Whether an expression is true as JMESPath has it; a missing value is not. Raises StepFailed."""
        value = self.evaluate(expression, frame, result)
        return not isinstance(value, Missing) and is_true(value)


def _with_place(diagnostic: Diagnostic) -> str:
    """What is wrong, and where in the payload or in the result."""
    place = diagnostic.input.pointer if diagnostic.input is not None else diagnostic.output
    return f"{diagnostic.message}, at {place}" if place else diagnostic.message
