"""A conversation's text -> an immutable, checked ``Conversation``.

Its cells are resolved and checked as a mapping's are: what a step can read is the request, or the
element of its ``each``, and the answers of the steps before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crossdock import nodes
from crossdock.checker import (
    ANYTHING,
    CellCheck,
    ListOf,
    Record,
    Surroundings,
    View,
    settings_view,
    view_of,
)
from crossdock.compiler import Resolution, in_order
from crossdock.compiler import Surroundings as ProjectSurroundings
from crossdock.conversations import Conversation
from crossdock.diagnostics import Diagnostic, Source, Span, has_errors
from crossdock.errors import CompileError
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
        problems = in_order(_Check(cells, answers).conversation(parsed))
    if has_errors(problems):
        raise CompileError(problems)
    return Conversation(name, parsed.describe, cells, parsed.steps, parsed.response, parsed.failure, answers)


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


@dataclass(frozen=True, slots=True)
class _Check:
    """The static check of one conversation."""

    cells: Mapping
    answers: dict[str, Schema]

    def conversation(self, file: ConversationFile) -> list[Diagnostic]:
        request = view_of(self.cells.source)
        known: dict[str, View] = {}
        findings = list(self.steps(file.steps, request, known))
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
            answer: list[View] = []
            yield from self.action(step, inside, known, answer)
            for view in answer:
                known[step.name] = ListOf(view, "the answers") if step.each is not None else view

    def action(
        self, step: Step, context: View, known: dict[str, View], answer: list[View]
    ) -> Iterable[Diagnostic]:
        match step.action:
            case CallAction() as call:
                for cell in (nodes.Evaluate(call.path), call.query, call.headers, call.body):
                    if cell is not None:
                        yield from self.cell(cell, context, known)
                answer.append(view_of(self.answers.get(call.answer.name) if call.answer else None))
                judged = Record({"status": ANYTHING, "body": ANYTHING}, "the answer")
                for expression in (call.tolerate, call.refuse):
                    if expression is not None:
                        yield from self.cell(nodes.Evaluate(expression), judged, known)
            case ValueAction(cell):
                yield from self.cell(cell, context, known)
                answer.append(ANYTHING)
            case EventAction(cell):
                yield from self.cell(cell, context, known)
            case BlockAction(steps):
                inner = dict(known)
                yield from self.steps(steps, context, inner)
                added = {name: view for name, view in inner.items() if known.get(name) is not view}
                answer.append(Record({**added, "element": context}, f"the answers of `{step.name}`"))

    def cell(
        self, cell: nodes.Cell, context: View, known: dict[str, View], target: View = ANYTHING
    ) -> list[Diagnostic]:
        check = self.check(context, known)
        check.cell(cell, context, target)
        return check.findings

    def check(self, context: View, known: dict[str, View]) -> CellCheck:
        """A check whose ``root()`` is what the step begins with."""
        answers = Record(dict(known), "the answers so far")
        request = view_of(self.cells.source)
        return CellCheck(self.cells, Surroundings(context, settings_view(self.cells), request, answers))
