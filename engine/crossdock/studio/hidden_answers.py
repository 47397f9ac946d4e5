"""Where a file of answers has sensitive values: it is edited in the page, and they are covered there.

    list(hidden_answers(conversation, {"order": {"email": "…"}}))      # ["/order/email"]

An answer is at its step, inside those of the steps around it or beside them. Of a value whose step is not
clear, all is covered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crossdock.channels.conversation_sensitivity import sensitivity_of_conversation
from crossdock.channels.given_answers import NOW
from crossdock.channels.steps import AdaptTask, BlockTask, CallTask, Conversation, ConversationStep, UseTask
from crossdock.checking.held import Held, joined_values
from crossdock.checking.masking import HIDDEN, masked
from crossdock.core.json_types import JSON
from crossdock.core.paths import Part, pointer
from crossdock.studio.places import differing


def hidden_answers(conversation: Conversation, answers: JSON) -> Iterator[str]:
    """The pointers to what is sensitive in answers by step."""
    calls = sensitivity_of_conversation(conversation).calls
    held = {name: joined_values(each.answer for each in found) for name, found in calls.items()}
    yield from _inside(answers, {step.name: step for step in _all(conversation.steps)}, held, ())


def _all(steps: tuple[ConversationStep, ...]) -> Iterator[ConversationStep]:
    """Some steps and those inside them. Of several with one name the outer one counts, so it is last."""
    for step in steps:
        yield from _all(_nested(step))
    yield from steps


def _nested(step: ConversationStep) -> tuple[ConversationStep, ...]:
    match step.task:
        case BlockTask() as block:
            return block.steps
        case UseTask() as use:
            return use.linked.steps
        case AdaptTask(conversation=Conversation() as adapted):
            return adapted.steps
    return ()


def _inside(
    given: JSON, steps: Mapping[str, ConversationStep], held: Mapping[str, Held], at: tuple[Part, ...]
) -> Iterator[str]:
    """What is sensitive in the answers of the steps inside one, or of all."""
    if not isinstance(given, dict):
        yield from _covered(given, at)
        return
    for name, value in given.items():
        if name == NOW:
            continue
        step = steps.get(name)
        if step is None:
            yield from _covered(value, (*at, name))
        else:
            yield from _of(value, step, steps, held, (*at, name), each=step.each is not None)


def _of(
    value: JSON,
    step: ConversationStep,
    steps: Mapping[str, ConversationStep],
    held: Mapping[str, Held],
    at: tuple[Part, ...],
    *,
    each: bool,
) -> Iterator[str]:
    """What is sensitive in the answer of a step; with ``each`` it is a list of those of its elements."""
    if each and isinstance(value, list):
        for place, item in enumerate(value):
            yield from _of(item, step, steps, held, (*at, place), each=False)
    elif not isinstance(step.task, CallTask):
        yield from _inside(value, steps, held, at)
    elif step.task.again is not None and isinstance(value, list):
        for place, item in enumerate(value):
            yield from _body(item, held.get(step.name), (*at, place))
    else:
        yield from _body(value, held.get(step.name), at)


def _body(value: JSON, held: Held | None, at: tuple[Part, ...]) -> Iterator[str]:
    """What is sensitive in one answer: a body, or an object with `$` keys around it."""
    if held is None:
        yield from _covered(value, at)
    elif isinstance(value, dict) and any(key.startswith("$") for key in value):
        for key, inner in value.items():
            if key == "$body":
                yield from differing(inner, masked(inner, held), (*at, key))
            elif key not in ("$status", "$error", "$too_large") and held.reveals:
                yield from _covered(inner, (*at, key))
    else:
        yield from differing(value, masked(value, held), at)


def _covered(value: JSON, at: tuple[Part, ...]) -> Iterator[str]:
    """All values of an answer."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _covered(inner, (*at, key))
    elif isinstance(value, list) and value:
        for place, inner in enumerate(value):
            yield from _covered(inner, (*at, place))
    elif value is not None and value != HIDDEN:
        yield pointer(*at)
