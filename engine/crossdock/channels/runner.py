"""Runs a conversation: request -> steps -> calls and answers -> response. It knows no network.

``ask`` says how a call is answered: by a transport, or from a file for a plan. When an element of ``each``
fails, only that element ends; when any other step fails, the steps after it do not run.

    result = run_conversation(conversation, request, ask)
    result.response, result.calls, result.warnings
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from functools import partial

from crossdock.channels.cell_runner import CellRunner
from crossdock.channels.clock import current_time
from crossdock.channels.conversation import Ask, ConversationResult, Unanswered, WaitingStep, recording
from crossdock.channels.conversation_trace import StepsTrace, noted
from crossdock.channels.failures import StepFailed, StepsStopped, adapted_failure, failures_first
from crossdock.channels.given_answers import given_for
from crossdock.channels.messages import Call, ChannelError
from crossdock.channels.parallel import in_parallel
from crossdock.channels.received import Received, received
from crossdock.channels.reports import Caller, Reporter
from crossdock.channels.step_calls import StepCalls, call_text
from crossdock.channels.step_dependencies import answers_needed, reads_answers
from crossdock.channels.step_frame import StepFrame
from crossdock.channels.steps import (
    AdaptTask,
    BlockTask,
    CallTask,
    Conversation,
    ConversationStep,
    EventTask,
    ReportTask,
    UseTask,
    ValueTask,
)
from crossdock.channels.values import Values
from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.core.records import replace
from crossdock.execution.cell_code import CellCode
from crossdock.execution.errors import EvaluationError, OutputError
from crossdock.execution.fast_path import Nothing
from crossdock.execution.scope import Scope, given_settings
from crossdock.language.expr import Expression


def run_conversation(
    conversation: Conversation,
    request: JSON | Received,
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
    taken = request if isinstance(request, Received) else received_request(conversation, request, name)
    settings = given_settings(conversation.cells, settings)
    scope = Scope(settings=settings, request=taken.value, now=now or current_time())
    run = _ConversationRun(conversation, ask, base_url)
    frame = run.started(StepFrame(taken.value, scope, name, conversation.failure, trace=trace))
    result = run.whole(taken, frame, given)
    if not result.unknown:
        result.response = run.response(frame, result)
    return result


def received_request(conversation: Conversation, request: JSON, name: str = "request") -> Received:
    """A request as its schema has it, numbers such as `1.0` as integers. Raises InputError.

    No element fails alone where no `events` could report it.
    """
    return received(request, conversation.cells.source, name, alone=conversation.events is not None)


class _ConversationRun:
    """One run of a file. All its state is in the results: elements may run at the same time.

    Shared steps have a run of their own, and a ``caller``.
    """

    def __init__(
        self,
        conversation: Conversation,
        ask: Ask,
        base_url: str,
        caller: Caller | None = None,
    ) -> None:
        self.conversation = conversation
        code = conversation.cells.once(CellCode)
        self.cells = CellRunner(conversation.cells, conversation.watch, code)
        whole = conversation if caller is None else caller.reporter.conversation
        self.reporter = Reporter(whole, base_url, self.cells, conversation.events, caller)
        self.ask = ask

    def started(self, frame: StepFrame) -> StepFrame:
        """The frame of the file's steps, with the file's values and what their events are about."""
        values = Values(self.conversation.values, self.cells, frame)
        frame = replace(frame, scope=replace(frame.scope, names=values.around))
        about = self.conversation.about
        return frame if about is None else replace(frame, about=partial(self.reporter.about, about, frame))

    def whole(self, taken: Received, frame: StepFrame, given: JSON | Missing) -> ConversationResult:
        """Run all steps for a request. The elements that it lacks are its first events."""
        begun = ConversationResult()
        for element in taken.left_out:
            self.reporter.left_out(element, frame, begun)
        return self.steps(self.conversation.steps, frame, given, begun)

    # Steps

    def steps(
        self,
        steps: tuple[ConversationStep, ...],
        around: StepFrame,
        given: JSON | Missing,
        begun: ConversationResult | None = None,
    ) -> ConversationResult:
        """Run steps in order. One that fails ends them; in a plan, one without an answer does not.

        So a plan shows all calls that do not depend on a missing answer. ``begun`` has the events before.
        """
        result = begun or ConversationResult()
        around = around.hiding(steps)
        scope, known = around.scope, 0
        for position, step in enumerate(steps):
            if known != (known := len(result.answers) + len(result.events)):
                scope = around.scope.after(result.answers, result.events)
            frame = around.for_step(step, scope, result, steps[position + 1 :])
            if needs := answers_needed(step, frame.unknown):
                self.wait(step, frame, needs, result)
                continue
            try:
                value = self.step(step, frame, result, given_for(given, step.name))
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
            raise self.reporter.failed(step, frame, failed, result) from None
        values = self.each(step, elements, frame, result, given)
        return MISSING if isinstance(step.task, EventTask | ReportTask) else values

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
        if not isinstance(quick := self.cells.values(step, elements, frame), Nothing):
            return quick
        frames = (frame.for_element(step, number, element) for number, element in enumerate(elements, 1))
        answers = (given_for(given, position) for position in range(len(elements)))
        run, done = partial(self.element, step), [ConversationResult()]
        if step.at_once > 1 and len(elements) > 1:
            done = [ConversationResult() for _ in elements]
            values = in_parallel(step.at_once, run, [*frames], [*answers], done)
        else:
            values = [run(*arguments, *done) for arguments in zip(frames, answers, strict=True)]
        for inner in done:
            result.take(inner)
        # Only now, so that a plan has the calls of every element, and not just those of the first.
        if any(inner.unknown for inner in done):
            raise Unanswered
        return [value for value in values if not isinstance(value, Missing)]

    def element(
        self, step: ConversationStep, frame: StepFrame, given: JSON | Missing, result: ConversationResult
    ) -> JSON | Missing:
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
        return value

    def once(
        self, step: ConversationStep, frame: StepFrame, result: ConversationResult, given: JSON | Missing
    ) -> JSON | Missing:
        """Run the step in one frame. Raises StepsStopped when it failed and its event is written."""
        if step.about is not None:
            frame = replace(frame, about=partial(self.reporter.about, step.about, frame))
        try:
            if not self.wanted(step, frame, result):
                noted(frame.trace, "skipped")
                return MISSING
            value = self.task(step, frame, result, given)
            if step.none is not None and (isinstance(value, Missing) or value is None):
                self.reporter.report(step.none, frame, result)
            return value
        except StepFailed as failed:
            raise self.reporter.failed(step, frame, failed, result) from None

    def task(
        self, step: ConversationStep, frame: StepFrame, result: ConversationResult, given: JSON | Missing
    ) -> JSON | Missing:
        match step.task:
            case CallTask() as task:
                base_url = self.reporter.base_url
                calls = StepCalls(self.conversation, self.cells, self.ask, base_url, frame, result)
                return calls.run(step, task, given)
            case ValueTask(cell):
                known = len(result.warnings)
                value = self.cells.value(cell, frame, result)
                self.reporter.checks(result.warnings[known:], frame, result, step.span)
                return value
            case EventTask(cell):
                event = self.cells.value(cell, frame, result)
                result.add_event(event, cell.span)
                return MISSING
            case ReportTask() as report:
                self.reporter.report(report, frame, result)
                return MISSING
            case UseTask() as use:
                return self.use(step, use, frame, result, given)
            case AdaptTask() as adapt:
                return self.adapt(adapt, frame, result, given)
            case BlockTask(steps):
                return dict(self.block(steps, frame, result, given).answers)

    def block(
        self,
        steps: tuple[ConversationStep, ...],
        frame: StepFrame,
        result: ConversationResult,
        given: JSON | Missing,
    ) -> ConversationResult:
        """Run the steps of a step. Raises StepsStopped and Unanswered as one of them does."""
        inner = self.steps(steps, frame, given)
        result.take(inner)
        if inner.stopped:
            raise StepsStopped
        if inner.unknown:
            raise Unanswered
        return inner

    def use(
        self,
        step: ConversationStep,
        task: UseTask,
        frame: StepFrame,
        result: ConversationResult,
        given: JSON | Missing,
    ) -> JSON | Missing:
        """Run shared steps, and compute their answer. One that is null counts as none."""
        given_inputs, shared = self.cells.value(task.inputs, frame, result), task.linked
        inputs = given_inputs if isinstance(given_inputs, dict) else {}
        reporter = self.reporter
        run = _ConversationRun(
            self.watched(shared),
            self.ask,
            reporter.base_url,
            Caller(reporter, frame),
        )
        there = run.started(frame.for_shared(step, inputs, shared))
        inner = run.block(shared.steps, there, result, given)
        scope = replace(there.scope, answers=inner.answers, events=(*there.scope.events, *inner.events))
        answer = run.cells.value(shared.response, replace(there, scope=scope), result)
        return MISSING if answer is None else answer

    def adapt(
        self,
        task: AdaptTask,
        frame: StepFrame,
        result: ConversationResult,
        given: JSON | Missing,
    ) -> JSON | Missing:
        """Answer another action. An error of its conversation is a failure of the step.

        Its events are in its response, and not among those of this conversation.
        """
        conversation = task.conversation
        if conversation is None:
            raise StepFailed("request", f"no channel is at hand to answer `{task.action}`")
        alone = conversation.events is not None
        taken = self.cells.request(task.request, frame, result, task.schemas()[0], alone=alone)
        conversation = self.watched(conversation)
        calls: list[Call] = []
        run = _ConversationRun(conversation, recording(self.ask, calls), self.reporter.base_url)
        there = run.started(frame.for_request(task.action, taken.value, conversation))
        try:
            inner = run.whole(taken, there, given)
            calls, events, inner.events = [], inner.events, []
            result.take(inner)
            if inner.unknown:
                raise Unanswered
            inner.events = events
            return run.response(there, inner)
        except (ChannelError, EvaluationError, OutputError) as error:
            result.calls += calls  # those before an error; else the calls have the order of the elements
            raise adapted_failure(error) from None

    def watched(self, other: Conversation) -> Conversation:
        """Another file that this one runs, watched as this one is."""
        watch = self.conversation.watch
        return other if watch is other.watch else replace(other, watch=watch)

    def wanted(self, step: ConversationStep, frame: StepFrame, result: ConversationResult) -> bool:
        if step.condition is not None and not self.cells.is_true(step.condition, frame, result):
            return False
        return step.unless is None or not self.cells.is_true(step.unless, frame, result)

    def response(self, frame: StepFrame, result: ConversationResult) -> JSON:
        """The response, made from the request with all answers and events in scope."""
        scope = replace(frame.scope, answers=result.answers, events=tuple(result.events))
        asked = self.conversation
        with failures_first(result):
            ran = self.cells.run(asked.response, replace(frame, scope=scope), asked.cells.target)
            result.warnings += ran.warnings
            return ran.value

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
            result.waiting.append(WaitingStep(step.name, call_text(step), needs))
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
