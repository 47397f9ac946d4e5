"""The static check of a conversation: every cell against the types of what it can read.

A step can read the request or the element of its ``each``, and the answers of the steps before it. What its
``if`` and ``unless`` show holds in its task.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace
from typing import Final

from crossdock.channels.steps import (
    BlockTask,
    CallTask,
    ConversationFile,
    ConversationStep,
    EventTask,
    ValueTask,
)
from crossdock.checking.check import CellCheck, settings_type
from crossdock.checking.facts import shown_by
from crossdock.checking.given_types import schema_type
from crossdock.checking.narrowing import Anchor, Facts, all_of, is_scope_path, narrowed
from crossdock.checking.type_scope import TypeScope
from crossdock.checking.types import ANYTHING, ListType, ObjectType, Type
from crossdock.core.diagnostics import Diagnostic
from crossdock.language import syntax
from crossdock.language.syntax import LinkedMapping
from crossdock.schema.store import Schema


def check_conversation(
    file: ConversationFile, cells: LinkedMapping, schemas: MappingType[str, Schema], *, lenient: bool
) -> list[Diagnostic]:
    """The findings of a conversation whose cells are linked, errors and warnings.

    ``cells`` are all its cells as one mapping, and ``schemas`` those of the channel's answers by name.
    """
    return _ConversationCheck(cells, schemas, lenient).conversation(file)


_ANSWER: Final = ObjectType({"status": ANYTHING, "body": ANYTHING}, "the answer")
_FAILURE_PROPERTIES: Final = (
    "step",
    "kind",
    "message",
    "status",
    "method",
    "url",
    "body",
    "text",
    "concept",
    "id",
    "skipped",
)
_FAILURE: Final = ObjectType(dict.fromkeys(_FAILURE_PROPERTIES, ANYTHING), "the failure")


@dataclass(frozen=True, slots=True)
class _StepTypes:
    """The types of what a step can read: its context, the request, and the answers so far.

    ``sometimes`` are the steps that may have no answer, and ``facts`` what conditions around have shown.
    The checks of the steps add to ``answers`` and ``sometimes``.
    """

    context: Type
    request: Type
    answers: dict[str, Type]
    sometimes: set[str]
    facts: Facts = field(default_factory=dict)

    def inside(self, context: Type) -> _StepTypes:
        """Inside an element, or a failure. Facts about ``root()`` were about another value."""
        facts = {path: fact for path, fact in self.facts.items() if path and path[0] != Anchor("root")}
        return replace(self, context=context, facts=facts)

    def nested(self) -> _StepTypes:
        """For nested steps: the steps around them do not see their answers by name."""
        return replace(self, answers=dict(self.answers), sometimes=set(self.sometimes))

    def where_it_runs(self, check: CellCheck, step: ConversationStep) -> _StepTypes:
        """Where a step's task runs: its `if` is true, and its `unless` is not. ``check`` takes the findings.

        What the conditions show of the context narrows its type; what they show of the answers, the request
        or the settings is kept as facts.
        """
        shown, context = self.facts, self.context
        for expression, truth in ((step.condition, True), (step.unless, False)):
            if expression is not None:
                check.condition(expression, context)
                facts = shown_by(expression.node, truth=truth)
                context = narrowed(
                    context, {path: fact for path, fact in facts.items() if not is_scope_path(path)}
                )
                shown = all_of(shown, {path: fact for path, fact in facts.items() if is_scope_path(path)})
                check.scope = check.scope.narrowed(facts)
        return replace(self, context=context, facts=shown)

    def scope(self, cells: LinkedMapping, *, lenient: bool) -> TypeScope:
        """The types of what expressions can read."""
        scope = TypeScope(
            root=self.context,
            settings=settings_type(cells),
            request=self.request,
            answers=ObjectType(dict(self.answers), "the answers so far"),
            tables=cells.tables,
            lenient=lenient,
        )
        return scope.narrowed(self.facts)


@dataclass(frozen=True, slots=True)
class _ConversationCheck:
    """The check of one conversation. ``schemas`` are those of the channel's answers by name."""

    cells: LinkedMapping
    schemas: MappingType[str, Schema]
    lenient: bool

    def conversation(self, file: ConversationFile) -> list[Diagnostic]:
        around = _StepTypes(schema_type(self.cells.source), schema_type(self.cells.source), {}, set())
        findings = list(self.steps(file.steps, around))
        if file.failure is not None:
            findings += self.cell(file.failure, around.inside(_FAILURE))
        findings += self.cell(file.response, around, schema_type(self.cells.target))
        return findings

    def steps(self, steps: tuple[ConversationStep, ...], around: _StepTypes) -> Iterable[Diagnostic]:
        """The findings of some steps, in order: each adds the type of its answer to ``around.answers``."""
        for step in steps:
            inside = around
            if step.each is not None:
                check = self.check(around)
                inside = around.inside(check.each(step.each, around.context, "each"))
                yield from check.findings
            if step.about is not None:
                yield from self.cell(step.about, inside)
            if step.failure is not None:
                yield from self.cell(step.failure, around.inside(_FAILURE))
            # One check for both conditions: `unless` runs only where `if` was true.
            check = self.check(inside)
            here = inside.where_it_runs(check, step)
            yield from check.findings
            answer: list[Type] = []
            yield from self.task(step, here, answer)
            sometimes = step.condition is not None or step.unless is not None
            if sometimes or (isinstance(step.task, CallTask) and step.task.tolerate is not None):
                around.sometimes.add(step.name)
            for typ in answer:
                # A list is there even when no element has an answer.
                typ = typ.with_optional(True) if sometimes and step.each is None else typ
                around.answers[step.name] = (
                    ListType(typ, name="the answers") if step.each is not None else typ
                )

    def task(self, step: ConversationStep, around: _StepTypes, answer: list[Type]) -> Iterable[Diagnostic]:
        """The findings of a step's task; ``answer`` takes the type of what it gives, if it gives anything."""
        match step.task:
            case CallTask() as call:
                yield from self.call(call, around, answer)
            case ValueTask(cell):
                check = self.check(around)
                answer.append(check.cell(cell, around.context, ANYTHING))
                yield from check.findings
            case EventTask(cell):
                yield from self.cell(cell, around)
            case BlockTask(steps):
                inner = around.nested()
                yield from self.steps(steps, inner)
                added = {
                    name: typ for name, typ in inner.answers.items() if around.answers.get(name) is not typ
                }
                element = {"element": around.context} if step.each is not None else {}
                answer.append(ObjectType({**added, **element}, f"the answers of {step.name}"))

    def call(self, call: CallTask, around: _StepTypes, answer: list[Type]) -> Iterable[Diagnostic]:
        check = self.check(around)
        check.bound(call.path, around.context, around.sometimes)
        yield from check.findings
        for cell in (call.query, call.headers, call.body):
            if cell is not None:
                yield from self.cell(cell, around)
        typ = schema_type(self.schemas.get(call.answer.name) if call.answer else None)
        answer.append(typ if call.tolerate is None else typ.with_optional(True))
        check = self.check(around)
        for expression in (call.tolerate, call.refuse):
            if expression is not None:
                check.condition(expression, _ANSWER)
        yield from check.findings

    def cell(self, cell: syntax.Cell, around: _StepTypes, target: Type = ANYTHING) -> list[Diagnostic]:
        check = self.check(around)
        check.cell(cell, around.context, target)
        return check.findings

    def check(self, around: _StepTypes) -> CellCheck:
        """A check for cells that run there."""
        return CellCheck(around.scope(self.cells, lenient=self.lenient))
