"""The static check of a conversation: every cell against the types of what it can read.

A step can read the request or the element of its ``each``, and the answers of the steps before it. What its
``if`` and ``unless`` show holds in its task.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace
from typing import Final

from crossdock.channels.answer_classes import AnswerClasses, cased_headers
from crossdock.channels.steps import (
    BlockTask,
    CallTask,
    ConversationFile,
    ConversationStep,
    EventTask,
    ValueTask,
    all_steps,
)
from crossdock.checking.check import CellCheck, settings_type
from crossdock.checking.facts import shown_by
from crossdock.checking.given_types import schema_type
from crossdock.checking.narrowing import Anchor, Facts, all_of, is_scope_path, narrowed
from crossdock.checking.sink import SILENT, Recording
from crossdock.checking.type_scope import BoundValue, TypeScope
from crossdock.checking.types import ANYTHING, TEXT, ListType, ObjectType, ScalarType, Type, union
from crossdock.core.diagnostics import Diagnostic
from crossdock.language import syntax
from crossdock.language.syntax import LinkedMapping
from crossdock.schema.store import Schema


def check_conversation(
    file: ConversationFile,
    cells: LinkedMapping,
    schemas: MappingType[str, Schema],
    classes: AnswerClasses,
    *,
    lenient: bool,
) -> list[Diagnostic]:
    """The findings of a conversation whose cells are linked, errors and warnings.

    ``cells`` are all its cells as one mapping, and ``schemas`` those of the channel's answers by name.
    """
    failures = [schema_type(used.source) for used in _failure_mappings(file)]
    return _ConversationCheck(cells, schemas, classes, lenient, failures).conversation(file)


def _failure_mappings(file: ConversationFile) -> Iterable[LinkedMapping]:
    """The mappings that make events of failures; their source schemas say what an error's body may be."""
    cells = [file.failure, *(step.failure for step in all_steps(file.steps))]
    for cell in cells:
        for use in syntax.uses(cell) if cell is not None else ():
            if isinstance(use.definition, LinkedMapping) and use.definition.source is not None:
                yield use.definition


def _either(left: MappingType[str, Type], right: MappingType[str, Type]) -> dict[str, Type]:
    """The types of answers that are those of one of two steps."""
    return {
        **left,
        **{name: union([typ, left[name]]) if name in left else typ for name, typ in right.items()},
    }


def _of_element(facts: Facts, name: str | None) -> Facts:
    """What is shown of the context and of its name, about both."""
    if name is None:
        return facts
    named = {(Anchor(f"${name}"), *path): fact for path, fact in facts.items() if not is_scope_path(path)}
    own = {path[1:]: fact for path, fact in facts.items() if path and path[0] == Anchor(f"${name}")}
    return all_of(facts, all_of(named, own))


_STATUS: Final = ScalarType(frozenset({"integer"}))
_SOME_TEXT: Final = TEXT.with_optional(True)
_KINDS: Final = ("status", "unreachable", "timeout", "answer", "refused", "request")
_FAILURE: Final = ObjectType(
    {
        "action": TEXT,
        "step": TEXT,
        "kind": ScalarType(frozenset({"string"}), constants=_KINDS),
        "message": TEXT,
        "status": _STATUS.with_optional(True),
        "method": _SOME_TEXT,
        "url": _SOME_TEXT,
        "body": ANYTHING,
        "text": _SOME_TEXT,
        "concept": ANYTHING,
        "id": ANYTHING,
        "skipped": ListType(TEXT),
    },
    "the failure",
)
"""What a failure mapping is given, see ``channels.failures``: an event says of what the step is about."""


@dataclass(frozen=True, slots=True)
class _StepTypes:
    """The types of what a step can read: its context, the request, and the answers so far.

    ``sometimes`` are the steps that may have no answer, and ``facts`` what conditions around have shown.
    ``within`` are the answers of nested steps, which only a failure mapping reads beside those around them.
    ``made`` are the events. The checks of the steps add to all of them but ``facts``.
    """

    context: Type
    request: Type
    answers: dict[str, Type]
    sometimes: set[str]
    within: dict[str, Type] = field(default_factory=dict)
    made: list[Type] = field(default_factory=list)
    facts: Facts = field(default_factory=dict)
    variables: MappingType[str, BoundValue] = field(default_factory=dict)

    def inside(self, context: Type) -> _StepTypes:
        """Inside an element, or a failure. Facts about ``root()`` were about another value."""
        facts = {path: fact for path, fact in self.facts.items() if path and path[0] != Anchor("root")}
        return replace(self, context=context, facts=facts)

    def failing(self, inner: MappingType[str, Type]) -> _StepTypes:
        """Where a step has failed, or one of its nested steps, whose answers so far are among ``inner``."""
        there = self.inside(_FAILURE)
        return replace(
            there, answers={**{name: typ.with_optional(True) for name, typ in inner.items()}, **self.answers}
        )

    def nested(self, steps: tuple[ConversationStep, ...]) -> _StepTypes:
        """For nested steps: the steps around them do not see their answers by name, and theirs come first."""
        names = {step.name for step in steps}
        answers = {name: typ for name, typ in self.answers.items() if name not in names}
        facts = {
            path: fact
            for path, fact in self.facts.items()
            if path[0] != Anchor("answers") or (len(path) > 1 and path[1] not in names)
        }
        return replace(self, answers=answers, sometimes=self.sometimes - names, facts=facts)

    def naming(self, name: str | None, typ: Type) -> _StepTypes:
        """Where a value has a name."""
        if name is None:
            return self
        facts = {path: fact for path, fact in self.facts.items() if path[0] != Anchor(f"${name}")}
        bound = BoundValue(typ, Recording(SILENT))
        return replace(self, variables={**self.variables, name: bound}, facts=facts)

    def where_it_runs(self, check: CellCheck, step: ConversationStep) -> _StepTypes:
        """Where a step's task runs: its `if` is true, and its `unless` is not. ``check`` takes the findings.

        What the conditions show of the context narrows its type; what they show of the answers, the request
        or the settings is kept as facts.
        """
        shown, context = self.facts, self.context
        for expression, truth in ((step.condition, True), (step.unless, False)):
            if expression is not None:
                check.condition(expression, context)
                facts = _of_element(shown_by(expression.node, truth=truth), step.element)
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
            variables=self.variables,
            has_clock=True,
        )
        return scope.narrowed(self.facts)


