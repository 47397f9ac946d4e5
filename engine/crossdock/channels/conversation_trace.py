"""What a conversation did: which steps ran, were skipped or failed, and every cell that ran for them.

A trace is only made when the caller asks for one: without it a run keeps nothing. It keeps what each cell was
given and gave, and no step of its evaluation: a cell gives the same for the same, so that a reader who wants
more runs it again with a ``Watch`` (``execution.trace``).

    trace = StepsTrace()
    run_conversation(conversation, request, ask, trace=trace)
    trace.steps[0].outcome             # "ran", "skipped", "failed", "unanswered", "waiting", "unreached"
    trace.steps[0].cells_of("if")      # the condition that decided, with its value
    trace.steps[1].elements[0].calls   # the calls of the first element of an `each`
    trace.cells                        # the cells beside the steps: the response
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from crossdock.channels.messages import Answer, Call
from crossdock.channels.steps import AdaptTask, Conversation, ConversationStep, UseTask, step_parts
from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.execution.scope import Scope
from crossdock.language import syntax
from crossdock.language.syntax import LinkedMapping

Outcome: TypeAlias = Literal["ran", "skipped", "failed", "unanswered", "waiting", "unreached"]
"""``unanswered``: the answer to its call is not given. ``waiting``: it reads an answer that is not given.
``unreached``: a step before it failed. The first two of these only occur in a dry run."""


@dataclass(frozen=True, slots=True)
class CellTrace:
    """One cell that ran: the mapping that gave its value, what that was given, and what it gave.

    ``mapping`` is the mapping that the cell names, or the conversation's cells with this one as the result.
    ``value`` is missing when the cell gave none, and when it failed, which ``failed`` says.
    """

    cell: syntax.Cell
    mapping: LinkedMapping
    context: JSON
    scope: Scope
    name: str
    value: JSON | Missing = MISSING
    failed: bool = False


@dataclass(slots=True)
class StepsTrace:
    """Some steps in the order of the file, and the cells that ran beside them, in the order of the run."""

    steps: list[StepTrace] = field(default_factory=list)
    cells: list[CellTrace] = field(default_factory=list)

    def begin(self, step: ConversationStep) -> StepTrace:
        """Begin the trace of one of the steps."""
        found = StepTrace(step)
        self.steps.append(found)
        return found

    def unreached(self, steps: Iterable[ConversationStep]) -> None:
        """Note the steps that are not run, because one before them failed."""
        self.steps += map(StepTrace, steps)


@dataclass(slots=True)
class StepTrace:
    """What became of one step, or of one element of its ``each``.

    ``calls`` and ``answers`` are those of its call, in order. ``failure`` is the kind and the sentence of
    its failure. With ``each`` there is a trace for every element, which holds the rest. ``inside`` are
    nested steps.
    """

    step: ConversationStep
    outcome: Outcome = "unreached"
    cells: list[CellTrace] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    value: JSON | Missing = MISSING
    failure: tuple[str, str] | None = None
    elements: list[StepTrace] = field(default_factory=list)
    inside: StepsTrace = field(default_factory=StepsTrace)

    def begin(self, step: ConversationStep) -> StepTrace:
        """Begin the trace of a nested step."""
        return self.inside.begin(step)

    def unreached(self, steps: Iterable[ConversationStep]) -> None:
        """Note the nested steps that are not run."""
        self.inside.unreached(steps)

    def element(self) -> StepTrace:
        """Begin the trace of the next element of its ``each``."""
        found = StepTrace(self.step)
        self.elements.append(found)
        return found

    def cells_of(self, part: str) -> list[CellTrace]:
        """The cells that ran for a part of the step, by its key in the file: such as ``if``."""
        return [each for each in self.cells if self.part_of(each) == part]

    def part_of(self, ran: CellTrace) -> str:
        """The part of the step that a cell belongs to: its key, or `answer` for what shared steps give.

        The mapping that makes an event may be that of a step around it, or of the file.
        """
        parts = step_parts(self.step)
        match self.step.task:
            case UseTask() as use:
                parts.append(("answer", use.linked.response))
            case AdaptTask(conversation=Conversation() as adapted):
                parts.append(("answer", adapted.response))
        event = "failure" if self.failure is not None else "events"
        return next((part for part, cell in parts if cell.span == ran.cell.span), event)


def noted(
    trace: StepsTrace | StepTrace | None,
    outcome: Outcome,
    value: JSON | Missing = MISSING,
    failure: tuple[str, str] | None = None,
) -> None:
    """Note what became of a step. The first outcome counts: a step around it only knows that it ended."""
    if isinstance(trace, StepTrace):
        trace.outcome = outcome if trace.outcome == "unreached" else trace.outcome
        trace.value = value
        trace.failure = failure or trace.failure


def asked(trace: StepsTrace | StepTrace | None, made: Call | Answer) -> None:
    """Note a call of a step, or the answer to it."""
    if isinstance(trace, StepTrace):
        if isinstance(made, Call):
            trace.calls.append(made)
        else:
            trace.answers.append(made)
