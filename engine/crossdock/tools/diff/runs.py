"""One record run in one version: the result with its trace and warnings, or the failure."""

from __future__ import annotations

from dataclasses import dataclass, field

from crossdock.core.diagnostics import Diagnostic
from crossdock.core.json_types import JSON, Missing
from crossdock.execution.trace import Parts, Step


@dataclass(frozen=True, slots=True)
class Run:
    """The outcome of one record. ``failure`` is empty if there is a result."""

    value: JSON | Missing
    steps: dict[Parts, list[Step]] = field(default_factory=dict, repr=False)
    warnings: tuple[Diagnostic, ...] = ()
    failure: tuple[Diagnostic, ...] = ()

    def writer(self, parts: Parts) -> Step | None:
        """The step that wrote a place, or the nearest around it."""
        for length in range(len(parts), -1, -1):
            if steps := self.steps.get(parts[:length]):
                return steps[-1]
        return None
