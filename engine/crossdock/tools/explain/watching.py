"""A run of a mapping with all its evaluations, each with those that it depends on.

The interpreter reports in the order of the run; the last report about a place is its value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crossdock.core.diagnostics import Span
from crossdock.core.json_types import JSON
from crossdock.core.paths import Parts
from crossdock.execution.scope import Scope
from crossdock.execution.trace import Parts as Output
from crossdock.language.expr import Expression
from crossdock.tools.explain.marked_places import MarkedPlaces

if TYPE_CHECKING:
    from crossdock.execution.trace import Origins
    from crossdock.language.syntax import LinkedMapping


@dataclass(slots=True, eq=False)
class Evaluation:
    """An expression that was evaluated for a place of the result, and the evaluations that it depends on."""

    output: Output
    expression: Expression
    context: JSON
    scope: Scope
    value: JSON
    behind: tuple[Entered, ...]
    decides: bool = False
    """Whether it is a condition, or the value of a ``$each`` or ``$with``."""


@dataclass(frozen=True, slots=True, eq=False)
class Entered:
    """The value of a ``$`` word, and the context inside of it: an element, or the value itself."""

    evaluation: Evaluation
    context: JSON


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """A constant, a list or an object that was written. ``empty`` are lists that had no elements for it."""

    output: Output
    span: Span
    behind: tuple[Entered, ...]
    empty: tuple[Evaluation, ...] = ()


@dataclass(slots=True)
class Watching:
    """The recorded reports; ``at`` has the last one for each place in the result."""

    origins: Origins
    source: MarkedPlaces = field(default_factory=MarkedPlaces)
    target: MarkedPlaces = field(default_factory=MarkedPlaces)
    at: dict[Parts, Evaluation | Written] = field(default_factory=dict)
    _tried: dict[Parts, list[Evaluation]] = field(default_factory=dict)
    _open: list[Entered] = field(default_factory=list)
    _last: Evaluation | None = None

    def began(self, mapping: LinkedMapping, payload: JSON, output: Output) -> None:
        self.target.add(output, mapping.target)
        place = self.origins.place(payload)
        if place is not None:
            self.source.add(place, mapping.source)

    def evaluated(
        self, output: Output, expression: Expression, context: JSON, scope: Scope, value: JSON
    ) -> None:
        self._last = Evaluation(output, expression, context, scope, value, tuple(self._open))
        self.at[output] = self._last
        self._tried.setdefault(output, []).append(self._last)

    def entered(self, context: JSON) -> None:
        assert self._last is not None
        self._last.decides = True
        self._open.append(Entered(self._last, context))

    def left(self) -> None:
        self._last = self._open.pop().evaluation

    def written(self, output: Output, span: Span) -> None:
        empty = (told for told in self._tried.pop(output, ()) if not told.decides)
        self.at[output] = Written(output, span, tuple(self._open), tuple(empty))

    def nearest(self, output: Parts) -> Evaluation | Written | None:
        """The evaluation that wrote a path, or the nearest one around it."""
        for length in range(len(output), -1, -1):
            found = self.at.get(output[:length])
            if isinstance(found, Written) or (found is not None and not found.decides):
                return found
        return None
