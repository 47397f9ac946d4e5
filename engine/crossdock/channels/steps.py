"""Conversations as data: what ``conversation.yaml`` is parsed into, and what it is compiled to.

A step has one task: a call, a value, an event, steps of its own, or those of another file. ``if``,
``unless``, ``each`` and ``failure`` say when the task runs, how often, and what becomes of its failure.

    - step: order                       ConversationStep("order", ...,
      call: GET /orders/{{ id }}            task=CallTask("GET", path, answer="shop/order", ...))
      answer: shop/order
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as MappingType
from dataclasses import field
from typing import Literal as OneOf
from typing import TypeAlias, TypeVar

from crossdock.channels.again import Again
from crossdock.channels.config import NO_CHANNEL, Channel
from crossdock.core.diagnostics import Diagnostic, Span
from crossdock.core.once import made_once
from crossdock.core.records import record, replace
from crossdock.execution.trace import Watch
from crossdock.language import syntax
from crossdock.language.expr import Expression
from crossdock.language.links import Links
from crossdock.language.syntax import LinkedMapping
from crossdock.schema.store import Schema

T = TypeVar("T")


@record(frozen=True, slots=True)
class CallTask:
    """Make a call. The answer's body is the step's answer.

    ``path`` is a template that begins with a slash. ``query`` and ``headers`` give objects of texts.
    ``answer`` names the schema of the answer's body. ``lists`` is how lists of the query and the form are
    written, when it is not as the channel does. ``tolerate`` and ``refuse`` are conditions over
    ``{status, headers, body}``.
    """

    method: str
    path: Expression
    query: syntax.Cell | None
    headers: syntax.Cell | None
    body: syntax.Cell | None
    form: bool
    answer: syntax.SchemaName | None
    tolerate: Expression | None
    refuse: Expression | None
    repeatable: bool
    lists: str | None = None
    again: Again | None = None


@record(frozen=True, slots=True)
class ValueTask:
    """Compute a value, which is the step's answer."""

    cell: syntax.Cell


@record(frozen=True, slots=True)
class EventTask:
    """Add an event. The step has no answer."""

    cell: syntax.Cell


@record(frozen=True, slots=True)
class ReportTask:
    """Add the event that the file's ``events`` makes: ``fail`` an error, ``warn`` a warning.

    ``code`` and ``message`` give text, and ``data`` anything. ``stops``: the steps after it do not run, as
    after a failed step. ``span`` is the word in the file.
    """

    level: OneOf["error", "warning"]
    code: Expression
    message: Expression
    data: syntax.Cell | None
    stops: bool
    span: Span

    @property
    def word(self) -> str:
        """The word in the file."""
        return "fail" if self.level == "error" else "warn"


@record(frozen=True, slots=True)
class UseTask:
    """Run the steps of another file, whose answer is the step's.

    ``inputs`` are the cells of its inputs, by name. ``shared`` is None until the compiler fills it in.
    """

    name: str
    name_span: Span
    inputs: syntax.Object
    shared: Conversation | None = None

    @property
    def linked(self) -> Conversation:
        """The shared steps of a task that has been linked."""
        assert self.shared is not None, f"`{self.name}` is not linked"
        return self.shared


@record(frozen=True, slots=True)
class AdaptTask:
    """Answer another action as the channel at hand does. The response is the step's answer.

    ``request`` makes the request for it, ``source`` and ``target`` are the schemas of request and response.
    ``conversation`` is the channel's; None where no channel is at hand yet.
    """

    action: str
    span: Span
    request: syntax.Cell
    source: Schema | None = None
    target: Schema | None = None
    conversation: Conversation | None = None

    def schemas(self) -> tuple[Schema | None, Schema | None]:
        """The schemas of the request and the response, those of the channel's conversation if it is known."""
        if self.conversation is None:
            return self.source, self.target
        cells = self.conversation.cells
        return cells.source or self.source, cells.target or self.target


@record(frozen=True, slots=True)
class BlockTask:
    """Run steps. The step's answer is the object of their answers, by their names."""

    steps: tuple[ConversationStep, ...]


Task: TypeAlias = CallTask | ValueTask | EventTask | ReportTask | UseTask | AdaptTask | BlockTask


@record(frozen=True, slots=True)
class ConversationStep:
    """One step. ``span`` is its name in the file, ``condition`` its ``if``.

    With ``each`` the task runs for every element of a list, ``at_once`` of them at the same time; ``element``
    is the name of the element. ``failure`` makes an event of the step's failure, and ``about`` says what the
    event is about. ``none`` reports that the task ran and has no answer, or null.
    """

    name: str
    condition: Expression | None
    unless: Expression | None
    each: Expression | None
    at_once: int
    about: syntax.Cell | None
    failure: syntax.Cell | None
    task: Task
    span: Span
    element: str | None = None
    none: ReportTask | None = None


