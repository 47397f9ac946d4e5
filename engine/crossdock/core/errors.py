"""Every error that Crossdock raises, who can fix it, and the exit code of the command line.

    CrossdockError         2
    ├── ProjectError       2  a mapping, schema or channel is missing or unreadable
    ├── CompileError       2  the mapping is wrong                     (its author)
    ├── InputError         3  the payload breaks its source schema     (the sender)
    ├── EvaluationError    4  an expression or template failed         (the author; the payload shows it)
    ├── OutputError        4  the result breaks its target schema      (the author; the payload shows it)
    ├── ChannelError       5  the channel gave no usable answer        (the channel, or its settings)
    ├── LimitError         6  an untrusted run hit a limit             (the author or the sender)
    └── WorkerDiedError    6  a process of a bulk run was ended        (the operator)

Errors that carry a trace or a call live beside those: ``execution.errors`` and ``channels.messages``.
``WorkerDiedError`` is in ``bulk.pool``.
Each has ``diagnostics``: all problems, not only the first one. ``str(error)`` is their rendered text.
The engine never lets third-party exceptions through.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from crossdock.core.diagnostics import Diagnostic


class CrossdockError(Exception):
    """The base of every error. ``diagnostics`` is never empty."""

    exit_code: ClassVar[int] = 2

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

    exit_code = 3


class LimitError(CrossdockError):
    """A sandboxed run reached one of its limits and was ended. There is no result."""

    exit_code = 6
