"""The errors of a mapping at work. Both mean that the mapping has to change: see ``core.errors``."""

from __future__ import annotations

from collections.abc import Sequence

from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import CrossdockError
from crossdock.core.json_types import JSON
from crossdock.execution.trace import Trace


class EvaluationError(CrossdockError):
    """An expression or a template failed on a payload. ``trace`` is what ran before it."""

    exit_code = 4

    def __init__(self, diagnostics: Sequence[Diagnostic], trace: Trace) -> None:
        super().__init__(diagnostics)
        self.trace = trace


class OutputError(CrossdockError):
    """A result breaks its target schema, or a check with the level ``error``. ``result`` is that result."""

    exit_code = 4

    def __init__(self, diagnostics: Sequence[Diagnostic], result: JSON) -> None:
        super().__init__(diagnostics)
        self.result = result