@record(frozen=True, slots=True)
class Input:
    """An input of shared steps. ``span`` is its name in the file."""

    describe: str
    span: Span


@record(frozen=True, slots=True)
class ConversationFile:
    """A parsed ``conversation.yaml``, or a parsed file of shared steps: see ``Conversation``."""

    describe: str
    request: syntax.SchemaName | None
    response_schema: syntax.SchemaName | None
    cannot: dict[str, str]
    tables: dict[str, syntax.Table]
    fragments: dict[str, syntax.Fragment]
    values: dict[str, syntax.Fragment]
    steps: tuple[ConversationStep, ...]
    response: syntax.Cell
    failure: syntax.Cell | None
    events: syntax.Cell | None = None
    about: syntax.Cell | None = None
    inputs: MappingType[str, Input] | None = None
    deadline_seconds: float | None = None
    checks: Expression | None = None


@record(frozen=True, slots=True, eq=False, repr=False)
class Conversation:
    """A compiled conversation, or compiled shared steps: they alone have ``inputs``.

    ``cells`` is the mapping in whose scope its cells are evaluated, ``values`` are its named values,
    ``answers`` the schemas of the channel's answers by name, ``channel`` is the channel's file, ``errors``
    the schema of the bodies of its errors, ``findings`` the warnings of the check, ``needed`` what is not
    wrong about the comments that allow others, and ``cannot`` what the channel cannot do, with the reasons.
    ``failure`` makes events of failures, ``events`` those of ``fail`` and ``warn``; ``about`` is what they
    are about. ``checks`` is the code of the events of checks that fail in the mappings of values. The
    ``response`` of shared steps is their answer. ``watch`` is notified of every run.
    """

    name: str
    describe: str
    cells: LinkedMapping
    steps: tuple[ConversationStep, ...]
    response: syntax.Cell
    failure: syntax.Cell | None
    answers: MappingType[str, Schema]
    values: MappingType[str, syntax.Cell] = field(default_factory=dict)
    findings: tuple[Diagnostic, ...] = ()
    needed: frozenset[Diagnostic] = frozenset()
    cannot: MappingType[str, str] = field(default_factory=dict)
    channel: Channel = NO_CHANNEL
    errors: Schema | None = None
    deadline_seconds: float | None = None
    watch: Watch | None = None
    events: syntax.Cell | None = None
    about: syntax.Cell | None = None
    inputs: MappingType[str, Input] | None = None
    checks: Expression | None = None
    _kept: dict[object, object] = field(init=False, default_factory=dict)

    def __repr__(self) -> str:
        return f"Conversation({self.name!r})"

    def once(self, build: Callable[[Conversation], T]) -> T:
        """What ``build`` makes of this conversation, made on the first call and kept with it."""
        return made_once(self._kept, build, lambda: build(self))

    def checked(self, findings: Iterable[Diagnostic], needed: frozenset[Diagnostic]) -> Conversation:
        """The conversation with what its check found. It keeps what the check made ``once``."""
        made = replace(self, findings=tuple(findings), needed=needed)
        made._kept.update(self._kept)
        return made

    @property
    def own_steps(self) -> tuple[ConversationStep, ...]:
        """The steps of its own file: those of the channel's file are before them."""
        return tuple(step for step in self.steps if step.span.source.name == self.cells.text.name)

    @property
    def action(self) -> str:
        """The RetailOPS action that it answers, which is the name of its folder."""
        return self.name.split("/")[-2]


def all_steps(steps: tuple[ConversationStep, ...]) -> Iterator[ConversationStep]:
    """Every step and every nested step, in the order of the file."""
    for step in steps:
        yield step
        if isinstance(step.task, BlockTask):
            yield from all_steps(step.task.steps)


def shared_steps(steps: tuple[ConversationStep, ...]) -> Iterator[UseTask]:
    """Every use of shared steps, in the order of the file."""
    for step in all_steps(steps):
        if isinstance(step.task, UseTask):
            yield step.task


def files_of(conversation: Conversation) -> Iterator[Conversation]:
    """A conversation and the shared steps that it uses, directly or through others, each once."""
    found = {conversation.name: conversation}
    pending = [conversation]
    while pending:
        for use in shared_steps(pending.pop().steps):
            if use.linked.name not in found:
                found[use.linked.name] = use.linked
                pending.append(use.linked)
    yield from found.values()


def reports(steps: tuple[ConversationStep, ...]) -> Iterator[ReportTask]:
    """Everything that some steps report, in the order of the file."""
    for step in all_steps(steps):
        yield from (task for task in (step.task, step.none) if isinstance(task, ReportTask))


