"""A conversation's text -> an immutable, checked ``Conversation``.

Its cells are resolved and checked as a mapping's are: what a step can read is the request, or the
element of its ``each``, and the answers of the steps before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from crossdock.channels.conversation import Conversation
from crossdock.channels.step_parser import parse_conversation
from crossdock.channels.steps import (
    BlockTask,
    CallTask,
    ConversationFile,
    ConversationStep,
    EventTask,
    ValueTask,
    all_steps,
    linked_steps,
    step_cells,
)
from crossdock.checking.check import CellCheck, settings_type
from crossdock.checking.facts import shown_by
from crossdock.checking.narrowing import Anchor, Facts, all_of, is_scope_path, narrowed
from crossdock.checking.suppressions import apply_suppressions
from crossdock.checking.type_scope import TypeScope
from crossdock.checking.types import ANYTHING, ListType, ObjectType, Type, schema_type
from crossdock.core.diagnostics import Diagnostic, Source, Span, in_order
from crossdock.core.errors import CompileError
from crossdock.core.yaml_reader import parse_yaml
from crossdock.language import syntax
from crossdock.language.linker import Resolution, Surroundings
from crossdock.language.links import Change, Links, changed_with_links
from crossdock.language.syntax import LinkedMapping
from crossdock.schema.store import Schema


def compile_conversation(
    name: str, source: Source, surroundings: Surroundings, *, lenient: bool = False
) -> Conversation:
    """Compile and check a conversation. Raises CompileError with everything that is wrong."""
    parsed, problems = parse_conversation(parse_yaml(source), Span(source, 0, 1))
    if parsed is None:
        raise CompileError(problems)
    resolution = Resolution(name, _as_mapping(name, parsed, source), surroundings)
    cells = resolution.mapping(source)
    parsed = _linked(parsed, resolution.links)
    answers = _answers(parsed.steps, resolution)
    problems = in_order([*problems, *resolution.problems])
    if not problems:
        findings = [*resolution.unused(), *_Check(cells, answers, lenient).conversation(parsed)]
        problems = in_order(apply_suppressions(findings, source))
    if errors := [item for item in problems if item.severity == "error"]:
        raise CompileError(errors)
    return Conversation(
        name=name,
        describe=parsed.describe,
        cells=cells,
        steps=parsed.steps,
        response=parsed.response,
        failure=parsed.failure,
        answers=answers,
        findings=tuple(problems),
        cannot=parsed.cannot,
    )


def changed_conversation(conversation: Conversation, change: Change) -> Conversation:
    """The conversation with ``change`` applied to its cells and to every mapping that they use."""
    cells, links = changed_with_links(conversation.cells, change)
    failure = conversation.failure
    return replace(
        conversation,
        cells=cells,
        steps=linked_steps(conversation.steps, links),
        response=links.cell(conversation.response),
        failure=None if failure is None else links.cell(failure),
    )


def _linked(file: ConversationFile, links: Links) -> ConversationFile:
    return replace(
        file,
        steps=linked_steps(file.steps, links),
        response=links.cell(file.response),
        failure=None if file.failure is None else links.cell(file.failure),
    )


def _as_mapping(name: str, file: ConversationFile, source: Source) -> syntax.MappingFile:
    """The conversation's cells as those of one mapping, so that their names are resolved together."""
    start = Span(source, 0, 1)
    cells = [cell for step in all_steps(file.steps) for cell in step_cells(step)]
    cells += [file.response, *([file.failure] if file.failure is not None else [])]
    action = name.split("/")[-2]
    target = file.response_schema or syntax.SchemaName(f"retailops/{action}.response", start)
    cell = syntax.List(tuple(cells), start)
    return syntax.MappingFile(
        describe=file.describe,
        source=file.request,
        target=target,
        tables=file.tables,
        fragments=file.fragments,
        ignored=(),
        unavailable=(),
        checks=(),
        cell=cell,
    )


def _answers(steps: tuple[ConversationStep, ...], resolution: Resolution) -> dict[str, Schema]:
    """The schemas of the answers, by name."""
    found: dict[str, Schema] = {}
    for step in all_steps(steps):
        if isinstance(step.task, CallTask) and (name := step.task.answer) is not None:
            schema = resolution.schema(name)
            if schema is not None:
                found[name.name] = schema
    return found