@dataclass(frozen=True, slots=True)
class _ConversationCheck:
    """The check of one conversation. ``schemas`` are those of the channel's answers by name.

    ``classes`` are the channel's, and ``failures`` the sources of its failure mappings.
    """

    cells: LinkedMapping
    schemas: MappingType[str, Schema]
    classes: AnswerClasses
    lenient: bool
    failures: list[Type]

    def conversation(self, file: ConversationFile) -> list[Diagnostic]:
        source = schema_type(self.cells.source)
        around = _StepTypes(source, source, {}, set())
        findings: list[Diagnostic] = []
        for value in file.values.values():
            check = self.check(around)
            around = around.naming(value.name, check.cell(value.cell, source, ANYTHING))
            findings += check.findings
        findings += self.steps(file.steps, around)
        if file.failure is not None:
            nothing = replace(around, answers={}, sometimes=set())
            findings += self.event(file.failure, nothing.failing(_either(around.within, around.answers)))
        check = self.check(around)
        check.scope = replace(check.scope, events=ListType(union(around.made) if around.made else ANYTHING))
        check.cell(file.response, around.context, schema_type(self.cells.target))
        findings += check.findings
        return findings

    def steps(self, steps: tuple[ConversationStep, ...], around: _StepTypes) -> Iterable[Diagnostic]:
        """The findings of some steps, in order: each adds the type of its answer to ``around.answers``."""
        for step in steps:
            inside = around
            if step.each is not None:
                check = self.check(around)
                element = check.each(step.each, around.context, "each")
                inside = around.inside(element).naming(step.element, element)
                yield from check.findings
            if step.about is not None:
                yield from self.cell(step.about, inside)
            # One check for both conditions: `unless` runs only where `if` was true.
            check = self.check(inside)
            here = inside.where_it_runs(check, step)
            yield from check.findings
            answer: list[Type] = []
            within: dict[str, Type] = {}
            yield from self.task(step, replace(here, within=within), answer)
            if step.failure is not None:
                yield from self.event(step.failure, around.failing(within))
            around.within.update(_either(around.within, within))
            self.answered(step, answer, around)

    def answered(self, step: ConversationStep, answer: list[Type], around: _StepTypes) -> None:
        """Add the type of a step's answer, if it has one, to what the steps after it can read."""
        sometimes = step.condition is not None or step.unless is not None
        if sometimes or (isinstance(step.task, CallTask) and step.task.tolerate is not None):
            around.sometimes.add(step.name)
        for typ in answer:
            # A list is there even when no element has an answer.
            typ = typ.with_optional(True) if sometimes and step.each is None else typ
            around.answers[step.name] = ListType(typ, name="the answers") if step.each is not None else typ

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
                yield from self.event(cell, around)
            case BlockTask(steps):
                inner = around.nested(steps)
                yield from self.steps(steps, inner)
                added = {
                    name: typ for name, typ in inner.answers.items() if around.answers.get(name) is not typ
                }
                around.within.update(_either(inner.within, added))
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
                check.condition(expression, self.any_answer(typ))
                check.findings += cased_headers(expression)
        yield from check.findings

    def any_answer(self, body: Type) -> Type:
        """The type of ``{status, headers, body}`` and the classes of any answer.

        Its body is what was asked for, or the error of a failure.
        """
        bodies = [
            body.with_optional(True),
            *(found for typ in self.failures if (found := typ.member("body"))),
        ]
        return self.classes.typ(union(bodies) if self.failures else ANYTHING)

    def cell(self, cell: syntax.Cell, around: _StepTypes) -> list[Diagnostic]:
        check = self.check(around)
        check.cell(cell, around.context, ANYTHING)
        return check.findings

    def event(self, cell: syntax.Cell, around: _StepTypes) -> list[Diagnostic]:
        """The findings of a cell that makes an event, whose type the response reads."""
        check = self.check(around)
        around.made.append(check.cell(cell, around.context, ANYTHING).with_optional(False))
        return check.findings

    def check(self, around: _StepTypes) -> CellCheck:
        """A check for cells that run there."""
        return CellCheck(around.scope(self.cells, lenient=self.lenient))
