"""Makes the call of a step, and reads its answer: an answer, or a failure that knows both.

It knows no network: ``ask`` says how a call is answered.
"""

from __future__ import annotations

from dataclasses import dataclass

from crossdock.channels.answer_reader import AnswerReader
from crossdock.channels.call_builder import CallBuilder
from crossdock.channels.cell_runner import CellRunner
from crossdock.channels.conversation import Ask, ConversationResult
from crossdock.channels.conversation_trace import asked
from crossdock.channels.failures import StepFailed
from crossdock.channels.messages import Answer, NoAnswer
from crossdock.channels.step_frame import StepFrame
from crossdock.channels.steps import CallTask, Conversation, ConversationStep
from crossdock.core.json_types import JSON, Missing


@dataclass(frozen=True, slots=True)
class StepCalls:
    """Makes calls in one frame. ``result`` takes the calls, and the warnings of the cells that run."""

    conversation: Conversation
    cells: CellRunner
    ask: Ask
    frame: StepFrame
    result: ConversationResult

    def run(self, step: ConversationStep, task: CallTask, given: JSON | Missing) -> JSON | Missing:
        """The step's answer. ``given`` is one from a file. Raises StepFailed, or Unanswered in a plan."""
        call = CallBuilder(self.cells, self.frame, self.result).call(step, task)
        self.result.calls.append(call)
        asked(self.frame.trace, call)
        made = self.conversation
        reader = AnswerReader(self.cells, made.answers, made.classes, self.frame, self.result)
        answer: Answer | None = None
        try:
            answer = self.ask(call, given)
            asked(self.frame.trace, answer)
            return reader.read(task, answer)
        except NoAnswer as missing:
            failed = StepFailed(missing.kind, missing.message)
        except StepFailed as refused:
            failed = refused
        failed.call, failed.answer = call, answer
        raise failed
