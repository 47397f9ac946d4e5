"""Answers by step, as a plan is given them, at their places among nested and shared steps.

An answer of a nested or a shared step is given inside the answers of the step around it. Inside those of any
step farther out, or at the top, it can be given by the step's own name, when no other step there has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from crossdock.channels.clock import time_of
from crossdock.channels.step_parser import RESERVED
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
    now = {NOW: answers[NOW]} if NOW in answers else {}
    problems: list[Diagnostic] = []
    given = {step: value for step, value in answers.items() if step != NOW}
    placed = _placed(given, conversation.steps, Place(name, ""), problems)
    if problems:
        raise InputError(problems)
    if NOW in answers:
        time_of(answers[NOW], name, pointer(NOW))
    return {**now, **placed}


def _placed(
    answers: dict[str, JSON], steps: tuple[ConversationStep, ...], at: Place, problems: list[Diagnostic]
) -> dict[str, JSON]:
    """The answers of some steps with those of nested and shared steps at their places, at any depth."""
    top = {step.name: step for step in steps}
    inner: dict[str, list[_Inner]] = {}
    for each in _inner(steps, ()):
        inner.setdefault(each.step.name, []).append(each)
    placed: JSON = {step: value for step, value in answers.items() if step in top or step in RESERVED}
    for step, value in answers.items():
        found = inner.get(step, [])
        if step in top or step in RESERVED:
            continue
        if len(found) == 1:
            placed = _merged(placed, {found[0].around[0].name: found[0].placed(value)})
        else:
            problems.append(_unknown(step, found, [*top], [*top, *inner], at))
    assert isinstance(placed, dict)
    return {
        step: _placed_inside(value, top[step], Place(at.name, at.pointer + pointer(step)), problems)
        if step in top
        else value
        for step, value in placed.items()
    }


def _placed_inside(value: JSON, step: ConversationStep, at: Place, problems: list[Diagnostic]) -> JSON:
    """The given answers of one step: of its nested or shared steps, for each element with an ``each``."""
    nested = _nested(step)
    if nested is None:
        return value
    if step.each is not None and isinstance(value, list):
        return [
            _placed(item, nested, Place(at.name, f"{at.pointer}/{position}"), problems)
            if isinstance(item, dict)
            else item
            for position, item in enumerate(value)
        ]
    return _placed(value, nested, at, problems) if isinstance(value, dict) else value


def _nested(step: ConversationStep) -> tuple[ConversationStep, ...] | None:
    match step.task:
        case BlockTask(steps):
            return steps
        case UseTask() as use:
            return use.linked.steps
        case AdaptTask(conversation=Conversation() as adapted):
            return adapted.steps
    return None


def _inner(steps: tuple[ConversationStep, ...], around: tuple[ConversationStep, ...]) -> Iterator[_Inner]:
    """The nested and shared steps, each with those around it."""
    for step in steps:
        if around:
            yield _Inner(step, around)
        yield from _inner(_nested(step) or (), (*around, step))


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


def _unknown(step: str, found: list[_Inner], top: list[str], known: list[str], at: Place) -> Diagnostic:
    place = Place(at.name, at.pointer + pointer(step))
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
