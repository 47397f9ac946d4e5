"""One RetailOPS action: steps -> calls -> answers -> response. Runs a conversation, and knows no network.

Whoever runs it says how a call is answered: by a transport, or from a file for a plan. An element of
``each`` that fails ends there and becomes one event; any other step that fails ends the steps around it.

    outcome = conversation.hold(request, ask)
    outcome.response, outcome.calls, outcome.warnings
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as MappingType
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, TypeAlias
from urllib.parse import quote

from crossdock import nodes
from crossdock.calls import Answer, Call, NoAnswer, Texts
from crossdock.diagnostics import Diagnostic, has_errors, pointer, shorten
from crossdock.errors import ChannelError, CrossdockError, OutputError
from crossdock.expressions import Expression, Scope, is_true, text_of
from crossdock.mapping import Mapping, Result, check_input
from crossdock.schemas import Schema
from crossdock.steps import (
    BlockAction,
    CallAction,
    EventAction,
    Step,
    ValueAction,
    all_steps,
    step_cells,
)
from crossdock.validation import validate
from crossdock.values import JSON, MISSING, Missing

LONGEST_TEXT: Final = 200

Ask: TypeAlias = "Callable[[Call, JSON | Missing], Answer]"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Conversation:
    """A compiled conversation. ``cells`` is the mapping in whose scope its cells are evaluated."""

    name: str
    describe: str
    cells: Mapping
    steps: tuple[Step, ...]
    response: nodes.Cell
    failure: nodes.Cell | None
    answers: MappingType[str, Schema]

    def __repr__(self) -> str:
        return f"Conversation({self.name!r})"

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
        talk = _Talk(self, ask, scope, base_url, name)
        outcome = talk.block(self.steps, _Where(request, scope), given)
        if not outcome.waiting:
            outcome.response = talk.response(request, replace(scope, answers=outcome.answers), outcome)
        return outcome


@dataclass(slots=True)
class Outcome:
    """What came of some steps, or of the whole conversation."""

    answers: dict[str, JSON] = field(default_factory=dict)
    events: list[JSON] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    waiting: dict[str, Pending] = field(default_factory=dict)
    warnings: list[Diagnostic] = field(default_factory=list)
    stopped: bool = False
    response: JSON | Missing = MISSING

    def take(self, inner: Outcome) -> None:
        """Add what came of steps inside, but for their answers."""
        self.events += inner.events
        self.calls += inner.calls
        self.waiting |= inner.waiting
        self.warnings += inner.warnings


@dataclass(frozen=True, slots=True)
class Pending:
    """A step of a plan that waits for the answers of others."""

    step: str
    call: str
    needs: tuple[str, ...]


class Unanswered(Exception):  # noqa: N818 (a plan's way to say that it has no answer)
    """There is no answer to go on with."""


class _Failed(Exception):  # noqa: N818 (it never leaves this module)
    """A step failed. ``details`` go to the failure mapping, ``cause`` is the error when it was ours."""

    def __init__(
        self,
        kind: str,
        message: str,
        call: Call | None = None,
        answer: Answer | None = None,
        cause: CrossdockError | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.call = call
        self.answer = answer
        self.cause = cause


class _Stopped(Exception):  # noqa: N818 (it never leaves this module)
    """The steps inside have failed, and said so."""


def _nothing() -> dict[str, JSON]:
    return {}


@dataclass(frozen=True, slots=True)
class _Where:
    """Where a step stands: its context, the scope, and what the steps around it are about."""

    context: JSON
    scope: Scope
    about: Callable[[], dict[str, JSON]] = _nothing


class _Talk:
    """One conversation as it is held."""

    def __init__(self, of: Conversation, ask: Ask, scope: Scope, base_url: str, name: str) -> None:
        self.of = of
        self.ask = ask
        self.scope = scope
        self.base_url = base_url
        self.name = name

    # Steps

    def block(self, steps: tuple[Step, ...], where: _Where, given: JSON | Missing) -> Outcome:
        """Some steps, in order. One that fails ends them; in a plan, one without an answer does not."""
        outcome = Outcome()
        for position, step in enumerate(steps):
            scope = where.scope
            answers = {**scope.answers, **outcome.answers}
            here = replace(
                where, scope=replace(scope, answers=answers, events=(*scope.events, *outcome.events))
            )
            if outcome.waiting and (needs := self.needs(step, outcome.waiting)):
                outcome.waiting[step.name] = _pending(step, needs)
                continue
            try:
                value = self.step(step, here, outcome, _slot(given, step.name))
            except _Failed as failed:
                skipped = [later.name for later in steps[position + 1 :]]
                self.fail(step, here, failed, skipped, outcome)
            except _Stopped:
                outcome.stopped = True
            except Unanswered:
                outcome.waiting[step.name] = _pending(step, ())
                continue
            if outcome.stopped:
                break
            if not isinstance(value, Missing):
                outcome.answers[step.name] = value
        return outcome

    def step(self, step: Step, where: _Where, outcome: Outcome, given: JSON | Missing) -> JSON | Missing:
        if step.each is None:
            return self.once(step, where, outcome, given)
        elements = self.evaluate(step.each, where, outcome)
        if isinstance(elements, Missing) or elements is None:
            return []
        if not isinstance(elements, list):
            raise _Failed("request", "`each` takes a list, and this is none")
        return self.each(step, elements, where, outcome, given)

    def each(
        self, step: Step, elements: list[JSON], where: _Where, outcome: Outcome, given: JSON | Missing
    ) -> JSON | Missing:
        """The step for every element, some at a time; what came of them is gathered in their order."""
        slots = [_slot(given, position) for position in range(len(elements))]
        run = partial(self.element, step, where)
        if step.at_once > 1 and len(elements) > 1:
            with ThreadPoolExecutor(step.at_once) as pool:
                done = list(pool.map(run, elements, slots))
        else:
            done = [run(element, slot) for element, slot in zip(elements, slots, strict=True)]
        values: list[JSON] = []
        for value, inner in done:
            outcome.take(inner)
            if not isinstance(value, Missing):
                values.append(value)
        if any(step.name in inner.waiting for _, inner in done):
            raise Unanswered
        return values

    def element(
        self, step: Step, where: _Where, element: JSON, given: JSON | Missing
    ) -> tuple[JSON | Missing, Outcome]:
        outcome = Outcome()
        here = replace(where, context=element)
        try:
            value = self.once(step, here, outcome, given)
            if isinstance(step.action, BlockAction) and isinstance(value, dict):
                value = {**value, "element": element}
            return value, outcome
        except _Failed as failed:
            self.fail(step, here, failed, [], outcome)
        except _Stopped:
            pass
        except Unanswered:
            outcome.waiting[step.name] = _pending(step, ())
        return MISSING, outcome

    def once(self, step: Step, where: _Where, outcome: Outcome, given: JSON | Missing) -> JSON | Missing:
        if not self.wanted(step, where, outcome):
            return MISSING
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
                about = partial(self.about, step, where)
                inner = self.block(steps, replace(where, about=about), given)
                outcome.take(inner)
                if inner.stopped:
                    raise _Stopped
                if inner.waiting:
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
            query=self.texts(action.query, where, outcome),
            headers=self.texts(action.headers, where, outcome),
            body=MISSING if action.body is None else self.value(action.body, where, outcome),
            form=action.form,
            repeatable=action.repeatable,
        )
        outcome.calls.append(call)
        try:
            answer = self.ask(call, given)
        except NoAnswer as silence:
            raise _Failed(silence.kind, silence.message, call) from None
        return self.judged(action, call, answer, where, outcome)

    def judged(
        self, action: CallAction, call: Call, answer: Answer, where: _Where, outcome: Outcome
    ) -> JSON | Missing:
        """The answer's body, when it is one: tolerated, refused, or held against its schema."""
        body = None if isinstance(answer.body, Missing) else answer.body
        about_answer = replace(where, context={"status": answer.status, "body": body})
        if action.tolerate is not None and self.holds(action.tolerate, about_answer, outcome):
            return MISSING
        if action.refuse is not None and self.holds(action.refuse, about_answer, outcome):
            raise _Failed("refused", f"the channel did not do it ({answer.status})", call, answer)
        if not 200 <= answer.status < 300:
            raise _Failed("status", f"the channel answered {answer.status}", call, answer)
        if action.answer is None:
            return answer.body
        if isinstance(answer.body, Missing):
            if answer.status == 204 and answer.text is None:
                return MISSING
            raise _Failed("answer", "the channel's answer is not JSON", call, answer)
        violations = validate(answer.body, self.of.answers[action.answer.name])
        if violations:
            first = violations[0]
            at = pointer(*first.parts)
            message = f"the channel's answer breaks `{action.answer.name}`: {first.message}"
            raise _Failed("answer", message + (f" at {at}" if at else ""), call, answer)
        return answer.body

    def path(self, path: Expression, where: _Where, outcome: Outcome) -> str:
        """The path: what the file says as it is, and each printed value as one encoded piece."""
        pieces: list[str] = []
        for child in path.tree["children"]:
            if child["type"] == "literal":
                pieces.append(str(child["value"]))
                continue
            piece = replace(path, tree=text_of(child))
            value = self.evaluate(piece, where, outcome)
            if isinstance(value, Missing) or value in ("", ".", ".."):
                problem = "nothing" if isinstance(value, Missing) or not value else "only dots"
                raise _Failed("request", f"the path has {problem} where it needs a value: {path.text}")
            pieces.append(quote(str(value), safe=""))
        return "".join(pieces)

    def texts(self, cell: nodes.Cell | None, where: _Where, outcome: Outcome) -> Texts:
        if cell is None:
            return ()
        found = self.value(cell, where, outcome)
        texts: list[tuple[str, str]] = []
        for key, value in found.items() if isinstance(found, dict) else ():
            if isinstance(value, dict | list):
                raise _Failed("request", f"`{key}` is no text")
            if value is not None:
                text = str(value).lower() if isinstance(value, bool) else str(value)
                if any(char in text for char in "\r\n\0"):
                    raise _Failed("request", f"`{key}` holds a line end")
                texts.append((key, text))
        return tuple(texts)

    # Values

    def evaluate(self, expression: Expression, where: _Where, outcome: Outcome) -> JSON | Missing:
        return self.value(nodes.Evaluate(expression), where, outcome)

    def value(self, cell: nodes.Cell, where: _Where, outcome: Outcome) -> JSON | Missing:
        try:
            result = self.run(cell, where)
        except CrossdockError as error:
            raise _Failed("request", error.diagnostics[0].message, cause=error) from None
        outcome.warnings += result.warnings
        return result.value if result.present else MISSING

    def run(self, cell: nodes.Cell, where: _Where, target: Schema | None = None) -> Result:
        """A cell, in the conversation's scope; a mapping that it names is validated on both sides."""
        if isinstance(cell, nodes.Use) and not cell.beside and cell.name in self.of.cells.used:
            mapping = self.of.cells.used[cell.name]
            result = mapping.run_within(where.context, where.scope, name=self.name)
            if target is not None and (violations := validate(result.value, target)):
                found = [Diagnostic(each.id, each.message, cell.span, each.help) for each in violations]
                raise OutputError(found, result.value)
            return result
        mapping = replace(self.of.cells, cell=cell, source=None, target=target)
        return mapping.run_within(where.context, where.scope, name=self.name)

    def response(self, request: JSON, scope: Scope, outcome: Outcome) -> JSON:
        where = _Where(request, replace(scope, events=tuple(outcome.events)))
        result = self.run(self.of.response, where, self.of.cells.target)
        outcome.warnings += result.warnings
        return result.value

    # Failures

    def fail(self, step: Step, where: _Where, failed: _Failed, skipped: list[str], outcome: Outcome) -> None:
        """Turn a failure into an event, or raise it when nothing takes it. Ends the steps around."""
        outcome.stopped = True
        failure = step.failure or self.of.failure
        if failure is None:
            raise failed.cause or self.error(step, failed)
        details = self.details(step, where, failed, skipped)
        result = self.run(failure, replace(where, context=details))
        outcome.warnings += [
            replace(item, severity="warning") for item in self.error(step, failed).diagnostics
        ]
        outcome.warnings += result.warnings
        outcome.events += [result.value] if result.present else []

    def details(self, step: Step, where: _Where, failed: _Failed, skipped: list[str]) -> JSON:
        """The object that a failure mapping is given: see docs/conversations.md."""
        call, answer = failed.call, failed.answer
        body = answer.body if answer is not None else MISSING
        found: dict[str, JSON | Missing] = {
            "step": step.name,
            "kind": failed.kind,
            "message": failed.message,
            "status": answer.status if answer is not None else MISSING,
            "method": call.method if call is not None else MISSING,
            "url": self.base_url + call.path if call is not None else MISSING,
            "body": body,
            "text": MISSING if answer is None or answer.text is None else shorten(answer.text, LONGEST_TEXT),
            **self.about(step, where),
            "skipped": list(skipped),
        }
        return {key: value for key, value in found.items() if not isinstance(value, Missing)}

    def about(self, step: Step, where: _Where) -> dict[str, JSON]:
        if step.about is None:
            return where.about()
        found = self.run(step.about, where).value
        return (
            {key: found[key] for key in ("concept", "id") if key in found} if isinstance(found, dict) else {}
        )

    def error(self, step: Step, failed: _Failed) -> CrossdockError:
        """The failure as an error: our own fault as it is, else the channel's."""
        if failed.cause is not None and has_errors(failed.cause.diagnostics):
            return failed.cause
        notes = (f"{failed.call.method} {failed.call.path}",) if failed.call is not None else ()
        message = f"the step `{step.name}` failed: {failed.message}"
        diagnostic = Diagnostic("channel-failed", message, step.span, notes=notes)
        return ChannelError([diagnostic], failed.call, failed.answer)

    # Plans

    def needs(self, step: Step, waiting: MappingType[str, Pending]) -> tuple[str, ...]:
        read = set(answers_read(step, self.of.cells))
        return tuple(name for name in waiting if name in read or "*" in read)


