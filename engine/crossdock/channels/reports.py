"""The events of a file's steps: of failures, and of what ``fail``, ``warn`` and ``none`` report.

What the mapping under ``events`` is given is documented in docs/conversations.md.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass

from crossdock.channels.cell_runner import CellRunner
from crossdock.channels.conversation import ConversationResult
from crossdock.channels.conversation_trace import noted
from crossdock.channels.failures import StepFailed, StepsStopped, as_warnings, failure_details, failure_error
from crossdock.channels.messages import Failed
from crossdock.channels.received import LeftOut
from crossdock.channels.step_frame import StepFrame
from crossdock.channels.steps import Conversation, ConversationStep, ReportTask
from crossdock.core.diagnostics import Diagnostic, Span
from crossdock.core.errors import CrossdockError
from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.core.records import replace
from crossdock.execution.runner import Result
from crossdock.language import syntax
from crossdock.language.expr import Expression


@dataclass(frozen=True, slots=True)
class Caller:
    """The step that uses shared steps: who reports for its file, and the frame of the step."""

    reporter: Reporter
    frame: StepFrame


@dataclass(frozen=True, slots=True)
class Reporter:
    """Makes the events of one file of a ``conversation``. ``events`` is the mapping of what its steps report.

    Shared steps without a mapping of their own take that of their ``caller``, which runs where that is.
    """

    conversation: Conversation
    base_url: str
    cells: CellRunner
    events: syntax.Cell | None
    caller: Caller | None = None

    def failed(
        self, step: ConversationStep, frame: StepFrame, failed: StepFailed, result: ConversationResult
    ) -> StepsStopped:
        """Make the event of a failure, to be raised on; without a failure mapping raise it as an error.

        An error of the failure mapping is raised too: a failure must not go unreported.
        """
        noted(frame.trace, "failed", failure=(failed.kind, failed.message))
        error = failure_error(self.conversation, step, failed)
        result.failed.append(Failed(failed.kind, failed.answer.status if failed.answer else None, error))
        if not self._has_failure(frame):
            raise error
        details = failure_details(
            self.conversation.action, step, frame, failed, result, base_url=self.base_url
        )
        event = self._failure(details, frame)
        result.warnings += [*as_warnings(error), *event.warnings]
        result.add_event(event.value if event.present else MISSING, step.span)
        return StepsStopped()

    def _has_failure(self, frame: StepFrame) -> bool:
        caller = self.caller
        return frame.failure is not None or (
            caller is not None and caller.reporter._has_failure(caller.frame)
        )

    def _failure(self, details: JSON, frame: StepFrame) -> Result:
        if frame.failure is not None:
            return self.cells.run(frame.failure, replace(frame, context=details, name="the failure"))
        assert self.caller is not None
        return self.caller.reporter._failure(details, self.caller.frame)

    def report(self, task: ReportTask, frame: StepFrame, result: ConversationResult) -> None:
        """Add the event of a report. Raises StepsStopped when it ends the steps, StepFailed when it fails."""
        found: dict[str, JSON | Missing] = {
            "level": task.level,
            "code": self._text("code", task.code, frame, result),
            "message": self._text("message", task.message, frame, result),
        }
        if task.data is not None:
            found["data"] = self.cells.value(task.data, frame, result)
        self._add(found, frame, result, task.span)
        if task.level == "error":
            result.failed.append(Failed("reported"))
        if task.stops:
            raise StepsStopped

    def checks(
        self, warnings: Sequence[Diagnostic], frame: StepFrame, result: ConversationResult, step: Span
    ) -> None:
        """Add an event for each check that failed in the mapping of a value, if the conversation has a code
        for them. ``step`` is where the step begins. Raises StepFailed."""
        code = self.conversation.checks
        if code is None:
            return
        for warning in warnings:
            if warning.id == "check-failed":
                found = {"level": "warning", "code": self._text("code", code, frame, result)}
                self._add({**found, "message": warning.message}, frame, result, step)

    def _add(
        self,
        found: MappingType[str, JSON | Missing],
        frame: StepFrame,
        result: ConversationResult,
        origin: Span,
    ) -> None:
        """Add the event of something that the steps found out."""
        whole = {"action": self.conversation.action, **found, **frame.about(result)}
        details: JSON = {key: value for key, value in whole.items() if not isinstance(value, Missing)}
        result.add_event(self._event(details, frame, result), origin)

    def left_out(self, element: LeftOut, frame: StepFrame, result: ConversationResult) -> None:
        """Add the event of an element of the request that cannot be used."""
        details: dict[str, JSON] = {
            "action": self.conversation.action,
            "level": "error",
            "code": "ELEMENT_UNUSABLE",
            "message": element.sentence,
            "concept": element.concept,
        }
        if element.id is not None:
            details["id"] = element.id
        assert self.events is not None, "no element is left out without `events`"
        result.add_event(self._event(details, frame, result), self.events.span)
        result.failed.append(Failed("reported"))

    def _event(self, details: JSON, frame: StepFrame, result: ConversationResult) -> JSON | Missing:
        if self.events is not None:
            return self.cells.value(self.events, replace(frame, context=details, name="the report"), result)
        assert self.caller is not None, "the check reports a file without `events`"
        return self.caller.reporter._event(details, self.caller.frame, result)

    def _text(self, what: str, expression: Expression, frame: StepFrame, result: ConversationResult) -> JSON:
        value = self.cells.evaluate(expression, frame, result)
        if isinstance(value, str) and value:
            return value
        raise StepFailed("request", f"the event's `{what}` is not text")

    def about(self, cell: syntax.Cell, frame: StepFrame, result: ConversationResult) -> dict[str, JSON]:
        """The `concept` and `id` of a step's event. A cell that fails must not hide the failure that the
        event is about, so that it is only a warning."""
        try:
            found = self.cells.run(cell, frame).value
        except CrossdockError as error:
            result.warnings += as_warnings(error)
            return frame.about(result)
        return (
            {key: found[key] for key in ("concept", "id") if key in found} if isinstance(found, dict) else {}
        )
