"""One RetailOPS action: steps -> calls -> answers -> response. Runs a conversation, and knows no network.

Whoever runs it says how a call is answered: by a transport, or from a file for a plan. An element of
``each`` that fails ends there and becomes one event; any other step that fails ends the steps around it.

    outcome = conversation.hold(request, ask)
    outcome.response, outcome.calls, outcome.warnings
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingType
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from crossdock.channels.messages import Answer, Call, NoAnswer, Texts
from crossdock.channels.step_dependencies import answers_needed, reads_answers
from crossdock.channels.step_parser import BlockAction, CallAction, EventAction, Step, ValueAction, all_steps
from crossdock.core.diagnostics import Diagnostic, shorten
from crossdock.core.errors import ChannelError, CrossdockError, OutputError
from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.core.paths import pointer
from crossdock.execution.runner import Result, check_input, run_traced
from crossdock.execution.scope import Scope
from crossdock.execution.trace import Watch
from crossdock.execution.values import is_true
from crossdock.language import syntax
from crossdock.language.expr import Constant, Expression, Text, children
from crossdock.language.syntax import LinkedMapping
from crossdock.schema.store import Schema
from crossdock.schema.validator import validate

LONGEST_TEXT: Final = 200

Ask: TypeAlias = "Callable[[Call, JSON | Missing], Answer]"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Conversation:
    """A compiled conversation.

    ``cells`` is the mapping in whose scope its cells are evaluated. ``watch`` is told what runs.
    """

    name: str
    describe: str
    cells: LinkedMapping
    steps: tuple[Step, ...]
    response: syntax.Cell
    failure: syntax.Cell | None
    answers: MappingType[str, Schema]
    findings: tuple[Diagnostic, ...] = ()
    cannot: MappingType[str, str] = field(default_factory=dict)
    watch: Watch | None = None

    def __repr__(self) -> str:
        return f"Conversation({self.name!r})"

    @property
    def action(self) -> str:
        """The action that it answers: the folder that it stands in."""
        return self.name.split("/")[-2]

    def hold(
        self,
        request: JSON,
        ask: Ask,
        *,
        settings: MappingType[str, JSON] | None = None,
        base_url: str = "",
        name: str = "request",
        given: JSON | Missing = MISSING,
    ) -> Outcome:
        """Hold the conversation. ``given`` are answers by step, which ``ask`` finds beside its call.

        Raises InputError for a request that breaks its schema, ChannelError when the channel could
        not be asked and no failure mapping takes it, EvaluationError or OutputError.
        """
        if self.cells.source is not None:
            check_input(request, self.cells.source, name)
        scope = Scope(settings={**self.cells.settings, **(settings or {})}, request=request)
        talk = _Talk(self, ask, base_url)
        where = _Where(request, scope, name, self.failure)
        outcome = talk.block(self.steps, where, given)
        if not outcome.unknown:
            outcome.response = talk.response(where, outcome)
        return outcome


@dataclass(slots=True)
class Outcome:
    """What came of some steps, or of the whole conversation.

    In a plan ``unknown`` are the steps whose answers are not given, ``waiting`` those that need one of them.
    """

    answers: dict[str, JSON] = field(default_factory=dict)
    events: list[JSON] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    waiting: list[Pending] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)
    stopped: bool = False
    response: JSON | Missing = MISSING

    def take(self, inner: Outcome) -> None:
        """Add what came of steps inside, but for their answers; a plan shows a waiting step once."""
        self.events += inner.events
        self.calls += inner.calls
        self.waiting += [step for step in inner.waiting if step not in self.waiting]
        self.warnings += inner.warnings


@dataclass(frozen=True, slots=True)
class Pending:
    """A step of a plan that waits for the answers of others. ``call``: as it stands in the file."""

    step: str
    call: str | None
    needs: tuple[str, ...]

    def as_json(self) -> dict[str, JSON]:
        call: dict[str, JSON] = {} if self.call is None else {"call": self.call}
        return {"step": self.step, **call, "for": list(self.needs)}


class Unanswered(Exception):  # noqa: N818 (a plan's way to say that it has no answer)
    """There is no answer to go on with."""


class _Failed(Exception):  # noqa: N818 (it never leaves this module)
    """A step failed. ``cause`` is the error when it was ours; who makes the call adds it and its answer."""

    def __init__(self, kind: str, message: str, cause: CrossdockError | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.cause = cause
        self.call: Call | None = None
        self.answer: Answer | None = None


class _Stopped(Exception):  # noqa: N818 (it never leaves this module)
    """The steps inside have failed, and said so."""


def _calls(step: Step) -> bool:
    """Whether a step makes calls, itself or in the steps inside it."""
    return any(isinstance(inner.action, CallAction) for inner in all_steps((step,)))


def _with_place(diagnostic: Diagnostic) -> str:
    """What is wrong, and where in the payload or in the result."""
    place = diagnostic.input.pointer if diagnostic.input is not None else diagnostic.output
    return f"{diagnostic.message}, at {place}" if place else diagnostic.message


def _nothing(_outcome: Outcome) -> dict[str, JSON]:
    return {}


@dataclass(frozen=True, slots=True)
class _Where:
    """Where a step stands: its context, what messages call that, the scope, and what the steps around give.

    ``after`` are the steps with calls that are not done when this one fails.
    """

    context: JSON
    scope: Scope
    name: str
    failure: syntax.Cell | None
    about: Callable[[Outcome], dict[str, JSON]] = _nothing
    after: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def beside(self, done: Outcome, step: Step, later: tuple[Step, ...]) -> _Where:
        """The place of a step among others: ``done`` came of those before it, ``later`` follow."""
        scope = self.scope
        unknown = (name for name in (*self.unknown, *done.unknown) if name not in done.answers)
        return replace(
            self,
            scope=replace(
                scope,
                answers={**scope.answers, **done.answers},
                events=(*scope.events, *done.events),
            ),
            failure=step.failure or self.failure,
            after=(*(other.name for other in later if _calls(other)), *self.after),
            unknown=tuple(unknown),
        )

    def inside(self, step: Step, number: int, element: JSON) -> _Where:
        """The place of an element of a step's `each`: its failure ends no other step."""
        name = f"{self.name}, element {number} of `{step.name}`"
        return replace(self, context=element, name=name, after=())


