"""Actions in another form: a step with ``adapts`` answers one as the channel at hand does.

A dialect is a folder of conversations that make no calls of their own. They turn the requests of another
API into requests for RetailOPS' actions, and the responses back. They are compiled without a channel, and
bound to one before they run.

    bound(conversation, lambda task: project.conversation("shop", task.action))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from crossdock.channels.steps import (
    AdaptTask,
    CallTask,
    Conversation,
    ConversationStep,
    StepChange,
    all_steps,
    files_of,
    shared_steps,
)
from crossdock.core.diagnostics import Diagnostic, Source, Span, did_you_mean
from crossdock.core.errors import CompileError
from crossdock.core.records import replace
from crossdock.core.yaml_reader import MapNode, parse_yaml
from crossdock.language.parser import Parser, unknown_keys

DIALECT_KEYS: Final = {"describe": "what the dialect is, in one sentence"}

ConversationOf: TypeAlias = Callable[[AdaptTask], Conversation]


def parse_dialect(source: Source) -> str:
    """What a dialect is, from its file. Raises CompileError."""
    node = parse_yaml(source)
    if not isinstance(node, MapNode):
        message = "the file is not a dialect"
        help = "a dialect's file has one key: `describe:`"
        raise CompileError([Diagnostic("not-a-dialect", message, Span(source, 0, 1), help)])
    parser = Parser()
    described = parser.text(node.get("describe")) or ""
    if problems := [*unknown_keys(node, DIALECT_KEYS, "a dialect"), *parser.problems]:
        raise CompileError(problems)
    return described


def adaptations(conversation: Conversation) -> Iterator[AdaptTask]:
    """Every task of a conversation, and of the shared steps that it uses, that answers another action."""
    for file in files_of(conversation):
        yield from (step.task for step in all_steps(file.steps) if isinstance(step.task, AdaptTask))


def bound(conversation: Conversation, conversation_of: ConversationOf) -> Conversation:
    """The conversation with those that it adapts; itself when it adapts none."""
    if not any(True for _ in adaptations(conversation)):
        return conversation
    shared = {use.name: bound(use.linked, conversation_of) for use in shared_steps(conversation.steps)}

    def adapt(task: AdaptTask) -> AdaptTask:
        return replace(task, conversation=conversation_of(task))

    change = StepChange(lambda cell: cell, lambda expression: expression, shared, adapt)
    return replace(conversation, steps=change.steps(conversation.steps))


def unknown_actions(steps: Sequence[ConversationStep], known: Sequence[str]) -> Iterator[Diagnostic]:
    """The actions that steps adapt and that no conversation answers."""
    for step in all_steps(tuple(steps)):
        if isinstance(step.task, AdaptTask) and step.task.action not in known:
            help = did_you_mean(step.task.action, known) or f"the actions are {', '.join(known) or 'none'}"
            message = f"no conversation answers the action `{step.task.action}`"
            yield Diagnostic("unknown-action", message, step.task.span, help)


def calls_in_dialect(conversation: Conversation) -> Iterator[Diagnostic]:
    """The calls of a dialect's conversation, or of shared steps that it uses: it may not have any."""
    help = "a dialect answers with the actions of the channel: `adapts: order_ack`"
    for step in all_steps(conversation.steps):
        if isinstance(step.task, CallTask):
            yield Diagnostic("call-in-dialect", "a dialect makes no calls of its own", step.span, help)
    for use in shared_steps(conversation.steps):
        if any(
            isinstance(step.task, CallTask) for file in files_of(use.linked) for step in all_steps(file.steps)
        ):
            message = f"`{use.name}` makes calls, and a dialect makes none of its own"
            yield Diagnostic("call-in-dialect", message, use.name_span, help)
