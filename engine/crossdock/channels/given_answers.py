"""Answers by step, as a plan is given them, at their places among nested and shared steps.

An answer of a nested or a shared step is given inside the answers of the step around it, or at the top by
the step's own name when no other step has that name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from crossdock.channels.clock import time_of
from crossdock.channels.steps import AdaptTask, BlockTask, Conversation, ConversationStep, UseTask
from crossdock.core.diagnostics import Diagnostic, Place, did_you_mean, shorten
from crossdock.core.errors import InputError
from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.core.paths import pointer

NOW: Final = "$now"
"""The key of the answers for the time that `now()` gives."""


@dataclass(frozen=True, slots=True)
class _Inner:
    """A nested or shared step, and the steps around it from the outside in."""

    step: ConversationStep
    around: tuple[ConversationStep, ...]

    def placed(self, value: JSON, depth: int = 0) -> JSON:
        """The answers of the step around it at a depth. With ``each`` they, and ``value``, are lists."""
        if depth == len(self.around):
            return value
        name = self.step.name if depth + 1 == len(self.around) else self.around[depth + 1].name
        if self.around[depth].each is None:
            return {name: self.placed(value, depth + 1)}
        return [{name: self.placed(item, depth + 1)} for item in value] if isinstance(value, list) else []


def placed_answers(answers: JSON, name: str, conversation: Conversation) -> JSON:
    """The answers, each at its place. Raises InputError for a step that does not exist, or a wrong `$now`.

    ``name`` is the name of the file with the answers in messages.
    """
    if not isinstance(answers, dict):
        message = "answers are an object with the names of steps"
        raise InputError([Diagnostic("wrong-type", message, input=Place(name, ""))])
    top = [step.name for step in conversation.steps]
    inner: dict[str, list[_Inner]] = {}
    for each in _inner(conversation.steps, ()):
        inner.setdefault(each.step.name, []).append(each)
    problems: list[Diagnostic] = []
    placed: JSON = {step: value for step, value in answers.items() if step in top or step == NOW}
    for step, value in answers.items():
        found = inner.get(step, [])
        if step in top or step == NOW:
            continue
        if len(found) == 1:
            placed = _merged(placed, {found[0].around[0].name: found[0].placed(value)})
        else:
            problems.append(_unknown(step, found, top, [*top, *inner], name))
    if problems:
        raise InputError(problems)
    if NOW in answers:
        time_of(answers[NOW], name, pointer(NOW))
    return placed


def _inner(steps: tuple[ConversationStep, ...], around: tuple[ConversationStep, ...]) -> Iterator[_Inner]:
    """The nested and shared steps, each with those around it."""
    for step in steps:
        if around:
            yield _Inner(step, around)
        if isinstance(step.task, BlockTask):
            yield from _inner(step.task.steps, (*around, step))
        elif isinstance(step.task, UseTask):
            yield from _inner(step.task.linked.steps, (*around, step))
        elif isinstance(step.task, AdaptTask) and step.task.conversation is not None:
            yield from _inner(step.task.conversation.steps, (*around, step))


def _merged(left: JSON, right: JSON) -> JSON:
    """Two parts of the answers as one: objects by their keys, lists by their places. The left one wins."""
    if isinstance(left, dict) and isinstance(right, dict):
        both = {key: _merged(left[key], value) if key in left else value for key, value in right.items()}
        return {**left, **both}
    if isinstance(left, list) and isinstance(right, list):
        places = range(max(len(left), len(right)))
        return [
            _merged(left[at], right[at])
            if at < min(len(left), len(right))
            else (left if at < len(left) else right)[at]
            for at in places
        ]
    return left


def _unknown(step: str, found: list[_Inner], top: list[str], known: list[str], name: str) -> Diagnostic:
    place = Place(name, pointer(step))
    if found:
        message = f"there are {len(found)} steps `{shorten(step)}`"
        ways = sorted({"/".join(outer.name for outer in each.around) for each in found})
        help = f"give its answer inside those of the step around it: {', '.join(ways)}"
        return Diagnostic("unknown-step", message, help=help, input=place)
    help = did_you_mean(step, known) or f"the steps are {', '.join(top) or 'none'}"
    return Diagnostic("unknown-step", f"there is no step `{shorten(step)}`", help=help, input=place)


def given_for(given: JSON | Missing, key: str | int) -> JSON | Missing:
    """The given answer for a step, or for an element of one."""
    if isinstance(given, dict) and isinstance(key, str):
        return given.get(key, MISSING)
    if isinstance(given, list) and isinstance(key, int) and key < len(given):
        return given[key]
    return MISSING