def _slot(given: JSON | Missing, key: str | int) -> JSON | Missing:
    """The given answer for a step, or for an element of one."""
    if isinstance(given, dict) and isinstance(key, str):
        return given.get(key, MISSING)
    if isinstance(given, list) and isinstance(key, int) and key < len(given):
        return given[key]
    return MISSING


def _pending(step: Step, needs: tuple[str, ...]) -> Pending:
    action = step.action
    shown = f"{action.method} {action.path.text}" if isinstance(action, CallAction) else ""
    return Pending(step.name, shown, needs)


def answers_read(step: Step, cells: Mapping) -> Iterator[str]:
    """The names of the answers that a step reads; ``*`` when it could be any."""
    for inner in all_steps((step,)):
        for cell in step_cells(inner):
            yield from _cell_reads(cell, cells, set())


def _cell_reads(cell: nodes.Cell, mapping: Mapping, met: set[str]) -> Iterator[str]:
    for expression in nodes.expressions(cell):
        yield from _tree_reads(expression.tree)
    for use in nodes.uses(cell):
        if use.name in mapping.fragments and use.name not in met:
            yield from _cell_reads(mapping.fragments[use.name], mapping, met | {use.name})
        elif use.name in mapping.used:
            used = mapping.used[use.name]
            yield from _cell_reads(used.cell, used, set())


def _tree_reads(tree: object) -> Iterator[str]:
    if not isinstance(tree, dict):
        return
    children = tree["children"]
    if tree["type"] == "function_expression" and tree["value"] == "answers":
        yield "*"
    if tree["type"] == "subexpression" and len(children) >= 2:
        first, second = children[0], children[1]
        if first["type"] == "subexpression":
            yield from _tree_reads(first)
        elif _is_answers(first) and second["type"] == "field":
            yield second["value"]
            for child in children[2:]:
                yield from _tree_reads(child)
            return
    for child in children:
        yield from _tree_reads(child)


def _is_answers(tree: object) -> bool:
    return isinstance(tree, dict) and tree["type"] == "function_expression" and tree["value"] == "answers"
