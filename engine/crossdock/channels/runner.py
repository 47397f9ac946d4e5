"""Runs a conversation: request -> steps -> calls and answers -> response. It knows no network.

``ask`` says how a call is answered: by a transport, or from a file for a plan. When an element of ``each``
fails, only that element ends; when any other step fails, the steps after it do not run.

    result = run_conversation(conversation, request, ask)
    result.response, result.calls, result.warnings
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingType
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

from crossdock.channels.cell_runner import CellRunner
from crossdock.channels.clock import current_time
from crossdock.channels.conversation import Ask, ConversationResult, Unanswered, WaitingStep
from crossdock.channels.conversation_trace import StepsTrace, noted
from crossdock.channels.failures import StepFailed, StepsStopped, as_warnings, failure_details, failure_error
from crossdock.channels.step_calls import StepCalls
from crossdock.channels.step_dependencies import answers_needed, reads_answers
from crossdock.channels.step_frame import StepFrame
from crossdock.channels.steps import BlockTask, CallTask, Conversation, ConversationStep, EventTask, ValueTask
from crossdock.channels.values import Values
from crossdock.core.errors import CrossdockError
from crossdock.core.json_types import JSON, MISSING, Missing, settled
from crossdock.execution.cell_code import CellCode
from crossdock.execution.runner import check_input
from crossdock.execution.scope import Scope, given_settings
from crossdock.language import syntax
from crossdock.language.expr import Expression
from crossdock.schema.fitting import fits


def run_conversation(
    conversation: Conversation,
    request: JSON,
    ask: Ask,
    *,
    settings: MappingType[str, JSON] | None = None,
    base_url: str = "",
    name: str = "request",
    given: JSON | Missing = MISSING,
    now: str | None = None,
    trace: StepsTrace | None = None,
) -> ConversationResult:
    """Run a conversation for a request, which messages call ``name``.

    ``settings`` override the channel's, and ``base_url`` is only shown in the events of failures. ``given``
    are answers by step, as a plan has them: ``ask`` is given the one for its call. The result has no
    response while an answer is missing. ``now`` is the time that `now()` gives, in UTC (by default the
    machine's). ``trace`` takes what the steps do.

    Raises InputError for a request that breaks its schema, ChannelError when a call failed and there is no
    failure mapping, EvaluationError and OutputError.
    """
    request = settled(request)
    source = conversation.cells.source
    if source is not None and not fits(request, source):
        check_input(request, source, name)
    settings = given_settings(conversation.cells, settings)
    scope = Scope(settings=settings, request=request, now=now or current_time())
    run = _ConversationRun(conversation, ask, base_url)
    frame = StepFrame(request, scope, name, conversation.failure, trace=trace)
    values = Values(conversation.values, run.cells, frame)
    frame = replace(frame, scope=replace(scope, names=values))
    result = run.steps(conversation.steps, frame, given)
    if not result.unknown:
        result.response = run.response(frame, result)
    return result


class _ConversationRun:
    """One run of a conversation. All its state is in the results: elements may run at the same time."""

    def __init__(self, conversation: Conversation, ask: Ask, base_url: str) -> None:
        self.conversation = conversation
        code = conversation.cells.once(CellCode)
        self.cells = CellRunner(conversation.cells, conversation.watch, code)
        self.ask = ask
        self.base_url = base_url

    # Steps

    def steps(
        self, steps: tuple[ConversationStep, ...], around: StepFrame, given: JSON | Missing
    ) -> ConversationResult:
        """Run steps in order. One that fails ends them; in a plan, one without an answer does not.

        So a plan shows all calls that do not depend on a missing answer.
        """
        result = ConversationResult()
        around = around.hiding(steps)
        for position, step in enumerate(steps):
            frame = around.for_step(step, result, steps[position + 1 :])
            if needs := answers_needed(step, frame.unknown):
                self.wait(step, frame, needs, result)
                continue
            try:
                value = self.step(step, frame, result, _given_for(given, step.name))
            except StepsStopped:
                result.stopped = True
                noted(frame.trace, "failed")
                if around.trace is not None:
                    around.trace.unreached(steps[position + 1 :])
                break
            except Unanswered:
                result.unknown.append(step.name)
                noted(frame.trace, "unanswered")
                continue
            noted(frame.trace, "ran", value)
            if not isinstance(value, Missing):
                result.answers[step.name] = value
        return result

    def step(
        self, step: ConversationStep, frame: StepFrame, result: ConversationResult, given: JSON | Missing
    ) -> JSON | Missing:
        if step.each is None:
            return self.once(step, frame, result, given)
        try:
            elements = self.elements(step.each, frame, result)
        except StepFailed as failed:
            raise self.stopped(step, frame, failed, result) from None
        return self.each(step, elements, frame, result, given)

    def elements(self, each: Expression, frame: StepFrame, result: ConversationResult) -> list[JSON]:
        elements = self.cells.evaluate(each, frame, result)
        if isinstance(elements, Missing):
            return []
        if not isinstance(elements, list):
            raise StepFailed("request", "`each` takes a list, and this is not one")
        return elements

    def each(
        self,
        step: ConversationStep,
        elements: list[JSON],
        frame: StepFrame,
        result: ConversationResult,
        given: JSON | Missing,
    ) -> JSON:
        """Run the step for every element, some at the same time; results keep the order of the elements."""
        frames = [frame.for_element(step, number, element) for number, element in enumerate(elements, 1)]
        answers = [_given_for(given, position) for position in range(len(elements))]
        run = partial(self.element, step)
        if step.at_once > 1 and len(elements) > 1:
            done = _in_parallel(step.at_once, run, frames, answers)
        else:
            done = [run(*arguments) for arguments in zip(frames, answers, strict=True)]
        values: list[JSON] = []
        for value, inner in done:
            result.take(inner)
            if not isinstance(value, Missing):
                values.append(value)
        # Only now, so that a plan has the calls of every element, and not just those of the first.
        if any(inner.unknown for _, inner in done):
            raise Unanswered
        return values

    def element(
        self, step: ConversationStep, frame: StepFrame, given: JSON | Missing
    ) -> tuple[JSON | Missing, ConversationResult]:
        result = ConversationResult()
        try:
            value = self.once(step, frame, result, given)
            noted(frame.trace, "ran", value)
        except StepsStopped:
            value = MISSING
            noted(frame.trace, "failed")
        except Unanswered:
            value = MISSING
            noted(frame.trace, "unanswered")
            result.unknown.append(step.name)
        if isinstance(step.task, BlockTask) and isinstance(value, dict):
            value = {**value, "element": frame.context}
        return value, result

    def once(
        self, step: ConversationStep, frame: StepFrame, result: ConversationResult, given: JSON | Missing
    ) -> JSON | Missing:
        """Run the step in one frame. Raises StepsStopped when it failed and its event is written."""
        if step.about is not None:
            frame = replace(frame, about=partial(self.about, step.about, frame))
        try:
            if not self.wanted(step, frame, result):
                noted(frame.trace, "skipped")
                return MISSING
            return self.task(step, frame, result, given)
        except StepFailed as failed:
            raise self.stopped(step, frame, failed, result) from None

    def task(
        self, step: ConversationStep, frame: StepFrame, result: ConversationResult, given: JSON | Missing
    ) -> JSON | Missing:
        match step.task:
            case CallTask() as task:
                calls = StepCalls(self.conversation, self.cells, self.ask, frame, result)
                return calls.run(step, task, given)
            case ValueTask(cell):
                return self.cells.value(cell, frame, result)
            case EventTask(cell):
                event = self.cells.value(cell, frame, result)
                result.events += [] if isinstance(event, Missing) else [event]
                return MISSING
            case BlockTask(steps):
                inner = self.steps(steps, frame, given)
                result.take(inner)
                if inner.stopped:
                    raise StepsStopped
                if inner.unknown:
                    raise Unanswered
                return dict(inner.answers)

    def wanted(self, step: ConversationStep, frame: StepFrame, result: ConversationResult) -> bool:
        if step.condition is not None and not self.cells.is_true(step.condition, frame, result):
            return False
        return step.unless is None or not self.cells.is_true(step.unless, frame, result)

    def response(self, frame: StepFrame, result: ConversationResult) -> JSON:
        """The response, made from the request with all answers and events in scope."""
        scope = replace(frame.scope, answers=result.answers, events=tuple(result.events))
        cells = self.conversation.cells
        ran = self.cells.run(self.conversation.response, replace(frame, scope=scope), cells.target)
        result.warnings += ran.warnings
        return ran.value

    # Failures

    def stopped(
        self, step: ConversationStep, frame: StepFrame, failed: StepFailed, result: ConversationResult
    ) -> StepsStopped:
        """Make the event of a failure, to be raised on; without a failure mapping raise it as an error.

        An error of the failure mapping is raised too: a failure must not go unreported.
        """
        noted(frame.trace, "failed", failure=(failed.kind, failed.message))
        error = failure_error(self.conversation, step, failed)
        if frame.failure is None:
            raise error
        details = failure_details(
            self.conversation.action, step, frame, failed, result, base_url=self.base_url
        )
        event = self.cells.run(frame.failure, replace(frame, context=details, name="the failure"))
        result.warnings += [*as_warnings(error), *event.warnings]
        result.events += [event.value] if event.present else []
        return StepsStopped()

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

    # Plans

    def wait(
        self,
        step: ConversationStep,
        frame: StepFrame,
        needs: tuple[str, ...],
        result: ConversationResult,
    ) -> None:
        """List a step that needs answers that are not given, unless it is already known to be skipped."""
        if not self.is_skipped(step, frame):
            result.unknown.append(step.name)
            result.waiting.append(WaitingStep(step.name, _call_text(step), needs))
            noted(frame.trace, "waiting")
            return
        noted(frame.trace, "skipped")
        if step.each is not None:
            result.answers[step.name] = []

    def is_skipped(self, step: ConversationStep, frame: StepFrame) -> bool:
        """Whether a step is skipped, for every element, whatever the missing answers are."""
        frames = [frame]
        try:
            if step.each is not None:
                if reads_answers(step.each, frame.unknown):
                    return False
                elements = self.elements(step.each, frame, ConversationResult())
                frames = [
                    frame.for_element(step, number, element) for number, element in enumerate(elements, 1)
                ]
            return all(self.is_unwanted(step, each) for each in frames)
        except StepFailed:
            return False

    def is_unwanted(self, step: ConversationStep, frame: StepFrame) -> bool:
        for expression, decides in ((step.condition, False), (step.unless, True)):
            if expression is None or reads_answers(expression, frame.unknown):
                continue
            if self.cells.is_true(expression, frame, ConversationResult()) is decides:
                return True
        return False


def _in_parallel(most: int, run: Callable[..., Any], *columns: list[Any]) -> list[Any]:
    """The results of ``run`` for the rows of some columns, in their order, ``most`` at the same time.

    After an error the calls that are running are awaited: the channel has them already, and their outcome
    would be lost. After Ctrl-C they are not; they end when their transport is closed.
    """
    pool = ThreadPoolExecutor(most)
    try:
        done = list(pool.map(run, *columns))
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown()
    return done


def _given_for(given: JSON | Missing, key: str | int) -> JSON | Missing:
    """The given answer for a step, or for an element of one."""
    if isinstance(given, dict) and isinstance(key, str):
        return given.get(key, MISSING)
    if isinstance(given, list) and isinstance(key, int) and key < len(given):
        return given[key]
    return MISSING


def _call_text(step: ConversationStep) -> str | None:
    """A step's call as the file has it."""
    return f"{step.task.method} {step.task.path.text}" if isinstance(step.task, CallTask) else None