def makes_calls(step: ConversationStep) -> bool:
    """Whether a step makes calls, itself or in its nested or shared steps."""
    for inner in all_steps((step,)):
        if isinstance(inner.task, CallTask | AdaptTask):
            return True
        if isinstance(inner.task, UseTask) and any(map(makes_calls, inner.task.linked.steps)):
            return True
    return False


def step_cells(step: ConversationStep) -> list[syntax.Cell]:
    """The cells of one step without its nested steps; an expression counts as a cell."""
    return [cell for _, cell in step_parts(step)]


def step_parts(step: ConversationStep) -> list[tuple[str, syntax.Cell]]:
    """The same cells, each with its key in the file; that of a path is `call`."""
    parts: list[tuple[str, Expression | syntax.Cell | None]] = [
        ("each", step.each),
        ("if", step.condition),
        ("unless", step.unless),
        ("about", step.about),
        ("failure", step.failure),
    ]
    match step.task:
        case CallTask() as call:
            parts += [("call", call.path), ("query", call.query), ("headers", call.headers)]
            parts += [("body", call.body), ("tolerate", call.tolerate), ("refuse", call.refuse)]
            parts += [("again", cell) for cell in (call.again.cells() if call.again is not None else ())]
        case ValueTask(cell):
            parts.append(("value", cell))
        case EventTask(cell):
            parts.append(("event", cell))
        case ReportTask() as report:
            parts += [(report.word, report.code), ("message", report.message), ("data", report.data)]
        case UseTask(inputs=given) | AdaptTask(request=given):
            parts.append(("with", given))
    if step.none is not None:
        parts += [("none", part) for part in (step.none.code, step.none.message, step.none.data)]
    return [
        (key, syntax.Evaluate(part) if isinstance(part, Expression) else part)
        for key, part in parts
        if part is not None
    ]


@record(frozen=True, slots=True)
class StepChange:
    """A change of everything in steps that is evaluated, and of the shared steps that it has by name."""

    cell: Callable[[syntax.Cell], syntax.Cell]
    expression: Callable[[Expression], Expression]
    shared: MappingType[str, Conversation] = field(default_factory=dict)
    adapt: Callable[[AdaptTask], AdaptTask] = field(default=lambda task: task)

    def steps(self, steps: tuple[ConversationStep, ...]) -> tuple[ConversationStep, ...]:
        return tuple(map(self._step, steps))

    def _step(self, step: ConversationStep) -> ConversationStep:
        return replace(
            step,
            condition=self._expression(step.condition),
            unless=self._expression(step.unless),
            each=self._expression(step.each),
            about=self.optional(step.about),
            failure=self.optional(step.failure),
            task=self._task(step.task),
            none=None if step.none is None else self._report(step.none),
        )

    def optional(self, cell: syntax.Cell | None) -> syntax.Cell | None:
        return None if cell is None else self.cell(cell)

    def _expression(self, expression: Expression | None) -> Expression | None:
        return None if expression is None else self.expression(expression)

    def _report(self, report: ReportTask) -> ReportTask:
        code, message = self.expression(report.code), self.expression(report.message)
        return replace(report, code=code, message=message, data=self.optional(report.data))

    def _task(self, task: Task) -> Task:
        match task:
            case CallTask() as call:
                return replace(
                    call,
                    path=self.expression(call.path),
                    query=self.optional(call.query),
                    headers=self.optional(call.headers),
                    body=self.optional(call.body),
                    tolerate=self._expression(call.tolerate),
                    refuse=self._expression(call.refuse),
                    again=None if call.again is None else call.again.changed(self.cell, self.expression),
                )
            case ValueTask(cell):
                return ValueTask(self.cell(cell))
            case EventTask(cell):
                return EventTask(self.cell(cell))
            case ReportTask() as report:
                return self._report(report)
            case UseTask(name, inputs=inputs):
                fields = tuple(replace(item, cell=self.cell(item.cell)) for item in inputs.fields)
                shared = self.shared.get(name, task.shared)
                return replace(task, inputs=replace(inputs, fields=fields), shared=shared)
            case AdaptTask() as task:
                return self.adapt(replace(task, request=self.cell(task.request)))
            case BlockTask(inner):
                return BlockTask(self.steps(inner))


def linked_steps(
    steps: tuple[ConversationStep, ...], links: Links, shared: MappingType[str, Conversation]
) -> tuple[ConversationStep, ...]:
    """Steps with every ``$use`` in their cells linked, and every ``use`` that ``shared`` has by its name."""
    return StepChange(links.cell, lambda expression: expression, shared).steps(steps)
