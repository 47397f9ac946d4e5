"""What running a conversation gives, and how its calls are asked: data only.

conversation = project.conversation("shop", "order_ack")
result = run_conversation(conversation, request, ask)       # see runner.py
result.response, result.calls, result.warnings
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from crossdock.channels.messages import Answer, Call, Failed
from crossdock.core.diagnostics import Diagnostic, Span
from crossdock.core.json_types import JSON, MISSING, Missing

# How a call is answered: over the network, or from a file, which is the second argument then.
Ask: TypeAlias = "Callable[[Call, JSON | Missing], Answer]"


@dataclass(slots=True)
class ConversationResult:
    """What running some steps gave, or the whole conversation, which alone has a ``response``.

    ``answers`` are by step. In a plan, ``unknown`` are the steps whose answers are not given, and
    ``waiting`` those that need one of them. ``stopped``: a step failed, and those after it did not run.
    ``origins`` says which cell, report or failed step made an event, by the event's identity. ``failed`` has
    what each failure was, and each error that a step reported.
    """

    answers: dict[str, JSON] = field(default_factory=dict)
    events: list[JSON] = field(default_factory=list)
    origins: dict[int, Span] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    waiting: list[WaitingStep] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    stopped: bool = False
    response: JSON | Missing = MISSING

    def add_event(self, event: JSON | Missing, origin: Span) -> None:
        """Add an event, if there is one, made by the cell or the step at ``origin``."""
        if not isinstance(event, Missing):
            self.events.append(event)
            self.origins[id(event)] = origin

    def take(self, inner: ConversationResult) -> None:
        """Add what nested steps gave, except their answers. A waiting step is listed once, however many
        elements wait for it."""
        self.events += inner.events
        self.origins |= inner.origins
        self.calls += inner.calls
        self.waiting += [step for step in inner.waiting if step not in self.waiting]
        self.warnings += inner.warnings
        self.failed += inner.failed


@dataclass(frozen=True, slots=True)
class WaitingStep:
    """A step of a plan that needs answers of other steps. ``call`` is its call as the file has it."""

    step: str
    call: str | None
    needs: tuple[str, ...]

    def as_json(self) -> dict[str, JSON]:
        """``{"step": …, "call": …, "for": […]}``, without ``call`` for a step that makes none."""
        call: dict[str, JSON] = {} if self.call is None else {"call": self.call}
        return {"step": self.step, **call, "for": list(self.needs)}


class Unanswered(Exception):  # noqa: N818 (a plan's way to say that it has no answer)
    """The answer to a call is not given, so the plan cannot go on with this step."""


def recording(ask: Ask, calls: list[Call]) -> Ask:
    """The same, with every call noted: those before an error would be lost with it."""

    def asked(call: Call, given: JSON | Missing) -> Answer:
        calls.append(call)
        return ask(call, given)

    return asked
