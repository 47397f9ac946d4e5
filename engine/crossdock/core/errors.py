"""Every error that Crossdock raises, and who can fix it.

    CrossdockError
    ├── ProjectError       a mapping, schema or channel is missing or unreadable
    ├── CompileError       the mapping is wrong                  (its author)
    ├── InputError         the payload breaks its source schema  (the sender)
    ├── EvaluationError    an expression or template failed      (the author, shown by a payload)
    ├── OutputError        the result breaks its target schema   (the author, shown by a payload)
    ├── ChannelError       the channel could not be asked        (the channel, or its settings)
    └── LimitError         an untrusted run hit a limit          (the author or the sender)

Each has ``diagnostics``: all problems, not only the first one. ``str(error)`` is their rendered text.
The engine never lets third-party exceptions through.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossdock.channels.messages import Answer, Call
    from crossdock.core.diagnostics import Diagnostic
    from crossdock.core.json_types import JSON
    from crossdock.execution.trace import Trace


class CrossdockError(Exception):
    """The base of every error raised here. ``diagnostics`` is never empty."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        from crossdock.core.rendering import render

        return render(self.diagnostics)


class ProjectError(CrossdockError):
    """A mapping, schema or channel is missing or cannot be read."""


class CompileError(CrossdockError):
    """A mapping is wrong. ``diagnostics`` holds every mistake of the file."""


class InputError(CrossdockError):
    """A payload is not JSON, or breaks its source schema."""


class EvaluationError(CrossdockError):
    """An expression or a template failed on a payload. ``trace`` is what ran before it."""

    def __init__(self, diagnostics: Sequence[Diagnostic], trace: Trace) -> None:
        super().__init__(diagnostics)
        self.trace = trace


class OutputError(CrossdockError):
    """A result breaks its target schema. ``result`` is that result."""

    def __init__(self, diagnostics: Sequence[Diagnostic], result: JSON) -> None:
        super().__init__(diagnostics)
        self.result = result


class ChannelError(CrossdockError):
    """A channel could not be asked, or answered with something that is no answer.

    ``call`` is what it was asked, ``answer`` what came back, if anything did.
    """

    def __init__(
        self, diagnostics: Sequence[Diagnostic], call: Call | None = None, answer: Answer | None = None
    ) -> None:
        super().__init__(diagnostics)
        self.call = call
        self.answer = answer


class LimitError(CrossdockError):
    """A run in a process of its own hit one of its limits, and was ended. There is no result."""


def exit_code(error: CrossdockError) -> int:
    """Who is to blame, as a number."""
    match error:
        case InputError():
            return 3
        case EvaluationError() | OutputError():
            return 4
        case ChannelError():
            return 5
        case LimitError():
            return 6
        case _:
            return 2