_JUDGED: Final = ObjectType({"status": ANYTHING, "body": ANYTHING}, "the answer")
_FAILED: Final = (
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
_FAILURE: Final = ObjectType(dict.fromkeys(_FAILED, ANYTHING), "the failure")


@dataclass(frozen=True, slots=True)
class _Around:
    """The surroundings of a step: its context, the request, the answers so far, and known facts."""

    context: Type
    request: Type
    known: dict[str, Type]
    sometimes: set[str]
    shown: Facts = field(default_factory=dict)

    def inside(self, context: Type) -> _Around:
        """Inside an element, which is what the step begins with."""
        around = {path: fact for path, fact in self.shown.items() if path and path[0] != Anchor("root")}
        return replace(self, context=context, shown=around)

    def block(self) -> _Around:
        """Inside a step's own steps, whose answers only they can read."""
        return replace(self, known=dict(self.known), sometimes=set(self.sometimes))

    def where(self, check: CellCheck, step: ConversationStep) -> _Around:
        """Where a step is done: its `if` holds, and its `unless` does not."""
        shown, context = self.shown, self.context
        for expression, truth in ((step.condition, True), (step.unless, False)):
            if expression is not None:
                check.condition(expression, context)
                facts = shown_by(expression.node, truth=truth)
                context = narrowed(
                    context, {path: fact for path, fact in facts.items() if not is_scope_path(path)}
                )
                shown = all_of(shown, {path: fact for path, fact in facts.items() if is_scope_path(path)})
                check.scope = check.scope.narrowed(facts)
        return replace(self, context=context, shown=shown)

    def scope(self, cells: LinkedMapping, *, lenient: bool) -> TypeScope:
        """What expressions reach; ``root()`` is what the step begins with."""
        scope = TypeScope(
            root=self.context,
            settings=settings_type(cells),
            request=self.request,
            answers=ObjectType(dict(self.known), "the answers so far"),
            tables=cells.tables,
            lenient=lenient,
        )
        return scope.narrowed(self.shown)


@dataclass(frozen=True, slots=True)
class _Check:
    """The static check of one conversation."""

    cells: LinkedMapping
    answers: dict[str, Schema]
    lenient: bool

    def conversation(self, file: ConversationFile) -> list[Diagnostic]:
        around = _Around(schema_type(self.cells.source), schema_type(self.cells.source), {}, set())
        findings = list(self.steps(file.steps, around))
        if file.failure is not None:
            findings += self.cell(file.failure, around.inside(_FAILURE))
        findings += self.cell(file.response, around, schema_type(self.cells.target))
        return findings

    def steps(self, steps: tuple[ConversationStep, ...], around: _Around) -> Iterable[Diagnostic]:
        """The findings of some steps; ``around.known`` takes what their answers are."""
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
            check = self.check(inside)
            here = inside.where(check, step)
            yield from check.findings
            answer: list[Type] = []
            yield from self.action(step, here, answer)
            sometimes = step.condition is not None or step.unless is not None
            if sometimes or (isinstance(step.task, CallTask) and step.task.tolerate is not None):
                around.sometimes.add(step.name)
            for typ in answer:
                typ = typ.with_optional(True) if sometimes and step.each is None else typ
                around.known[step.name] = ListType(typ, name="the answers") if step.each is not None else typ

    def action(self, step: ConversationStep, around: _Around, answer: list[Type]) -> Iterable[Diagnostic]:
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
                inner = around.block()
                yield from self.steps(steps, inner)
                added = {name: typ for name, typ in inner.known.items() if around.known.get(name) is not typ}
                element = {"element": around.context} if step.each is not None else {}
                answer.append(ObjectType({**added, **element}, f"the answers of {step.name}"))

    def call(self, call: CallTask, around: _Around, answer: list[Type]) -> Iterable[Diagnostic]:
        check = self.check(around)
        check.bound(call.path, around.context, around.sometimes)
        yield from check.findings
        for cell in (call.query, call.headers, call.body):
            if cell is not None:
                yield from self.cell(cell, around)
        typ = schema_type(self.answers.get(call.answer.name) if call.answer else None)
        answer.append(typ if call.tolerate is None else typ.with_optional(True))
        check = self.check(around)
        for expression in (call.tolerate, call.refuse):
            if expression is not None:
                check.condition(expression, _JUDGED)
        yield from check.findings

    def cell(self, cell: syntax.Cell, around: _Around, target: Type = ANYTHING) -> list[Diagnostic]:
        check = self.check(around)
        check.cell(cell, around.context, target)
        return check.findings

    def check(self, around: _Around) -> CellCheck:
        """A check of the cells at this place."""
        return CellCheck(around.scope(self.cells, lenient=self.lenient))
