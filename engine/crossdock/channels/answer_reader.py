"""A channel's answer -> the step's answer: tolerated, refused, or validated against its schema."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass

from crossdock.channels.answer_classes import REFUSED, RETRY, AnswerClasses, names_in
from crossdock.channels.cell_runner import CellRunner
from crossdock.channels.conversation import ConversationResult
from crossdock.channels.failures import StepFailed
from crossdock.channels.messages import Answer
from crossdock.channels.step_frame import StepFrame
from crossdock.channels.steps import CallTask
from crossdock.core.errors import CrossdockError
from crossdock.core.json_types import JSON, MISSING, Missing, settled
from crossdock.core.paths import pointer
from crossdock.core.records import replace
from crossdock.execution.values import is_true
from crossdock.language import syntax
from crossdock.language.expr import Constant, Expression
from crossdock.schema.fitting import fitted
from crossdock.schema.store import Schema
from crossdock.schema.validator import validate


@dataclass(frozen=True, slots=True)
class AnswerReader:
    """Reads answers in one frame. ``schemas`` are those of the answers by name, ``classes`` the channel's.

    ``result`` takes the warnings of the conditions that run for them.
    """

    cells: CellRunner
    schemas: MappingType[str, Schema]
    classes: AnswerClasses
    frame: StepFrame
    result: ConversationResult

    def read(self, task: CallTask, answer: Answer) -> JSON | Missing:
        """The body of an answer; missing when it is empty or tolerated. Raises StepFailed.

        `tolerate` comes first, so that it can accept any status and a body of any form. `refuse` and the
        classes come before the schema, so that a refusal is reported as one and not as a body of the wrong
        form.
        """
        if self._is_true(task.tolerate, answer):
            return MISSING
        if answer.exceeds:
            raise StepFailed("answer", f"the answer is larger than the limit of {answer.exceeds} bytes")
        if not 200 <= answer.status < 300:
            raise StepFailed("status", f"the channel answered {answer.status}")
        if self._is_of(RETRY, answer):
            raise StepFailed("refused", f"the channel put the call off at every attempt ({answer.status})")
        if self._is_of(REFUSED, answer) or self._is_true(task.refuse, answer):
            raise StepFailed("refused", f"the channel refused the call ({answer.status})")
        if answer.text is not None:
            raise StepFailed("answer", "the channel's answer is not JSON")
        if isinstance(answer.body, Missing):
            # 204 promises that there is no body (RFC 9110, 15.3.5); any other status should have had one.
            if answer.status != 204 and self._is_validated(task):
                raise StepFailed("answer", "the channel's answer is empty")
            return MISSING
        if task.answer is None:
            return settled(answer.body)
        return self._valid(answer.body, task.answer.name)

    def _is_validated(self, task: CallTask) -> bool:
        """Whether a step's answer has a schema that does more than document it."""
        return task.answer is not None and self.schemas[task.answer.name].shape().documented_as() is None

    def _valid(self, body: JSON, name: str) -> JSON:
        """The body with its whole numbers as ints. Raises StepFailed when it breaks its schema."""
        schema = self.schemas[name]
        fitting = fitted(body, schema)
        if not isinstance(fitting, Missing):
            return fitting
        body = settled(body)
        for first in validate(body, schema)[:1]:
            at = f" at {pointer(*first.parts)}" if first.parts else ""
            raise StepFailed("answer", f"the channel's answer breaks `{name}`: {first.message}{at}")
        return body

    def _is_true(self, condition: Expression | None, answer: Answer) -> bool:
        """Whether a condition is true for an answer."""
        if condition is None:
            return False
        value = self.value(syntax.Evaluate(condition), condition, answer)
        return not isinstance(value, Missing) and is_true(value)

    def value(
        self, cell: syntax.Cell, at: Expression, answer: Answer, more: MappingType[str, JSON] | None = None
    ) -> JSON | Missing:
        """The value of a cell whose context is `{status, headers, body}`, the classes, and ``more``.

        `root()` stays the context of the step: the answer is put into an expression as a constant, and the
        cell runs in a `$with` of it. ``at`` is an expression beside the cell. Raises StepFailed.
        """
        # A mapping may name any class.
        names = self.classes.by_name if syntax.uses(cell) else _names(cell)
        seen = replace(at, node=Constant({**self._seen(answer, names), **(more or {})}))
        try:
            return self.cells.value_once(syntax.With(seen, cell, cell.span), self.frame, self.result)
        except StepFailed as failed:
            # The call was made, so that `request` would be wrong.
            raise StepFailed("answer", failed.message, failed.cause) from None

    def _is_of(self, name: str, answer: Answer) -> bool:
        return name in self.classes.by_name and self._seen(answer, [name])[name] is True

    def _seen(self, answer: Answer, names: Iterable[str]) -> dict[str, JSON]:
        try:
            return self.classes.seen(answer, self.frame.scope.settings, names)
        except CrossdockError as error:
            raise StepFailed("answer", error.diagnostics[0].message, error) from None


def _names(cell: syntax.Cell) -> set[str]:
    return {name for expression in syntax.expressions(cell) for name in names_in(expression)}
