"""What is sensitive in a conversation: what its calls send, what its steps and events hold, its response.

The same analysis as that of a mapping (``checking.sensitivity``), walked through the steps. The request and
the answers of the channel are marked by their schemas; what they flow into is marked, through values, bodies,
events, failure mappings and the mappings that are used.

    known = sensitivity_of_conversation(conversation)
    known.shown_call(call)           # the call with what is sensitive in it masked, for a plan or a log
    known.shown_answer(call, answer)
    masked(response, known.response)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from crossdock.channels.again import Again
from crossdock.channels.conversation import ConversationResult
from crossdock.channels.followed import EVERYTHING, Followed, followed_for_uses
from crossdock.channels.held_calls import (
    ANY_CALL,
    ANY_CELL,
    HeldCall,
    HeldCell,
    fits,
    shown_path,
    shown_texts,
)
from crossdock.channels.messages import Answer, Call
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
from crossdock.checking.held import (
    CLEAR,
    Held,
    derived,
    described,
    joined_values,
    list_of,
    map_of,
    written_object,
)
from crossdock.checking.held_scope import HeldScope
from crossdock.checking.masking import HIDDEN, masked
from crossdock.checking.sensitivity import HeldByExpressions, Sensitivity, held_by_cell
from crossdock.core.diagnostics import Span
from crossdock.core.json_types import Missing
from crossdock.core.records import record, replace
from crossdock.language import syntax
from crossdock.language.expr import Constant, Expression, children
from crossdock.language.syntax import LinkedMapping
from crossdock.schema.marks import marks_of
from crossdock.schema.store import Schema


@dataclass(slots=True)
class ConversationSensitivity:
    """What may be sensitive in a conversation.

    ``known`` has the parts of its expressions, and those of the mappings that it uses. ``calls`` are by the
    names of their steps; two steps inside others can have one name. ``made`` are the events by what makes
    them: an event of a failure by its step, any other by its cell or its report.
    """

    known: Sensitivity = field(default_factory=Sensitivity)
    request: Held = CLEAR
    response: Held = CLEAR
    events: Held = CLEAR
    calls: dict[str, list[HeldCall]] = field(default_factory=dict)
    made: dict[Span, Held] = field(default_factory=dict)
    followed: Followed = EVERYTHING
    _cells: dict[Span, list[HeldCell]] = field(default_factory=dict)

    def note(self, cell: Span, given: Held, gives: Held) -> None:
        """Note what a cell is given and gives; that of shared steps runs in several places."""
        self._cells.setdefault(cell, []).append(HeldCell(given, gives))

    def of_cell(self, cell: Span) -> HeldCell:
        """What a cell at a place in a file is given and gives. Of an unknown cell all is sensitive."""
        found = self._cells.get(cell, [ANY_CELL])
        given, gives = (each.given for each in found), (each.gives for each in found)
        return HeldCell(joined_values(given), joined_values(gives))

    def shown_call(self, call: Call) -> Call:
        """A call with what is sensitive in it masked. Of an unknown step all values are."""
        held = self.calls.get(call.step, [ANY_CALL])
        body = call.body
        if not isinstance(body, Missing):
            body = masked(body, joined_values(each.body for each in held))
        return replace(
            call,
            path=shown_path(call.path, held),
            query=shown_texts(call.query, joined_values(each.query for each in held)),
            headers=shown_texts(call.headers, joined_values(each.headers for each in held)),
            body=body,
            target=f"/{HIDDEN}" if call.target and any(each.target.reveals for each in held) else call.target,
        )

    def shown_answer(self, call: Call, answer: Answer) -> Answer:
        """The answer to a call with what is sensitive in it masked.

        A text that is not JSON is masked where the answer may hold anything sensitive.
        """
        calls = self.calls.get(call.step, [ANY_CALL])
        held = joined_values(each.answer if fits(answer) else each.any_answer for each in calls)
        body = answer.body if isinstance(answer.body, Missing) else masked(answer.body, held)
        text = HIDDEN if answer.text is not None and held.reveals else answer.text
        repeated = any(each.sent.reveals for each in calls)
        headers = dict.fromkeys(answer.headers, HIDDEN) if repeated else answer.headers
        return replace(answer, body=body, text=text, headers=headers)


def sensitivity_of_conversation(conversation: Conversation) -> ConversationSensitivity:
    """What may be sensitive in a conversation, found once and kept with it."""
    return conversation.once(_analysed)


def held_by_uses(conversation: Conversation) -> Sensitivity:
    """What may be sensitive in the mappings that a conversation uses. Nothing else is followed."""
    return _analysed(conversation, followed_for_uses(conversation)).known


def _analysed(conversation: Conversation, followed: Followed = EVERYTHING) -> ConversationSensitivity:
    found = ConversationSensitivity(request=_by_schema(conversation.cells.source), followed=followed)
    walk = _StepWalk(conversation.cells, conversation.answers, found)
    around = _Around(found.request, found.request, {}, [])
    around, made = walk.file(conversation, around)
    found.events = list_of(joined_values(around.events))
    found.response = joined_values((made, _by_schema(conversation.cells.target)))
    return found


def _by_schema(schema: Schema | None) -> Held:
    return CLEAR if schema is None else described(marks_of(schema))


def masked_result(conversation: Conversation, result: ConversationResult) -> ConversationResult:
    """A result with what is sensitive masked in its calls and its response, for a plan."""
    known = sensitivity_of_conversation(conversation)
    response = result.response
    if not isinstance(response, Missing):
        events = {
            event: known.made[origin] for event, origin in result.origins.items() if origin in known.made
        }
        response = masked(response, known.response, events)
    return replace(result, calls=list(map(known.shown_call, result.calls)), response=response)


@record(frozen=True, slots=True)
class _Around:
    """What a step can read, and what makes events of its failure and of what it reports.

    The steps add to ``answers`` and ``events``. ``checks``: one that fails becomes an event too.
    """

    context: Held
    request: Held
    answers: dict[str, Held]
    events: list[Held]
    failure: _EventMaker | None = None
    reports: _EventMaker | None = None
    about: Held = CLEAR
    names: Mapping[str, Held] = field(default_factory=dict)
    checks: bool = False

    def naming(self, name: str | None, held: Held) -> _Around:
        """Where a value has a name."""
        return self if name is None else replace(self, names={**self.names, name: held})

    def nested(self) -> _Around:
        """For nested steps, whose answers the steps around them do not see by name."""
        return replace(self, answers=dict(self.answers))

    def given(self) -> Held:
        """What a cell is given, in one object."""
        answers = written_object(dict(self.answers))
        return written_object({"request": self.request, "answers": answers, "context": self.context})

    def scope(self) -> HeldScope:
        answers = written_object(dict(self.answers))
        return HeldScope(self.request, answers, tuple(self.events), self.names)


@record(frozen=True, slots=True)
class _EventMaker:
    """A cell that makes events, in its own file.

    Shared steps may take that of the step that uses them, which then runs ``around`` that step.
    """

    walk: _StepWalk
    cell: syntax.Cell
    around: _Around | None = None

    def within(self, around: _Around) -> _EventMaker:
        return self if self.around is not None else replace(self, around=around)


@record(frozen=True, slots=True)
class _StepWalk:
    """The steps of one file, in order."""

    cells: LinkedMapping
    schemas: Mapping[str, Schema]
    found: ConversationSensitivity

    def cell(self, cell: syntax.Cell | None, around: _Around) -> Held:
        if cell is None:
            return CLEAR
        held = held_by_cell(self.found.known, self.cells, cell, around.context, around.scope())
        self.found.note(cell.span, around.given(), held)
        return held

    def value(self, expression: Expression | None, around: _Around) -> Held:
        return self.cell(None if expression is None else syntax.Evaluate(expression), around)

    def maker(self, cell: syntax.Cell | None) -> _EventMaker | None:
        return None if cell is None else _EventMaker(self, cell)

    def file(self, file: Conversation, around: _Around) -> tuple[_Around, Held]:
        """A whole file: what its steps have left around it, and its response."""
        for name, cell in file.values.items():
            around = around.naming(name, self.cell(cell, around))
        failure = self.maker(file.failure) or around.failure
        around = replace(around, failure=failure, reports=self.maker(file.events) or around.reports)
        around = replace(around, checks=file.checks is not None or around.checks)
        if file.about is not None:
            around = replace(around, about=self.cell(file.about, around))
        if file.events is not None:  # elements of the request that are left out: see ``received``
            self.event(around.reports, CLEAR, around, file.events.span)
        self.steps(file.steps, around)
        skipped = self.found.followed.skips(file.response) and file.inputs is None
        return around, CLEAR if skipped else self.cell(file.response, around)

    def steps(self, steps: Iterable[ConversationStep], around: _Around) -> None:
        for step in steps:
            inside = replace(around, failure=self.maker(step.failure) or around.failure)
            if step.each is not None:
                element = self.value(step.each, around).element()
                inside = replace(inside, context=element).naming(step.element, element)
            if not self.found.followed.only_uses:  # what decides makes nothing sensitive
                for condition in (step.condition, step.unless):
                    self.value(condition, inside)
            if step.about is not None:
                inside = replace(inside, about=self.cell(step.about, inside))
            answer = self.task(step, inside)
            if step.none is not None:
                self.report(step.none, inside)
            around.answers[step.name] = list_of(answer) if step.each is not None else answer

    def task(self, step: ConversationStep, around: _Around) -> Held:
        """What the answer of a step may hold, of one element if it has an `each`."""
        match step.task:
            case CallTask() as call:
                return self.call(step, call, around)
            case ValueTask(cell):
                answer = self.cell(cell, around)
                if around.checks:  # whose messages show nothing sensitive, or are reported
                    self.report_of({}, around, step.span)
            case EventTask(cell):
                self.made(cell.span, self.cell(cell, around), around)
                answer = CLEAR
            case ReportTask() as report:
                self.report(report, around)
                answer = CLEAR
            case UseTask() as use:
                answer = self.shared(use, around)
            case AdaptTask() as adapt:
                answer = self.adapted(adapt, around)
            case BlockTask(steps):
                inner = around.nested()
                self.steps(steps, inner)
                element = {"element": around.context} if step.each is not None else {}
                answer = written_object({**inner.answers, **element})
        self.failed(step, around, None)
        return answer

    def shared(self, use: UseTask, around: _Around) -> Held:
        """What the answer of shared steps may hold, with what they are given here."""
        file = use.linked
        given = self.cell(use.inputs, around)
        names = {name: given.member(name) for name in file.inputs or {}}
        failure = around.failure.within(around) if around.failure is not None else None
        reports = around.reports.within(around) if around.reports is not None else None
        there = _Around(given, CLEAR, {}, around.events, failure, reports, around.about, names, around.checks)
        return _StepWalk(file.cells, file.answers, self.found).file(file, there)[1]

    def adapted(self, task: AdaptTask, around: _Around) -> Held:
        """What the response to another action may hold, with the request that is made here."""
        source, target = task.schemas()
        request = joined_values((self.cell(task.request, around), _by_schema(source)))
        file = task.conversation
        if file is None:
            return joined_values((derived([request]), _by_schema(target)))
        walk = _StepWalk(file.cells, file.answers, self.found)
        made = walk.file(file, _Around(request, request, {}, []))[1]
        return joined_values((made, _by_schema(target)))

    def report(self, report: ReportTask, around: _Around) -> None:
        """The event of what a step reports. Its mapping is given what the step is about and says."""
        details = {
            "code": self.value(report.code, around),
            "message": self.value(report.message, around),
            "data": self.cell(report.data, around),
        }
        self.report_of(details, around, report.span)

    def report_of(self, details: Mapping[str, Held], around: _Around, origin: Span) -> None:
        about = {key: around.about.member(key) for key in ("concept", "id")}
        self.event(around.reports, written_object({**details, **about}), around, origin)

    def event(self, maker: _EventMaker | None, context: Held, around: _Around, origin: Span) -> None:
        if maker is not None and not self.found.followed.skips_event(maker.cell):
            place = maker.around or around
            self.made(origin, maker.walk.cell(maker.cell, replace(place, context=context)), around)

    def made(self, origin: Span, event: Held, around: _Around) -> None:
        around.events.append(event)
        self.found.made[origin] = joined_values((self.found.made.get(origin, CLEAR), event))

    def call(self, step: ConversationStep, call: CallTask, around: _Around) -> Held:
        schema = self.schemas.get(call.answer.name) if call.answer is not None else None
        made = HeldCall(
            self.segments(call.path, around),
            self.cell(call.query, around),
            self.cell(call.headers, around),
            self.cell(call.body, around),
            _by_schema(schema),
        )
        if schema is None:
            made = replace(made, answer=made.any_answer)
        self.found.calls.setdefault(step.name, []).append(made)
        whole = written_object({"body": made.any_answer, "headers": map_of(made.sent)})
        for condition in (call.tolerate, call.refuse):
            if condition is not None:
                expressions = HeldByExpressions(self.found.known, around.context, around.scope())
                self.found.note(condition.span, around.given(), expressions.value(condition.node, whole))
        self.failed(step, around, made)
        if call.again is None:
            return made.answer
        self.again(step, call.again, made, whole, around)
        return list_of(made.answer)

    def again(
        self, step: ConversationStep, again: Again, made: HeldCall, seen: Held, around: _Around
    ) -> None:
        """The calls after the first: what changes in them may come from any answer before."""

        inside = replace(around, context=seen)

        def value(cell: syntax.Cell | None) -> Held:
            if cell is None:
                return CLEAR
            scope = around.scope()
            held = held_by_cell(self.found.known, self.cells, cell, seen, scope, root=around.context)
            self.found.note(cell.span, inside.given(), held)
            return held

        for expression in (again.when, *([] if again.path is None else [again.path])):
            value(syntax.Evaluate(expression))
        value(again.wait)
        following = replace(
            made,
            segments=made.segments if again.path is None else self.segments(again.path, inside),
            query=joined_values((made.query, value(again.query))),
            body=joined_values((made.body, value(again.body))),
            target=CLEAR if again.url is None else value(syntax.Evaluate(again.url)),
        )
        self.found.calls[step.name].append(following)
        self.failed(step, around, following)

    def segments(self, path: Expression, around: _Around) -> tuple[Held, ...]:
        segments: list[list[Held]] = [[]]
        for part in children(path.node):
            if isinstance(part, Constant):
                segments += [[] for _ in range(str(part.value).count("/"))]
            else:
                segments[-1].append(self.value(replace(path, node=part), around))
        return tuple(derived(each) for each in segments)

    def failed(self, step: ConversationStep, around: _Around, call: HeldCall | None) -> None:
        """The event of a failure. Its mapping is given the call, the answer, and what the step is about."""
        if around.failure is None or self.found.followed.skips_event(around.failure.cell):
            return
        details = {"concept": around.about.member("concept"), "id": around.about.member("id")}
        if call is not None:
            answer = call.any_answer
            details |= {"url": call.url, "body": answer, "text": derived([answer])}
        self.event(around.failure, written_object(details), around, step.span)