class _Talk:
    """One conversation as it is held. Its state is in the outcomes: elements may be worked on at once."""

    def __init__(self, of: Conversation, ask: Ask, base_url: str) -> None:
        self.of = of
        self.ask = ask
        self.base_url = base_url

    # Steps

    def block(self, steps: tuple[Step, ...], around: _Where, given: JSON | Missing) -> Outcome:
        """Some steps, in order. One that fails ends them; in a plan, one without an answer does not."""
        outcome = Outcome()
        for position, step in enumerate(steps):
            where = around.beside(outcome, step, steps[position + 1 :])
            if needs := answers_needed(step, where.unknown):
                self.wait(step, where, needs, outcome)
                continue
            try:
                value = self.step(step, where, outcome, _slot(given, step.name))
            except _Stopped:
                outcome.stopped = True
            except Unanswered:
                outcome.unknown.append(step.name)
                continue
            if outcome.stopped:
                break
            if not isinstance(value, Missing):
                outcome.answers[step.name] = value
        return outcome

    def step(self, step: Step, where: _Where, outcome: Outcome, given: JSON | Missing) -> JSON | Missing:
        if step.each is None:
            return self.once(step, where, outcome, given)
        try:
            elements = self.elements(step.each, where, outcome)
        except _Failed as failed:
            raise self.stopped(step, where, failed, outcome) from None
        return self.each(step, elements, where, outcome, given)

    def elements(self, each: Expression, where: _Where, outcome: Outcome) -> list[JSON]:
        elements = self.evaluate(each, where, outcome)
        if isinstance(elements, Missing):
            return []
        if not isinstance(elements, list):
            raise _Failed("request", "`each` takes a list, and this is not one")
        return elements

    def each(
        self, step: Step, elements: list[JSON], where: _Where, outcome: Outcome, given: JSON | Missing
    ) -> JSON:
        """The step for every element, some at a time; what came of them is gathered in their order."""
        places = [where.inside(step, number, element) for number, element in enumerate(elements, 1)]
        slots = [_slot(given, position) for position in range(len(elements))]
        run = partial(self.element, step)
        if step.at_once > 1 and len(elements) > 1:
            done = _at_once(step.at_once, run, places, slots)
        else:
            done = [run(place, slot) for place, slot in zip(places, slots, strict=True)]
        values: list[JSON] = []
        for value, inner in done:
            outcome.take(inner)
            if not isinstance(value, Missing):
                values.append(value)
        if any(inner.unknown for _, inner in done):
            raise Unanswered
        return values

    def element(self, step: Step, where: _Where, given: JSON | Missing) -> tuple[JSON | Missing, Outcome]:
        outcome = Outcome()
        try:
            value = self.once(step, where, outcome, given)
        except _Stopped:
            value = MISSING
        except Unanswered:
            value = MISSING
            outcome.unknown.append(step.name)
        if isinstance(step.action, BlockAction) and isinstance(value, dict):
            value = {**value, "element": where.context}
        return value, outcome

    def once(self, step: Step, where: _Where, outcome: Outcome, given: JSON | Missing) -> JSON | Missing:
        """The step in one place. Raises _Stopped when it failed and that has been said."""
        if step.about is not None:
            where = replace(where, about=partial(self.about, step.about, where))
        try:
            return self.done(step, where, outcome, given) if self.wanted(step, where, outcome) else MISSING
        except _Failed as failed:
            raise self.stopped(step, where, failed, outcome) from None

    def done(self, step: Step, where: _Where, outcome: Outcome, given: JSON | Missing) -> JSON | Missing:
        match step.action:
            case CallAction() as action:
                return self.call(step, action, where, outcome, given)
            case ValueAction(cell):
                return self.value(cell, where, outcome)
            case EventAction(cell):
                event = self.value(cell, where, outcome)
                outcome.events += [] if isinstance(event, Missing) else [event]
                return MISSING
            case BlockAction(steps):
                inner = self.block(steps, where, given)
                outcome.take(inner)
                if inner.stopped:
                    raise _Stopped
                if inner.unknown:
                    raise Unanswered
                return dict(inner.answers)

    def wanted(self, step: Step, where: _Where, outcome: Outcome) -> bool:
        if step.condition is not None and not self.holds(step.condition, where, outcome):
            return False
        return step.unless is None or not self.holds(step.unless, where, outcome)

    def holds(self, expression: Expression, where: _Where, outcome: Outcome) -> bool:
        value = self.evaluate(expression, where, outcome)
        return not isinstance(value, Missing) and is_true(value)

    # Calls

    def call(
        self, step: Step, action: CallAction, where: _Where, outcome: Outcome, given: JSON | Missing
    ) -> JSON | Missing:
        call = Call(
            step=step.name,
            method=action.method,
            path=self.path(action.path, where, outcome),
            query=self.texts("query", action.query, where, outcome),
            headers=self.texts("headers", action.headers, where, outcome),
            body=MISSING if action.body is None else self.value(action.body, where, outcome),
            form=action.form,
            repeatable=action.repeatable,
        )
        outcome.calls.append(call)
        answer: Answer | None = None
        try:
            answer = self.ask(call, given)
            return self.judged(action, answer, where, outcome)
        except NoAnswer as silence:
            failed = _Failed(silence.kind, silence.message)
        except _Failed as judged:
            failed = judged
        failed.call, failed.answer = call, answer
        raise failed

    def judged(self, action: CallAction, answer: Answer, where: _Where, outcome: Outcome) -> JSON | Missing:
        """The answer's body, when it is one: tolerated, refused, or held against its schema."""
        if self.says(action.tolerate, answer, where, outcome):
            return MISSING
        if not 200 <= answer.status < 300:
            raise _Failed("status", f"the channel answered {answer.status}")
        if self.says(action.refuse, answer, where, outcome):
            raise _Failed("refused", f"the channel refused the call ({answer.status})")
        if answer.text is not None:
            raise _Failed("answer", "the channel's answer is not JSON")
        if isinstance(answer.body, Missing):
            if action.answer is not None and answer.status != 204:
                raise _Failed("answer", "the channel's answer is empty")
            return MISSING
        if action.answer is not None:
            violations = validate(answer.body, self.of.answers[action.answer.name])
            for first in violations[:1]:
                at = f" at {pointer(*first.parts)}" if first.parts else ""
                message = f"the channel's answer breaks `{action.answer.name}`: {first.message}{at}"
                raise _Failed("answer", message)
        return answer.body

    def says(self, expression: Expression | None, answer: Answer, where: _Where, outcome: Outcome) -> bool:
        """Whether an expression holds inside ``{status, body}``; ``root()`` stays what it is around it."""
        if expression is None:
            return False
        body = None if isinstance(answer.body, Missing) else answer.body
        seen = replace(expression, node=Constant({"status": answer.status, "body": body}))
        try:
            value = self.value(
                syntax.With(seen, syntax.Evaluate(expression), expression.span), where, outcome
            )
        except _Failed as failed:
            raise _Failed("answer", failed.message, failed.cause) from None
        return not isinstance(value, Missing) and is_true(value)

    def path(self, path: Expression, where: _Where, outcome: Outcome) -> str:
        """The path: what the file says as it is, and each printed value as one encoded piece."""
        pieces: list[str] = []
        for part in children(path.node):
            if isinstance(part, Constant):
                pieces.append(str(part.value))
                continue
            piece = replace(path, node=Text((part,)))
            value = self.evaluate(piece, where, outcome)
            if isinstance(value, Missing) or value in ("", ".", ".."):
                problem = "nothing" if isinstance(value, Missing) or not value else "only dots"
                raise _Failed("request", f"the path has {problem} where it needs a value: {path.text}")
            pieces.append(quote(str(value), safe=""))
        return "".join(pieces)

    def texts(self, what: str, cell: syntax.Cell | None, where: _Where, outcome: Outcome) -> Texts:
        found = MISSING if cell is None else self.value(cell, where, outcome)
        if isinstance(found, Missing):
            return ()
        if not isinstance(found, dict):
            raise _Failed("request", f"`{what}` is not an object")
        return tuple((key, _text(what, key, value)) for key, value in found.items() if value is not None)

    # Values

    def evaluate(self, expression: Expression, where: _Where, outcome: Outcome) -> JSON | Missing:
        return self.value(syntax.Evaluate(expression), where, outcome)

    def value(self, cell: syntax.Cell, where: _Where, outcome: Outcome) -> JSON | Missing:
        try:
            result = self.run(cell, where)
        except CrossdockError as error:
            raise _Failed("request", _with_place(error.diagnostics[0]), cause=error) from None
        outcome.warnings += result.warnings
        return result.value if result.present else MISSING

    def run(self, cell: syntax.Cell, where: _Where, target: Schema | None = None) -> Result:
        """A cell, in the conversation's scope; a mapping that it names is validated on both sides."""
        used = cell.linked if isinstance(cell, syntax.Use) and not cell.beside else None
        if isinstance(used, LinkedMapping):
            result = self.run_mapping(used, where)
            if target is not None and (violations := validate(result.value, target)):
                found = [Diagnostic(each.id, each.message, cell.span, each.help) for each in violations]
                raise OutputError(found, result.value)
            return result
        return self.run_mapping(replace(self.of.cells, cell=cell, source=None, target=target), where)

    def run_mapping(self, mapping: LinkedMapping, where: _Where) -> Result:
        return run_traced(mapping, where.context, where.scope, name=where.name, watch=self.of.watch)

    def response(self, where: _Where, outcome: Outcome) -> JSON:
        scope = replace(where.scope, answers=outcome.answers, events=tuple(outcome.events))
        result = self.run(self.of.response, replace(where, scope=scope), self.of.cells.target)
        outcome.warnings += result.warnings
        return result.value

    # Failures

    def stopped(self, step: Step, where: _Where, failed: _Failed, outcome: Outcome) -> _Stopped:
        """Turn a failure into an event, to be raised on; raise it as an error when nothing takes it."""
        error = self.error(step, failed)
        if where.failure is None:
            raise error
        details = self.details(step, where, failed, outcome)
        result = self.run(where.failure, replace(where, context=details, name="the failure"))
        outcome.warnings += [*_as_warnings(error), *result.warnings]
        outcome.events += [result.value] if result.present else []
        return _Stopped()

    def details(self, step: Step, where: _Where, failed: _Failed, outcome: Outcome) -> JSON:
        """The object that a failure mapping is given: see docs/conversations.md."""
        call, answer = failed.call, failed.answer
        found: dict[str, JSON | Missing] = {
            "action": self.of.action,
            "step": step.name,
            "kind": failed.kind,
            "message": failed.message,
            "status": answer.status if answer is not None else MISSING,
            "method": call.method if call is not None else MISSING,
            "url": call.url(self.base_url) if call is not None else MISSING,
            "body": answer.body if answer is not None else MISSING,
            "text": MISSING if answer is None or answer.text is None else shorten(answer.text, LONGEST_TEXT),
            **where.about(outcome),
            "skipped": list(where.after),
        }
        return {key: value for key, value in found.items() if not isinstance(value, Missing)}

    def about(self, cell: syntax.Cell, where: _Where, outcome: Outcome) -> dict[str, JSON]:
        """What a step is about; a cell that fails must not hide the failure, so it is only warned of."""
        try:
            found = self.run(cell, where).value
        except CrossdockError as error:
            outcome.warnings += _as_warnings(error)
            return where.about(outcome)
        return (
            {key: found[key] for key in ("concept", "id") if key in found} if isinstance(found, dict) else {}
        )

    def error(self, step: Step, failed: _Failed) -> CrossdockError:
        """The failure as an error: our own fault as it is, else the channel's."""
        if failed.cause is not None:
            return failed.cause
        notes = (f"{failed.call.method} {failed.call.path}",) if failed.call is not None else ()
        message = f"the step `{step.name}` failed: {failed.message}"
        diagnostic = Diagnostic("channel-failed", message, step.span, notes=notes)
        return ChannelError([diagnostic], failed.call, failed.answer)

    # Plans

    def wait(self, step: Step, where: _Where, needs: tuple[str, ...], outcome: Outcome) -> None:
        """Note a step that needs answers which are not given, unless it is surely not done anyway."""
        if not self.is_idle(step, where):
            outcome.unknown.append(step.name)
            outcome.waiting.append(Pending(step.name, _shown(step), needs))
        elif step.each is not None:
            outcome.answers[step.name] = []

    def is_idle(self, step: Step, where: _Where) -> bool:
        """Whether what is known says already that the step is not done, for no element."""
        places = [where]
        try:
            if step.each is not None:
                if reads_answers(step.each, where.unknown):
                    return False
                elements = self.elements(step.each, where, Outcome())
                places = [where.inside(step, number, element) for number, element in enumerate(elements, 1)]
            return all(self.is_unwanted(step, place) for place in places)
        except _Failed:
            return False

    def is_unwanted(self, step: Step, where: _Where) -> bool:
        for expression, decides in ((step.condition, False), (step.unless, True)):
            known = expression is not None and not reads_answers(expression, where.unknown)
            if expression is not None and known and self.holds(expression, where, Outcome()) is decides:
                return True
        return False


