"""The mutants of a conversation, or of shared steps: each is the file with one change.

order                         left out
order.if                      !(contains(…)) → contains(…)
order.none                    fail → warn
package.each                  only the first
cancel.body.reason            'RETURN' → 'RETURN?'
response.events               left out
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from crossdock.channels.again import Again
from crossdock.channels.compiler import changed_conversation
from crossdock.channels.steps import (
    AdaptTask,
    BlockTask,
    CallTask,
    Conversation,
    ConversationStep,
    EventTask,
    ReportTask,
    StepChange,
    Task,
    UseTask,
    ValueTask,
    shared_steps,
)
from crossdock.core.paths import joined
from crossdock.language import syntax
from crossdock.language.expr import (
    Constant,
    Expression,
    Identity,
    IndexExpression,
    Not,
    Projection,
    Slice,
)
from crossdock.tools.coverage.rules import place_key
from crossdock.tools.mutation.mutants import CellWalk, Mutant, mutants_of_tables

if TYPE_CHECKING:
    from crossdock.language.syntax import LinkedMapping
    from crossdock.project.project import Project
    from crossdock.tools.mutation.variants import Sibling

Steps: TypeAlias = "tuple[ConversationStep, ...]"
T = TypeVar("T")


def mutants_of_conversation(
    project: Project, conversation: Conversation, sibling: Sibling
) -> Iterator[Mutant[Conversation]]:
    """Every mutant: of the values, the steps, the other cells, the fragments and the tables."""
    walk = _StepMutants(CellWalk(sibling))
    for name, value in conversation.values.items():
        for change in walk.inside(value, f"values.{name}"):
            values = {**conversation.values, name: change.changed}
            yield change.of(replace(conversation, values=values))
    first = conversation.steps[: len(conversation.steps) - len(conversation.own_steps)]
    for steps in walk.steps(conversation.own_steps, ""):
        yield steps.of(replace(conversation, steps=(*first, *steps.changed)))
    yield from walk.part(conversation, "response", required=True)
    yield from walk.part(conversation, "failure")
    yield from walk.part(conversation, "events", required=True)
    for other in walk.part(conversation, "about"):
        yield replace(other, reach=None)
    yield from _of_cells(project, conversation, walk.cells)


def _of_cells(project: Project, conversation: Conversation, walk: CellWalk) -> Iterator[Mutant[Conversation]]:
    """The mutants of the fragments, which all cells share, and of the tables."""
    cells = conversation.cells
    for name, fragment in cells.fragments.items():
        for change in walk.cell(fragment, f"fragments.{name}"):
            yield replace(change, reach=None).of(_with_fragment(conversation, name, change.changed))
    for table in mutants_of_tables(project, cells):
        yield replace(table, reach=None).of(replace(conversation, cells=table.changed))


def _with_fragment(conversation: Conversation, name: str, cell: syntax.Cell) -> Conversation:
    def change(mapping: LinkedMapping) -> LinkedMapping:
        if mapping.name != conversation.cells.name:
            return mapping
        return replace(mapping, fragments={**mapping.fragments, name: cell})

    return changed_conversation(conversation, change)


def with_file(conversation: Conversation, changed: Conversation) -> Conversation:
    """A conversation with another version of itself, or of the shared steps that it uses."""
    if conversation.name == changed.name:
        return changed
    shared = {use.name: with_file(use.linked, changed) for use in shared_steps(conversation.steps)}
    if all(use.linked is shared[use.name] for use in shared_steps(conversation.steps)):
        return conversation
    change = StepChange(lambda cell: cell, lambda expression: expression, shared)
    return replace(conversation, steps=change.steps(conversation.steps))


def _with(whole: T, **changes: object) -> T:
    """The same with other attributes."""
    changed: Any = replace(whole, **changes)  # type: ignore[type-var]
    return changed  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class _StepMutants:
    """One walk through steps, making their changes."""

    cells: CellWalk

    def steps(self, steps: Steps, around: str) -> Iterator[Mutant[Steps]]:
        for number, step in enumerate(steps):
            before, after = steps[:number], steps[number + 1 :]
            place = joined(around, step.name)
            yield Mutant(place, "left out", step.span, (*before, *after), place_key(step.span))
            for change in self.step(step, place):
                yield change.of((*before, change.changed, *after))

    def step(self, step: ConversationStep, place: str) -> Iterator[Mutant[ConversationStep]]:
        yield from self.condition(step, "condition", place, "if")
        yield from self.condition(step, "unless", place)
        if step.each is not None:
            yield from self.each(step, step.each, joined(place, "each"))
        yield from self.part(step, "about", place)
        yield from self.part(step, "failure", place)
        for change in self.task(step, step.task, place):
            yield change.of(replace(step, task=change.changed))
        if step.none is not None:
            where = joined(place, "none")
            yield Mutant(where, "left out", step.none.span, replace(step, none=None), place_key(step.span))
            for report in self.report(step.none, where):
                yield report.of(replace(step, none=report.changed))

    def each(
        self, step: ConversationStep, each: Expression, place: str
    ) -> Iterator[Mutant[ConversationStep]]:
        """No elements, only the first, and the changes of the list itself."""
        first = Projection(IndexExpression((each.node, Slice(None, 1, None))), Identity())
        for says, node in (("none", Constant([])), ("only the first", first)):
            changed = replace(step, each=replace(each, node=node))
            yield Mutant(place, says, each.span, changed, place_key(each.span))
        for change in self.inside(each, place):
            yield change.of(replace(step, each=change.changed))

    def task(self, step: ConversationStep, task: Task, place: str) -> Iterator[Mutant[Task]]:
        match task:
            case CallTask():
                yield from self.call(task, place, place_key(step.span))
            case ValueTask():
                yield from self.part(task, "cell", place, "value", required=True)
            case EventTask():
                yield from self.part(task, "cell", place, "event", required=True)
            case ReportTask():
                yield from self.report(task, place)
            case UseTask(inputs=given):
                for number, item in enumerate(given.fields):
                    for change in self.inside(item.cell, joined(joined(place, "with"), item.key)):
                        field = replace(item, cell=change.changed)
                        fields = (*given.fields[:number], field, *given.fields[number + 1 :])
                        mutant = change.of(replace(task, inputs=replace(given, fields=fields)))
                        yield replace(mutant, reach=place_key(given.span))
            case AdaptTask():
                yield from self.part(task, "request", place, "with", required=True)
            case BlockTask(steps):
                for changed in self.steps(steps, place):
                    yield changed.of(BlockTask(changed.changed))

    def call(self, task: CallTask, place: str, reach: tuple[Hashable, ...]) -> Iterator[Mutant[CallTask]]:
        where, span = joined(place, "call"), task.path.span
        method = "GET" if task.method != "GET" else "POST"
        yield Mutant(where, f"{task.method} → {method}", span, replace(task, method=method), reach)
        # A path without values runs no cell.
        for changed in self.part(task, "path", place, "call", required=True):
            yield replace(changed, reach=reach)
        for name in ("query", "headers", "body"):
            yield from self.part(task, name, place)
        if task.form:
            yield Mutant(joined(place, "form"), "left out", span, replace(task, form=False), reach)
        yield from self.condition(task, "tolerate", place)
        yield from self.condition(task, "refuse", place)
        if task.again is not None:
            where, when = joined(place, "again"), task.again.when.span
            yield Mutant(where, "left out", when, replace(task, again=None), reach)
            for change in self.again(task.again, where):
                yield change.of(replace(task, again=change.changed))

    def again(self, again: Again, place: str) -> Iterator[Mutant[Again]]:
        yield from self.condition(again, "when", place, required=True)
        for name in ("url", "path", "query", "body", "wait"):
            yield from self.part(again, name, place)

    def report(self, report: ReportTask, place: str) -> Iterator[Mutant[ReportTask]]:
        """The other level, and whether the steps go on."""
        fails, reach = report.level == "error", place_key(report.code.span)
        other = replace(report, level="warning" if fails else "error", stops=not fails)
        yield Mutant(place, f"{report.word} → {other.word}", report.span, other, reach)
        if fails:
            says = "continue left out" if not report.stops else "continue: true"
            yield Mutant(place, says, report.span, replace(report, stops=not report.stops), reach)
        yield from self.part(report, "code", place, report.word, required=True)
        yield from self.part(report, "message", place, required=True)
        yield from self.part(report, "data", place)

    def condition(
        self, whole: T, name: str, place: str, key: str = "", *, required: bool = False
    ) -> Iterator[Mutant[T]]:
        """The opposite of a condition, and its other changes."""
        condition = getattr(whole, name)
        # That of `!a` is among the changes of the expression.
        if condition is not None and not isinstance(condition.node, Not):
            opposite = replace(condition, node=Not(condition.node))
            where = joined(place, key or name)
            yield Mutant(
                where,
                "the opposite",
                condition.span,
                _with(whole, **{name: opposite}),
                place_key(condition.span),
            )
        yield from self.part(whole, name, place, key, required=required)

    def part(
        self, whole: T, name: str, place: str = "", key: str = "", *, required: bool = False
    ) -> Iterator[Mutant[T]]:
        """A cell or an expression that is an attribute of something: left out, and changed inside."""
        part = getattr(whole, name)
        if part is None:
            return
        where = joined(place, key or name)
        if not required:
            yield Mutant(where, "left out", part.span, _with(whole, **{name: None}), place_key(part.span))
        for change in self.inside(part, where):
            yield change.of(_with(whole, **{name: change.changed}))

    def inside(self, part: syntax.Cell | Expression, place: str) -> Iterator[Mutant[Any]]:
        """The changes inside a cell or an expression. An example reaches them if it runs the whole."""
        reach = place_key(part.span)
        if isinstance(part, Expression):
            for other, says, span in self.cells.expression(part):
                yield Mutant(place, says, span, other, reach)
        else:
            for change in self.cells.cell(part, place):
                yield replace(change, reach=reach)
