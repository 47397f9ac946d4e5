"""One version of a conversation, ready to be run over requests and the answers beside them.

What a run gives is one value, so that it is compared as the result of a mapping is:

    {"calls": {"note": [{"method": "POST", "path": "/orders/7/notes", "body": {…}}]},
     "events": {"unknown": [{…}]}, "waiting": {}, "response": {…}}

Calls and events are by the names of their steps, so that a call more is one difference. The order of the
calls of different steps is not compared.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from crossdock.channels.conversation import ConversationResult
from crossdock.channels.conversation_sensitivity import sensitivity_of_conversation
from crossdock.channels.conversation_trace import CellTrace, StepsTrace, StepTrace
from crossdock.channels.dry_run import dry_run, shown_base_url
from crossdock.channels.given_answers import placed_answers
from crossdock.channels.held_calls import ANY_CALL, HeldCall
from crossdock.channels.messages import Call, ChannelError
from crossdock.channels.steps import Conversation, EventTask, ReportTask, ValueTask, files_of
from crossdock.checking.held import CLEAR, Held, derived, joined_values, written_object
from crossdock.checking.masking import HIDDEN
from crossdock.core.errors import InputError
from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.core.paths import pointer_parts
from crossdock.execution.errors import EvaluationError, OutputError
from crossdock.execution.runner import run_traced
from crossdock.execution.trace import Parts, Step
from crossdock.project.examples import Record
from crossdock.tools.diff.rules import Explained
from crossdock.tools.diff.runs import Run

if TYPE_CHECKING:
    from crossdock.project.project import Project

_PARTS: Final = {"call": "path", "query": "query", "headers": "headers", "body": "body"}
_REPORTED: Final = ("fail", "warn", "message", "data", "none")


class ConversationVersion:
    """A conversation, ready to be run over a corpus."""

    def __init__(self, project: Project, conversation: Conversation, given: MappingType[str, str]) -> None:
        self.conversation = conversation
        self.name = conversation.name.removesuffix("/conversation")
        self._channel = project.channel_of(conversation.name)
        self._given = given

    @cached_property
    def privacy(self) -> ConversationPrivacy:
        return ConversationPrivacy(self.conversation)

    @cached_property
    def explained(self) -> Explained:
        return Explained(*(file.cells for file in files_of(self.conversation)))

    def run(self, record: Record) -> Run:
        if record.fault is not None:
            return Run(MISSING, failure=record.fault.diagnostics)
        # A setting that this version does not know yet, or no longer, is the other one's.
        given = {**record.settings, **self._given}
        known = {name: value for name, value in given.items() if name in self._channel.settings}
        settings, trace = self._channel.overridden(known), StepsTrace()
        try:
            result = dry_run(
                self.conversation,
                record.payload,
                settings=settings,
                answers=self._answers(record),
                base=shown_base_url(self._channel, settings),
                name=record.name,
                trace=trace,
            )
        except (InputError, EvaluationError, OutputError, ChannelError) as error:
            return Run(MISSING, failure=error.diagnostics)
        told = _RunTelling()
        told.whole(trace, self.conversation)
        return Run(told.value(result), told.steps, tuple(result.warnings))

    def _answers(self, record: Record) -> JSON:
        """The answers beside a request, without those of steps that only the other version has."""
        given = record.answers()
        try:
            return placed_answers(given, record.name, self.conversation)
        except InputError as error:
            for item in error.diagnostics:
                if item.id != "unknown-step" or item.input is None:
                    raise
                given = _without(given, pointer_parts(item.input.pointer))
            return placed_answers(given, record.name, self.conversation)


def _without(value: JSON, parts: Parts) -> JSON:
    """A value without what is at a place."""
    first, rest = str(parts[0]), parts[1:]
    if isinstance(value, dict):
        return {
            key: _without(item, rest) if key == first else item
            for key, item in value.items()
            if rest or key != first
        }
    if isinstance(value, list):
        return [_without(item, rest) if str(at) == first else item for at, item in enumerate(value)]
    return value


@dataclass(slots=True)
class _RunTelling:
    """What the steps of a finished run did, and the cells that made it."""

    calls: dict[str, list[JSON]] = field(default_factory=dict)
    events: dict[str, list[JSON]] = field(default_factory=dict)
    steps: dict[Parts, list[Step]] = field(default_factory=dict)

    def value(self, result: ConversationResult) -> JSON:
        waiting: dict[str, JSON] = {each.step: list[JSON](each.needs) for each in result.waiting}
        found: dict[str, JSON] = {"calls": {**self.calls}, "events": {**self.events}, "waiting": waiting}
        return found if isinstance(result.response, Missing) else {**found, "response": result.response}

    def whole(self, trace: StepsTrace, conversation: Conversation) -> None:
        for each in trace.steps:
            self.step(each)
        for ran in trace.cells:
            if ran.cell.span == conversation.response.span:
                self.cell(ran, ("response",))

    def step(self, trace: StepTrace) -> None:
        """A step, with its elements and nested steps. What decides whether it runs is what leaves it out."""
        name, step = trace.step.name, trace.step
        conditions = (each.span for each in (step.condition, step.unless, step.each) if each is not None)
        decides = next(conditions, step.span)
        for kind in ("calls", "events"):
            self.note(Step((kind, name), decides, present=trace.outcome != "skipped"))
        for each in (*trace.elements, *trace.inside.steps):
            self.step(each)
        for turn, call in enumerate(trace.calls):
            self.call(trace, call, turn)
        reports = isinstance(step.task, EventTask | ReportTask | ValueTask) or step.none is not None
        for ran in trace.cells if reports or trace.failure is not None else ():
            if trace.part_of(ran) in ("event", "events", "failure") and not isinstance(ran.value, Missing):
                self.event(trace, ran, ran.value)

    def call(self, trace: StepTrace, call: Call, turn: int) -> None:
        made = self.calls.setdefault(call.step, [])
        at: Parts = ("calls", call.step, len(made))
        shown = call.as_json()
        shown["path"] = shown.pop("url")
        made.append({key: value for key, value in shown.items() if key != "step"})
        self.note(Step(at, trace.step.span))
        for ran in trace.cells if turn == 0 else ():  # `again` changes the others
            if (part := _PARTS.get(trace.part_of(ran))) is not None:
                self.cell(ran, (*at, "form" if part == "body" and call.form else part))

    def event(self, trace: StepTrace, ran: CellTrace, value: JSON) -> None:
        made = self.events.setdefault(trace.step.name, [])
        at: Parts = ("events", trace.step.name, len(made))
        made.append(value)
        self.cell(ran, at)
        if not isinstance(value, dict):
            return
        # The mapping of events copies what the step reports, and the step is what a reader looks for.
        for reported in (each for each in trace.cells if trace.part_of(each) in _REPORTED):
            for key, inner in value.items():
                if inner is not None and inner == reported.value:
                    self.note(Step((*at, key), reported.cell.span))

    def cell(self, ran: CellTrace, at: Parts) -> None:
        """The cells that wrote a value: it is computed once more, with a trace."""
        self.note(Step(at, ran.cell.span))
        if not ran.failed:
            made = run_traced(ran.mapping, ran.context, ran.scope, name=ran.name, validate=False)
            for step in made.trace.steps:
                self.note(replace(step, output=(*at, *step.output), reads=()))

    def note(self, step: Step) -> None:
        self.steps.setdefault(step.output, []).append(step)


class ConversationPrivacy:
    """What may be shown of the runs of one conversation, as ``Privacy`` says it of a mapping."""

    def __init__(self, conversation: Conversation) -> None:
        known = sensitivity_of_conversation(conversation)
        self._calls = {name: _held_call(held) for name, held in known.calls.items()}
        self._events = known.events.element()
        self._response = known.response

    def place(self, parts: Parts) -> Parts:
        """A place, with the keys on the way masked that are sensitive."""
        return tuple(
            self._key(parts[:at], part) if isinstance(part, str) else part for at, part in enumerate(parts)
        )

    def shown(self, value: JSON | Missing, parts: Parts, _: dict[Parts, list[Step]]) -> JSON | Missing:
        """A value with all that must not be shown masked; what is absent stays so."""
        return value if isinstance(value, Missing) else self._masked(value, parts)

    def _masked(self, value: JSON, parts: Parts) -> JSON:
        match value:
            case dict():
                return {
                    self._key(parts, key): self._masked(each, (*parts, key)) for key, each in value.items()
                }
            case list():
                return [self._masked(each, (*parts, place)) for place, each in enumerate(value)]
            case None:
                return None
        return HIDDEN if self._at(parts).reveals else value

    def _key(self, around: Parts, key: str) -> str:
        return HIDDEN if self._at(around).hides_key(key) else key

    def _at(self, parts: Parts) -> Held:
        match parts:
            case ("response", *rest):
                return self._response.at(tuple(rest))
            case ("events", _, _, *rest):
                return self._events.at(tuple(rest))
            case ("calls", str(step), _, "query" as part, str(name)):  # a list's name may have brackets
                return self._call(step).member(part).member(name.partition("[")[0])
            case ("calls", str(step), _, *rest):
                return self._call(step).at(tuple(rest))
        return CLEAR

    def _call(self, step: str) -> Held:
        """What the calls of a step hold. Of one that only the other version has all is sensitive here."""
        return self._calls.get(step) or _held_call([ANY_CALL])


def _held_call(calls: list[HeldCall]) -> Held:
    """What a call may hold, by the keys that it is compared with."""
    body = joined_values(each.body for each in calls)
    return written_object(
        {
            "path": derived(held for each in calls for held in (*each.segments, each.target)),
            "query": joined_values(each.query for each in calls),
            "headers": joined_values(each.headers for each in calls),
            "body": body,
            "form": body,
        }
    )
