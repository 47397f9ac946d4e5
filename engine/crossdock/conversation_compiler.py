"""A conversation's text -> an immutable, checked ``Conversation``.

Its cells are resolved and checked as a mapping's are: what a step can read is the request, or the
element of its ``each``, and the answers of the steps before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from crossdock import nodes
from crossdock.allowances import apply_allowances
from crossdock.checker import CellCheck, settings_view
from crossdock.compiler import Resolution, in_order
from crossdock.compiler import Surroundings as ProjectSurroundings
from crossdock.conversations import Conversation
from crossdock.diagnostics import Diagnostic, Source, Span
from crossdock.errors import CompileError
from crossdock.inference import Surroundings
from crossdock.mapping import Mapping
from crossdock.schemas import Schema
from crossdock.source import parse_yaml
from crossdock.steps import (
    BlockAction,
    CallAction,
    ConversationFile,
    EventAction,
    Step,
    ValueAction,
    all_steps,
    parse_conversation,
    step_cells,
)
from crossdock.views import ANYTHING, ListOf, Record, View, view_of


def compile_conversation(name: str, source: Source, surroundings: ProjectSurroundings) -> Conversation:
    """Compile and check a conversation. Raises CompileError with everything that is wrong."""
    parsed, problems = parse_conversation(parse_yaml(source), Span(source, 0, 1))
    if parsed is None:
        raise CompileError(problems)
    resolution = Resolution(name, _as_mapping(name, parsed, source), surroundings)
    cells = resolution.mapping(source)
    answers = _answers(parsed.steps, resolution)
    problems = in_order([*problems, *resolution.problems])
    if not problems:
        findings = [*resolution.unused(), *_Check(cells, answers).conversation(parsed)]
        problems = in_order(apply_allowances(findings, source))
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
    )


def _as_mapping(name: str, file: ConversationFile, source: Source) -> nodes.MappingFile:
    """The conversation's cells as those of one mapping, so that their names are resolved together."""
    start = Span(source, 0, 1)
    cells = [cell for step in all_steps(file.steps) for cell in step_cells(step)]
    cells += [file.response, *([file.failure] if file.failure is not None else [])]
    action = name.split("/")[-2]
    target = file.answer or nodes.SchemaName(f"retailops/{action}.response", start)
    cell = nodes.List(tuple(cells), start)
    return nodes.MappingFile(
        describe=file.describe,
        source=file.request,
        target=target,
        tables=file.tables,
        fragments=file.fragments,
        ignored=(),
        checks=(),
        cell=cell,
    )


def _answers(steps: tuple[Step, ...], resolution: Resolution) -> dict[str, Schema]:
    """The schemas of the answers, by name."""
    found: dict[str, Schema] = {}
    for step in all_steps(steps):
        if isinstance(step.action, CallAction) and (name := step.action.answer) is not None:
            schema = resolution.schema(name)
            if schema is not None:
                found[name.name] = schema
    return found


_JUDGED: Final = Record({"status": ANYTHING, "body": ANYTHING}, "the answer")
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
_FAILURE: Final = Record(dict.fromkeys(_FAILED, ANYTHING), "the failure")


@dataclass(frozen=True, slots=True)
class _Check:
    """The static check of one conversation."""

    cells: Mapping
    answers: dict[str, Schema]

    def conversation(self, file: ConversationFile) -> list[Diagnostic]:
        request = view_of(self.cells.source)
        known: dict[str, View] = {}
        findings = list(self.steps(file.steps, request, known))
        if file.failure is not None:
            findings += self.cell(file.failure, _FAILURE, known)
        findings += self.cell(file.response, request, known, view_of(self.cells.target))
        return findings

    def steps(self, steps: tuple[Step, ...], context: View, known: dict[str, View]) -> Iterable[Diagnostic]:
        """The findings of some steps; ``known`` takes what their answers are."""
        for step in steps:
            inside = context
            if step.each is not None:
                check = self.check(context, known)
                inside = check.view(step.each, context).items()
                yield from check.findings
            for expression in (step.condition, step.unless):
                if expression is not None:
                    yield from self.cell(nodes.Evaluate(expression), inside, known)
            if step.about is not None:
                yield from self.cell(step.about, inside, known)
            if step.failure is not None:
                yield from self.cell(step.failure, _FAILURE, known)
            answer: list[View] = []
            yield from self.action(step, inside, known, answer)
            sometimes = step.condition is not None or step.unless is not None
            for view in answer:
                view = view.marked(True) if sometimes and step.each is None else view
                known[step.name] = ListOf(view, name="the answers") if step.each is not None else view

    def action(
        self, step: Step, context: View, known: dict[str, View], answer: list[View]
    ) -> Iterable[Diagnostic]:
        match step.action:
            case CallAction() as call:
                for cell in (nodes.Evaluate(call.path), call.query, call.headers, call.body):
                    if cell is not None:
                        yield from self.cell(cell, context, known)
                view = view_of(self.answers.get(call.answer.name) if call.answer else None)
                answer.append(view if call.tolerate is None else view.marked(True))
                check = self.check(context, known)
                for expression in (call.tolerate, call.refuse):
                    if expression is not None:
                        check.view(expression, _JUDGED)
                yield from check.findings
            case ValueAction(cell):
                check = self.check(context, known)
                answer.append(check.cell(cell, context, ANYTHING))
                yield from check.findings
            case EventAction(cell):
                yield from self.cell(cell, context, known)
            case BlockAction(steps):
                inner = dict(known)
                yield from self.steps(steps, context, inner)
                added = {name: view for name, view in inner.items() if known.get(name) is not view}
                element = {"element": context} if step.each is not None else {}
                answer.append(Record({**added, **element}, f"the answers of `{step.name}`"))

    def cell(
        self, cell: nodes.Cell, context: View, known: dict[str, View], target: View = ANYTHING
    ) -> list[Diagnostic]:
        check = self.check(context, known)
        check.cell(cell, context, target)
        return check.findings

    def check(self, context: View, known: dict[str, View]) -> CellCheck:
        """A check whose ``root()`` is what the step begins with."""
        answers = Record(dict(known), "the answers so far")
        around = Surroundings(
            root=context,
            settings=settings_view(self.cells),
            request=view_of(self.cells.source),
            answers=answers,
            tables=self.cells.tables,
        )
        return CellCheck(self.cells, around)
