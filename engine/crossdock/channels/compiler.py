"""A conversation's text -> an immutable, checked ``Conversation``: parse, link, check.

conversation = compile_conversation("shop/order_ack/conversation", source, project)
find_order = compile_shared("shop/find_order", source, project)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from crossdock.channels.config import NO_CHANNEL, Channel
from crossdock.channels.conversation_check import check_conversation
from crossdock.channels.conversation_sensitivity import held_by_uses
from crossdock.channels.dialects import calls_in_dialect, unknown_actions
from crossdock.channels.earlier import Earlier
from crossdock.channels.shared_steps import SharedSurroundings, SharedUses, shared_problems
from crossdock.channels.step_names import with_names
from crossdock.channels.step_parser import parse_conversation, parse_shared
from crossdock.channels.steps import (
    AdaptTask,
    CallTask,
    Conversation,
    ConversationFile,
    ConversationStep,
    StepChange,
    all_steps,
    files_of,
    linked_steps,
    shared_steps,
    step_cells,
)
from crossdock.channels.unused_inputs import unused_inputs
from crossdock.checking.disclosure import disclosed_by_uses, shows_values
from crossdock.checking.suppressions import apply_suppressions, without_allowed
from crossdock.core.diagnostics import Diagnostic, Source, Span, in_order
from crossdock.core.errors import CompileError, ProjectError
from crossdock.core.limits import CONVERSATION_COPIES
from crossdock.core.records import replace
from crossdock.core.similar import bounded
from crossdock.core.yaml_reader import parse_yaml
from crossdock.language import syntax
from crossdock.language.linker import Resolution
from crossdock.language.links import Change, Links, changed_with_links
from crossdock.language.total_cost import copied
from crossdock.language.use_cost import multiplied
from crossdock.schema.store import Schema

ConversationOrFile = TypeVar("ConversationOrFile", Conversation, ConversationFile)

_PARTS = ("request", "response")


class ConversationSurroundings(SharedSurroundings, Protocol):
    """Where a conversation finds what it names outside its own file."""

    def channel_of(self, name: str) -> Channel: ...

    def adaptable(self, user: str) -> Sequence[str]: ...

    def is_dialect(self, name: str) -> bool: ...


@bounded()
def compile_conversation(
    name: str,
    source: Source,
    surroundings: ConversationSurroundings,
    *,
    lenient: bool = False,
    earlier: Earlier | None = None,
) -> Conversation:
    """Compile and check a conversation, whose ``name`` is its path below ``mappings/`` without the suffix.

    ``surroundings`` finds the schemas, mappings, shared steps, tables and settings that it names.
    ``lenient``: a property that a schema does not document is a warning, not an error. ``earlier`` has what
    was found before another file changed. Raises CompileError with all errors; the warnings are the result's
    ``findings``.
    """
    channel, span = _channel(name, surroundings), Span(source, 0, 1)
    earlier = earlier or Earlier()
    file, problems = earlier.parsed(
        name, source, channel, lambda: _named(*parse_conversation(parse_yaml(source), span, channel))
    )
    parsed = _with_schemas(name, file, span, surroundings)

    def check(conversation: Conversation) -> list[Diagnostic]:
        def anew() -> list[Diagnostic]:
            return check_conversation(conversation, lenient=lenient)

        return earlier.checked(file, conversation, anew, lenient=lenient)

    return _compiled(name, parsed, problems, source, surroundings, check)


def _with_schemas(
    name: str, file: ConversationFile, span: Span, surroundings: ConversationSurroundings
) -> ConversationFile:
    """The file with the schemas of its action, where it names none. There need not be one of requests."""
    action = name.split("/")[-2]
    target = file.response_schema or syntax.SchemaName(f"retailops/{action}.response", span)
    source = file.request
    if source is None:
        source = syntax.SchemaName(f"retailops/{action}.request", span)
        try:
            surroundings.schema(source.name, name)
        except ProjectError:
            source = None
        except CompileError:
            pass
    return replace(file, request=source, response_schema=target)


@bounded()
def compile_shared(
    name: str, source: Source, surroundings: ConversationSurroundings, *, lenient: bool = False
) -> Conversation:
    """The same for a file of shared steps."""
    parsed, problems = _named(*parse_shared(parse_yaml(source), Span(source, 0, 1)))

    def check(conversation: Conversation) -> list[Diagnostic]:
        return check_conversation(conversation, lenient=lenient)

    return _compiled(name, parsed, problems, source, surroundings, check)


def linked_despite(
    name: str, source: Source, surroundings: ConversationSurroundings, *, shared: bool
) -> Conversation | None:
    """A file as far as it can be linked, whatever is wrong in it; None for one that is not to be followed.

    It is for tools that look at its names and types, and must not be run. Raises CompileError for a text
    that is not YAML.
    """
    node, start = parse_yaml(source), Span(source, 0, 1)
    if shared:
        parsed, _ = parse_shared(node, start)
    else:
        parsed, _ = parse_conversation(node, start, _channel(name, surroundings))
    if parsed is None:
        return None
    named, _ = with_names(parsed)
    if not shared:
        named = _with_schemas(name, named, start, surroundings)
    conversation, _, _ = _linked_file(name, named, source, surroundings)
    cells = conversation.cells
    return None if multiplied(cells) or copied(cells, CONVERSATION_COPIES) else conversation


def _named(
    parsed: ConversationFile | None, problems: list[Diagnostic]
) -> tuple[ConversationFile, list[Diagnostic]]:
    """The parsed file with its names resolved, and everything that is wrong with it."""
    if parsed is None:
        raise CompileError(problems)
    named, unknown = with_names(parsed)
    return named, [*problems, *unknown]


def _compiled(
    name: str,
    parsed: ConversationFile,
    problems: list[Diagnostic],
    source: Source,
    surroundings: ConversationSurroundings,
    check: Callable[[Conversation], list[Diagnostic]],
) -> Conversation:
    conversation, resolution, found = _linked_file(name, parsed, source, surroundings)
    cells = conversation.cells
    problems, needed = in_order([*problems, *found]), frozenset[Diagnostic]()
    if not problems:
        # What expands to too much is not checked any further.
        findings = (multiplied(cells) or copied(cells, CONVERSATION_COPIES)) or [
            *resolution.unused(),
            *unused_inputs(conversation),
            *_checked(conversation, check),
        ]
        problems = in_order(apply_suppressions(findings, source))
        needed = without_allowed(findings)[1]
    if errors := [item for item in problems if item.severity == "error"]:
        raise CompileError(errors)
    return conversation.checked(problems, needed)


def _linked_file(
    name: str, parsed: ConversationFile, source: Source, surroundings: ConversationSurroundings
) -> tuple[Conversation, Resolution, list[Diagnostic]]:
    """A parsed file with its names looked up, and what is wrong with them."""
    resolution = Resolution(name, _as_mapping(parsed, source), surroundings)
    cells = resolution.mapping(source)
    uses = SharedUses(name, surroundings)
    parsed = _linked(parsed, resolution.links, uses.all_of(parsed.steps))
    linked = {
        name: replace(value, cell=resolution.links.cell(value.cell)) for name, value in parsed.values.items()
    }
    adapts = any(isinstance(step.task, AdaptTask) for step in all_steps(parsed.steps))
    known = surroundings.adaptable(name) if adapts else ()
    parsed = replace(parsed, values=linked, steps=_adapted(parsed.steps, resolution, known))
    conversation = _conversation(name, parsed, cells, _answers(parsed.steps, resolution))
    channel = _channel(name, surroundings)
    bodies = resolution.schema(channel.errors)
    conversation = replace(conversation, channel=channel, errors=bodies)
    problems = [*unknown_actions(parsed.steps, known), *resolution.problems, *uses.problems]
    if surroundings.is_dialect(name):
        problems += calls_in_dialect(conversation)
    return conversation, resolution, problems


def _adapted(
    steps: tuple[ConversationStep, ...], resolution: Resolution, known: Sequence[str]
) -> tuple[ConversationStep, ...]:
    """The steps, with the schemas of the actions that they adapt."""

    def adapt(task: AdaptTask) -> AdaptTask:
        if task.action not in known:  # reported, and its schemas may not be there
            return task
        names = (syntax.SchemaName(f"retailops/{task.action}.{part}", task.span) for part in _PARTS)
        source, target = map(resolution.schema, names)
        return replace(task, source=source, target=target)

    return StepChange(lambda cell: cell, lambda expression: expression, adapt=adapt).steps(steps)


def _checked(
    conversation: Conversation, check: Callable[[Conversation], list[Diagnostic]]
) -> list[Diagnostic]:
    """What the check finds, if it is given shared steps that have what they need."""
    if found := shared_problems(conversation):
        return found
    return [*check(conversation), *_disclosed(conversation)]


def _disclosed(conversation: Conversation) -> list[Diagnostic]:
    """The messages of checks, in the mappings that it uses, that would show what is sensitive here."""
    if not any(shows_values(file.cells) for file in files_of(conversation)):
        return []
    return disclosed_by_uses(held_by_uses(conversation))


def _conversation(
    name: str, file: ConversationFile, cells: syntax.LinkedMapping, answers: dict[str, Schema]
) -> Conversation:
    return Conversation(
        name=name,
        describe=file.describe,
        cells=cells,
        steps=file.steps,
        response=file.response,
        failure=file.failure,
        values={name: value.cell for name, value in file.values.items()},
        answers=answers,
        cannot=file.cannot,
        events=file.events,
        about=file.about,
        inputs=file.inputs,
        deadline_seconds=file.deadline_seconds,
        checks=file.checks,
    )


def changed_conversation(conversation: Conversation, change: Change) -> Conversation:
    """The conversation with ``change`` applied to its cells and to every file that they and its steps use."""
    return _changed(conversation, change, {})


def _changed(conversation: Conversation, change: Change, done: dict[str, Conversation]) -> Conversation:
    cells, links = changed_with_links(conversation.cells, change)
    shared = {}
    for use in shared_steps(conversation.steps):
        used = use.linked
        if used.name not in done:
            done[used.name] = _changed(used, change, done)
        shared[use.name] = done[used.name]
    values = {name: links.cell(cell) for name, cell in conversation.values.items()}
    return replace(_linked(conversation, links, shared), cells=cells, values=values)


def _linked(file: ConversationOrFile, links: Links, shared: dict[str, Conversation]) -> ConversationOrFile:
    """The file with every ``$use`` and ``use`` linked."""

    def linked(cell: syntax.Cell | None) -> syntax.Cell | None:
        return None if cell is None else links.cell(cell)

    return replace(
        file,
        steps=linked_steps(file.steps, links, shared),
        response=links.cell(file.response),
        failure=linked(file.failure),
        events=linked(file.events),
        about=linked(file.about),
    )


def _as_mapping(file: ConversationFile, source: Source) -> syntax.MappingFile:
    """All cells of a conversation as one mapping, which the linker of mappings can then link.

    Its result is never used: each cell runs by itself. So the list that holds them has no meaning.
    """
    cells = [value.cell for value in file.values.values()]
    cells += [cell for step in all_steps(file.steps) for cell in step_cells(step)]
    others = (file.response, file.failure, file.events, file.about)
    cells += [cell for cell in others if cell is not None]
    return syntax.MappingFile(
        describe=file.describe,
        source=file.request,
        target=file.response_schema,
        tables=file.tables,
        fragments=file.fragments,
        ignored=(),
        unavailable=(),
        checks=(),
        cell=syntax.List(tuple(cells), Span(source, 0, 1)),
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


def _channel(name: str, surroundings: ConversationSurroundings) -> Channel:
    """The conversation's channel. What is wrong in its file is reported with its settings."""
    try:
        return surroundings.channel_of(name)
    except CompileError:
        return NO_CHANNEL
