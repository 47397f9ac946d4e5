"""Answer a request from given answers, and explain what each step did.

    explained = explain_conversation(conversation, request, answers=..., ...)
    explained.steps[0].outcome         # "skipped", and why
    explained.steps[1].parts           # each cell that ran: its key, and how each value in it was made
    explained.response                 # where each field of the response came from

Sensitive values are hidden, as ``channels.conversation_sensitivity`` knows them.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from crossdock.channels.conversation import ConversationResult
from crossdock.channels.conversation_sensitivity import (
    ConversationSensitivity,
    masked_result,
    sensitivity_of_conversation,
)
from crossdock.channels.conversation_trace import CellTrace, Outcome, StepsTrace, StepTrace
from crossdock.channels.dry_run import dry_run
from crossdock.channels.held_calls import HeldCell
from crossdock.channels.messages import Answer, Call
from crossdock.channels.step_dependencies import answers_read
from crossdock.channels.steps import Conversation
from crossdock.checking.held import CLEAR, Held
from crossdock.checking.sensitivity import Sensitivity
from crossdock.core.diagnostics import Diagnostic, Span
from crossdock.core.errors import CrossdockError
from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.core.paths import Parts
from crossdock.execution.interpreter import execute
from crossdock.execution.trace import Origins
from crossdock.tools.explain.marked_places import MarkedPlaces, NoMarkedPlaces
from crossdock.tools.explain.paths import UnknownPathError, parts_of
from crossdock.tools.explain.run import Story, stories_of
from crossdock.tools.explain.watching import Watching

_OVER_ANSWERS: Final = ("tolerate", "refuse", "again")
_SKIPPED: Final = {"if": "`if` is not true", "unless": "`unless` is true"}


@dataclass(frozen=True, slots=True)
class ExplainedPart:
    """A cell of a step that ran: its key in the file, and how each value in it was made."""

    key: str
    span: Span
    stories: tuple[Story, ...]
    failed: bool


@dataclass(frozen=True, slots=True)
class ExplainedCall:
    """A call and its answer as they may be shown; None without an answer."""

    call: Call
    answer: Answer | None

    @property
    def status(self) -> int | None:
        """The status of the answer."""
        return None if self.answer is None else self.answer.status


@dataclass(frozen=True, slots=True)
class ExplainedStep:
    """What became of a step, or of one element of its ``each``, whose ``number`` is counted from 1.

    ``why`` is a sentence when it did not run, or failed. ``uses`` are the steps whose answers its cells read;
    `*` may be any.
    """

    name: str
    number: int | None
    span: Span
    outcome: Outcome
    why: str
    parts: tuple[ExplainedPart, ...]
    calls: tuple[ExplainedCall, ...]
    uses: tuple[str, ...]
    elements: tuple[ExplainedStep, ...]
    inside: tuple[ExplainedStep, ...]


@dataclass(frozen=True, slots=True)
class ExplainedConversation:
    """The steps of a conversation, and its response, which is empty while answers are missing.

    ``value`` is the response as it may be shown. ``problems`` are its warnings, or the errors that ended
    it; ``exit_code`` is that of the errors, or 0.
    """

    name: str
    steps: tuple[ExplainedStep, ...]
    response: tuple[Story, ...]
    problems: tuple[Diagnostic, ...]
    exit_code: int = 0
    value: JSON | Missing = MISSING


def explain_conversation(
    conversation: Conversation,
    request: JSON,
    *,
    answers: JSON,
    settings: MappingType[str, JSON],
    base: str,
    name: str,
    now: str | None = None,
    field: str | None = None,
    revealed: bool = False,
) -> ExplainedConversation:
    """Answer a request with given answers and explain each step, and the response or a field of it.

    Sensitive values are hidden unless they are ``revealed``. An error that ends the conversation is
    explained up to there. Raises InputError for a request or answers that are wrong, and UnknownPathError
    when there is nothing to tell of the field.
    """
    trace = StepsTrace()

    run = partial(dry_run, conversation, request, settings=settings, answers=answers, base=base, name=name)
    result, problems, code = _outcome(lambda: run(now=now, trace=trace), trace)
    wanted = parts_of(field) if field is not None else ()
    explained = explain_trace(
        conversation, trace, result, problems, exit_code=code, wanted=wanted, revealed=revealed
    )
    if field is not None and not explained.response:
        raise UnknownPathError(f"nothing is written to `{field}` for this request")
    return explained


def explain_trace(
    conversation: Conversation,
    trace: StepsTrace,
    result: ConversationResult,
    problems: tuple[Diagnostic, ...],
    *,
    exit_code: int = 0,
    wanted: Parts = (),
    revealed: bool = False,
) -> ExplainedConversation:
    """The steps of a run that kept a trace, and the response or what is at a place in it."""
    telling = _StepTelling(sensitivity_of_conversation(conversation), _waits(result), revealed)
    steps = tuple(telling.step(each) for each in trace.steps)
    response = telling.response(conversation, trace, wanted)
    shown = result if revealed else masked_result(conversation, result)
    return ExplainedConversation(conversation.name, steps, response, problems, exit_code, shown.response)


def _outcome(
    run: Callable[[], ConversationResult], trace: StepsTrace
) -> tuple[ConversationResult, tuple[Diagnostic, ...], int]:
    """The result of a run, its warnings or errors, and its exit code. Raises what comes before any step."""
    try:
        result = run()
    except CrossdockError as error:
        if not trace.steps:
            raise
        return ConversationResult(), tuple(error.diagnostics), error.exit_code
    return result, tuple(result.warnings), 0


def _waits(result: ConversationResult) -> dict[str, tuple[str, ...]]:
    return {step.step: step.needs for step in result.waiting}


@dataclass(slots=True)
class _HeldPlaces(MarkedPlaces):
    """The sensitive places in what one cell is given; mappings that it uses add theirs."""

    held: Held = CLEAR

    def at(self, parts: Parts) -> bool:
        return bool(self.held.at(parts).itself) or MarkedPlaces.at(self, parts)

    def below(self, parts: Parts) -> bool:
        return bool(self.held.at(parts).reveals) or MarkedPlaces.below(self, parts)

    def hides_key(self, around: Parts, key: str) -> bool:
        return self.held.at(around).hides_key(key) or MarkedPlaces.hides_key(self, around, key)


@dataclass(frozen=True, slots=True)
class _StepTelling:
    """Tells of the steps of a finished run. ``waits`` are the answers that steps wait for."""

    known: ConversationSensitivity
    waits: MappingType[str, tuple[str, ...]]
    revealed: bool

    def step(self, trace: StepTrace, number: int | None = None) -> ExplainedStep:
        read = {name for each in trace.cells for name in answers_read(each.cell)}
        answers = [*trace.answers, *[None] * (len(trace.calls) - len(trace.answers))]
        return ExplainedStep(
            name=trace.step.name,
            number=number,
            span=trace.step.span,
            outcome=trace.outcome,
            why=self.why(trace),
            parts=tuple(self.part(trace, each) for each in trace.cells),
            calls=tuple(map(self.call, trace.calls, answers)),
            uses=tuple(sorted(read)),
            elements=tuple(self.step(each, place) for place, each in enumerate(trace.elements, 1)),
            inside=tuple(map(self.step, trace.inside.steps)),
        )

    def why(self, trace: StepTrace) -> str:
        match trace.outcome:
            case "failed" if trace.failure is not None:
                return trace.failure[1]
            case "failed":
                return "a step in it failed" if trace.inside.steps else "it reports an error"
            case "skipped":
                decided = [trace.part_of(each) for each in trace.cells]
                return next((_SKIPPED[part] for part in reversed(decided) if part in _SKIPPED), "")
            case "waiting":
                return f"needs the answers of {', '.join(self.waits.get(trace.step.name, ()))}"
            case "unanswered":
                return "its answer is not given"
            case "unreached":
                return "a step before it failed"
        return ""

    def call(self, call: Call, answer: Answer | None) -> ExplainedCall:
        if self.revealed:
            return ExplainedCall(call, answer)
        shown = None if answer is None else self.known.shown_answer(call, answer)
        return ExplainedCall(self.known.shown_call(call), shown)

    def part(self, trace: StepTrace, ran: CellTrace) -> ExplainedPart:
        key, stories = trace.part_of(ran), self.stories(ran)
        if key in _OVER_ANSWERS:  # the answer is put around the condition, and is not in the file
            stories = tuple(replace(story, turns=()) for story in stories)
        return ExplainedPart(key, ran.cell.span, stories, ran.failed)

    def response(self, conversation: Conversation, trace: StepsTrace, wanted: Parts) -> tuple[Story, ...]:
        for ran in trace.cells:
            if ran.cell.span == conversation.response.span:
                return self.stories(ran, wanted)
        return ()

    def stories(self, ran: CellTrace, wanted: Parts = ()) -> tuple[Story, ...]:
        """How each value of a cell was made: it runs once more, with a watch. A cell that failed has none."""
        if ran.failed:
            return ()
        held = HeldCell(CLEAR, CLEAR) if self.revealed else self.known.of_cell(ran.cell.span)
        given: dict[str, JSON] = {
            "request": ran.scope.request,
            "answers": dict(ran.scope.answers),
            "context": ran.context,
        }
        watching = Watching(_origins(given), source=_HeldPlaces(held=held.given))
        if self.revealed:
            watching.source, watching.target = NoMarkedPlaces(), NoMarkedPlaces()
        execute(ran.mapping, ran.context, ran.scope, name=ran.name, traced=False, watch=watching)
        analysed = Sensitivity() if self.revealed else self.known.known
        known = replace(analysed, result=held.gives)
        return stories_of(ran.mapping, watching, known, ran.value, wanted, leaves=bool(wanted))


def _origins(given: dict[str, JSON]) -> Origins:
    """Where the values that a cell is given are. The context is mostly a part of the request or an answer."""
    around = Origins({key: value for key, value in given.items() if key != "context"})
    return around if around.place(given["context"]) is not None else Origins(given)
