"""Makes the calls of a step, and reads their answers: an answer, or a failure that knows both.

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
from crossdock.channels.messages import Answer, Call, NoAnswer
from crossdock.channels.step_frame import StepFrame
from crossdock.channels.steps import CallTask, Conversation, ConversationStep
from crossdock.channels.turns import NextCall, given_turns
from crossdock.core.json_types import JSON, MISSING, Missing


@dataclass(frozen=True, slots=True)
class StepCalls:
    """Makes calls in one frame. ``base_url`` is the channel's.

    ``result`` takes the calls, and the warnings of the cells that run.
    """

    conversation: Conversation
    cells: CellRunner
    ask: Ask
    base_url: str
    frame: StepFrame
    result: ConversationResult

    def run(self, step: ConversationStep, task: CallTask, given: JSON | Missing) -> JSON | Missing:
        """The step's answer. ``given`` is one from a file. Raises StepFailed, or Unanswered in a plan."""
        made = self.conversation
        builder = CallBuilder(self.cells, self.frame, self.result, made.channel.lists)
        reader = AnswerReader(self.cells, made.answers, made.channel.classes, self.frame, self.result)
        call = builder.call(step, task)
        if task.again is None:
            return self._made(reader, task, call, given)[1]
        following = NextCall(task.again, reader, builder, self.base_url)
        return self._turns(following, task, call, given_turns(step, given))

    def _made(
        self, reader: AnswerReader, task: CallTask, call: Call, given: JSON | Missing
    ) -> tuple[Answer, JSON | Missing]:
        """Make one call: its answer, and what that gives the step."""
        self.result.calls.append(call)
        asked(self.frame.trace, call)
        answer: Answer | None = None
        try:
            answer = self.ask(call, given)
            asked(self.frame.trace, answer)
            return answer, reader.read(task, answer)
        except NoAnswer as missing:
            failed = StepFailed(missing.kind, missing.message)
        except StepFailed as refused:
            failed = refused
        failed.call, failed.answer = call, answer
        raise failed

    def _turns(self, following: NextCall, task: CallTask, call: Call, given: list[JSON]) -> JSON | Missing:
        """What a call and those after it give the step, as a list; missing when none gives anything.

        More calls than ``most`` are a failure, because a list that was cut would look whole. So is a call
        that was made already, if it does not wait for something to change.
        """
        bodies: list[JSON] = []
        made: set[str] = set()
        for turn in range(1, following.again.most + 1):
            answer, body = self._made(following.reader, task, call, _turn_of(given, turn))
            bodies += [] if isinstance(body, Missing) else [body]
            made.add(following.identity(call))
            try:
                after = following.after(call, answer, turn)
                if after is not None and not after.wait and following.identity(after) in made:
                    raise StepFailed("endless", "the channel's answers lead to a call that was made already")
            except StepFailed as failed:
                failed.call, failed.answer = call, answer
                raise
            if after is None:
                return bodies or MISSING
            last, call = call, after
        endless = StepFailed("endless", f"the channel had not come to an end after {turn} calls")
        endless.call, endless.answer = last, answer
        raise endless


def _turn_of(given: list[JSON], turn: int) -> JSON | Missing:
    return given[turn - 1] if turn <= len(given) else MISSING


def call_text(step: ConversationStep) -> str | None:
    """A step's call as the file has it; None for a step that makes none."""
    return f"{step.task.method} {step.task.path.text}" if isinstance(step.task, CallTask) else None
