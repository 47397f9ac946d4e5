"""A conversation's text -> an immutable, checked ``Conversation``: parse, link, check.

conversation = compile_conversation("shop/order_ack/conversation", source, project)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from crossdock.channels.answer_classes import AnswerClasses
from crossdock.channels.config import Channel
from crossdock.channels.conversation_check import check_conversation
from crossdock.channels.conversation_sensitivity import sensitivity_of_conversation
from crossdock.channels.step_names import with_names
from crossdock.channels.step_parser import parse_conversation
from crossdock.channels.steps import (
    CallTask,
    Conversation,
    ConversationFile,
    ConversationStep,
    all_steps,
    linked_steps,
    step_cells,
)
from crossdock.checking.disclosure import disclosed_by_uses, shows_values
from crossdock.checking.suppressions import apply_suppressions, without_allowed
from crossdock.core.diagnostics import Diagnostic, Source, Span, in_order
from crossdock.core.errors import CompileError
from crossdock.core.similar import bounded
from crossdock.core.yaml_reader import parse_yaml
from crossdock.language import syntax
from crossdock.language.linker import Resolution, Surroundings
from crossdock.language.links import Change, Links, changed_with_links
from crossdock.schema.store import Schema


class ConversationSurroundings(Surroundings, Protocol):
    """Where a conversation finds what it names outside its own file."""

    def channel_of(self, name: str) -> Channel: ...


@bounded()
def compile_conversation(
    name: str, source: Source, surroundings: ConversationSurroundings, *, lenient: bool = False
) -> Conversation:
    """Compile and check a conversation, whose ``name`` is its path below ``mappings/`` without the suffix.

    ``surroundings`` finds the schemas, mappings, tables and settings that it names. ``lenient``: a property
    that a schema does not document is a warning, not an error. Raises CompileError with all errors; the
    warnings are the result's ``findings``.
    """
    parsed, problems = _parsed(source)
    resolution = Resolution(name, _as_mapping(name, parsed, source), surroundings)
    cells = resolution.mapping(source)
    parsed = _linked(parsed, resolution.links)
    answers, classes = _answers(parsed.steps, resolution), _classes(name, surroundings)
    problems = in_order([*problems, *resolution.problems])
    conversation = Conversation(
        name=name,
        describe=parsed.describe,
        cells=cells,
        steps=parsed.steps,
        response=parsed.response,
        failure=parsed.failure,
        values={name: value.cell for name, value in parsed.values.items()},
        answers=answers,
        classes=classes,
        cannot=parsed.cannot,
    )
    if not problems:
        findings = [
            *resolution.unused(),
            *check_conversation(parsed, cells, answers, classes, lenient=lenient),
            *_disclosed(conversation),
        ]
        problems = in_order(apply_suppressions(findings, source))
        conversation = replace(conversation, needed=without_allowed(findings)[1])
    if errors := [item for item in problems if item.severity == "error"]:
        raise CompileError(errors)
    return replace(conversation, findings=tuple(problems))


def _disclosed(conversation: Conversation) -> list[Diagnostic]:
    """The messages of checks, in the mappings that it uses, that would show what is sensitive here."""
    if not shows_values(conversation.cells):
        return []
    return disclosed_by_uses(sensitivity_of_conversation(conversation).known)


def _parsed(source: Source) -> tuple[ConversationFile, list[Diagnostic]]:
    """The file with its names resolved, and everything that is wrong with it."""
    parsed, problems = parse_conversation(parse_yaml(source), Span(source, 0, 1))
    if parsed is None:
        raise CompileError(problems)
    named, unknown = with_names(parsed)
    return named, [*problems, *unknown]


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
        values={name: links.cell(cell) for name, cell in conversation.values.items()},
    )


def _linked(file: ConversationFile, links: Links) -> ConversationFile:
    return replace(
        file,
        steps=linked_steps(file.steps, links),
        response=links.cell(file.response),
        failure=None if file.failure is None else links.cell(file.failure),
        values={name: replace(value, cell=links.cell(value.cell)) for name, value in file.values.items()},
    )


def _as_mapping(name: str, file: ConversationFile, source: Source) -> syntax.MappingFile:
    """All cells of a conversation as one mapping, which the linker of mappings can then link.

    Its result is never used: each cell runs by itself. So the list that holds them has no meaning.
    """
    start = Span(source, 0, 1)
    cells = [value.cell for value in file.values.values()]
    cells += [cell for step in all_steps(file.steps) for cell in step_cells(step)]
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
    """The schemas of the channel's answers, by name."""
    found: dict[str, Schema] = {}
    for step in all_steps(steps):
        if isinstance(step.task, CallTask) and (name := step.task.answer) is not None:
            schema = resolution.schema(name)
            if schema is not None:
                found[name.name] = schema
    return found


def _classes(name: str, surroundings: ConversationSurroundings) -> AnswerClasses:
    """The classes of the channel's answers. What is wrong in its file is reported with its settings."""
    try:
        return surroundings.channel_of(name).classes
    except CompileError:
        return AnswerClasses()
