"""Conversations as data: what ``conversation.yaml`` is parsed into, and what it is compiled to.

A step has one task: a call, a value, an event, or steps of its own. ``if``, ``unless``, ``each`` and
``failure`` say when the task runs, how often, and what becomes of its failure.

    - step: order                       ConversationStep("order", ...,
      call: GET /orders/{{ id }}            task=CallTask("GET", path, answer="shop/order", ...))
      answer: shop/order
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar, cast

from crossdock.channels.answer_classes import AnswerClasses
from crossdock.core.diagnostics import Diagnostic, Span
from crossdock.execution.trace import Watch
from crossdock.language import syntax
from crossdock.language.expr import Expression
from crossdock.language.links import Links
from crossdock.language.syntax import LinkedMapping
from crossdock.schema.store import Schema

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CallTask:
    """Make a call. The answer's body is the step's answer.

    ``path`` is a template that begins with a slash. ``query`` and ``headers`` give objects of texts.
    ``answer`` names the schema of the answer's body. ``tolerate`` and ``refuse`` are conditions over
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


@dataclass(frozen=True, slots=True)
class ValueTask:
    """Compute a value, which is the step's answer."""

    cell: syntax.Cell


@dataclass(frozen=True, slots=True)
class EventTask:
    """Add an event. The step has no answer."""

    cell: syntax.Cell


@dataclass(frozen=True, slots=True)
class BlockTask:
    """Run steps. The step's answer is the object of their answers, by their names."""

    steps: tuple[ConversationStep, ...]


Task: TypeAlias = CallTask | ValueTask | EventTask | BlockTask


@dataclass(frozen=True, slots=True)
class ConversationStep:
    """One step. ``span`` is its name in the file, ``condition`` its ``if``.

    With ``each`` the task runs for every element of a list, ``at_once`` of them at the same time; ``element``
    is the name of the element.
    ``failure`` makes an event of the step's failure, and ``about`` says what the event is about.
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


@dataclass(frozen=True, slots=True)
class ConversationFile:
    """A parsed ``conversation.yaml``."""

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


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Conversation:
    """A compiled conversation.

    ``cells`` is the mapping in whose scope its cells are evaluated, ``values`` are its named values,
    ``answers`` the schemas of the channel's answers by name, ``classes`` those of the channel, ``findings``
    the warnings of the check, ``needed`` what is not wrong about the comments that allow others, and
    ``cannot`` what the channel cannot do, each with the reason. ``watch`` is notified of every run. What
    ``once`` keeps belongs to this object.
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
    classes: AnswerClasses = field(default_factory=AnswerClasses)
    watch: Watch | None = None
    _kept: dict[object, object] = field(init=False, default_factory=dict)

    def __repr__(self) -> str:
        return f"Conversation({self.name!r})"

    def once(self, build: Callable[[Conversation], T]) -> T:
        """What ``build`` makes of this conversation, made on the first call and kept with it."""
        if build not in self._kept:
            self._kept[build] = build(self)
        return cast(T, self._kept[build])

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
        case ValueTask(cell):
            parts.append(("value", cell))
        case EventTask(cell):
            parts.append(("event", cell))
    return [
        (key, syntax.Evaluate(part) if isinstance(part, Expression) else part)
        for key, part in parts
        if part is not None
    ]


@dataclass(frozen=True, slots=True)
class StepChange:
    """A change of everything in steps that is evaluated."""

    cell: Callable[[syntax.Cell], syntax.Cell]
    expression: Callable[[Expression], Expression]

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
        )

    def optional(self, cell: syntax.Cell | None) -> syntax.Cell | None:
        return None if cell is None else self.cell(cell)

    def _expression(self, expression: Expression | None) -> Expression | None:
        return None if expression is None else self.expression(expression)

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
                )
            case ValueTask(cell):
                return ValueTask(self.cell(cell))
            case EventTask(cell):
                return EventTask(self.cell(cell))
            case BlockTask(inner):
                return BlockTask(self.steps(inner))


def linked_steps(steps: tuple[ConversationStep, ...], links: Links) -> tuple[ConversationStep, ...]:
    """Steps with every ``$use`` in their cells linked."""
    return StepChange(links.cell, lambda expression: expression).steps(steps)