def _text(what: str, key: str, value: JSON) -> str:
    """One text of a query or of headers, as it is sent."""
    if isinstance(value, dict | list):
        raise _Failed("request", f"`{key}` is not text")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if any(char in text for char in "\r\n\0"):
        odd = "NUL" if "\0" in text else "line end"
        raise _Failed("request", f"`{key}` contains a {odd}")
    if what == "headers" and not (text.isascii() and text.isprintable()):
        raise _Failed("request", f"`{key}` contains characters that no header can have")
    return text


def _as_warnings(error: CrossdockError) -> list[Diagnostic]:
    return [replace(item, severity="warning") for item in error.diagnostics]


def _at_once(most: int, run: Callable[..., Any], *columns: list[Any]) -> list[Any]:
    """What comes of each, in order. An interrupt waits for no call: it ends when its transport is closed."""
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


def _slot(given: JSON | Missing, key: str | int) -> JSON | Missing:
    """The given answer for a step, or for an element of one."""
    if isinstance(given, dict) and isinstance(key, str):
        return given.get(key, MISSING)
    if isinstance(given, list) and isinstance(key, int) and key < len(given):
        return given[key]
    return MISSING


def _shown(step: Step) -> str | None:
    """A step's call as it stands in the file."""
    return f"{step.action.method} {step.action.path.text}" if isinstance(step.action, CallAction) else None
