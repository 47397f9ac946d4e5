"""Which values of a result must not be shown: those that a schema marks, and those made of such values.

The analysis of the mapping says which they are. Where it has no schema to go by, a value is hidden if the
cell that wrote it, or one around it, read a marked place in this run, as the trace shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from crossdock.checking.masking import HIDDEN
from crossdock.checking.sensitivity import sensitivity_of
from crossdock.core.json_types import JSON, Missing
from crossdock.execution.trace import Parts, Step
from crossdock.tools.explain.marked_places import MarkedPlaces

if TYPE_CHECKING:
    from crossdock.language.syntax import LinkedMapping


class Privacy:
    """What may be shown of the results of one mapping."""

    def __init__(self, mapping: LinkedMapping) -> None:
        self._result = sensitivity_of(mapping).result
        self._source = MarkedPlaces()
        self._source.add((), mapping.source)

    def hides(self, place: Parts, reads: Iterable[Step]) -> bool:
        """Whether a single value at a place must not be shown; ``reads`` are the steps on the way to it."""
        if self._result.at(place).itself:
            return True
        return any(self._source.below(read.parts) for step in reads for read in step.reads)

    def shown(self, value: JSON | Missing, parts: Parts, steps: dict[Parts, list[Step]]) -> JSON | Missing:
        """A value with all that must not be shown masked; what is absent stays so."""
        return value if isinstance(value, Missing) else self._masked(value, parts, steps)

    def _masked(self, value: JSON, parts: Parts, steps: dict[Parts, list[Step]]) -> JSON:
        match value:
            case dict():
                return {
                    self._key(parts, key): self._masked(inner, (*parts, key), steps)
                    for key, inner in value.items()
                }
            case list():
                return [self._masked(inner, (*parts, place), steps) for place, inner in enumerate(value)]
            case None:
                return None
        way = (step for length in range(len(parts) + 1) for step in steps.get(parts[:length], ()))
        return HIDDEN if self.hides(parts, way) else value

    def place(self, parts: Parts) -> Parts:
        """A place in a result, with the keys on the way masked that are values of the payload."""
        return tuple(
            self._key(parts[:at], part) if isinstance(part, str) else part for at, part in enumerate(parts)
        )

    def _key(self, around: Parts, key: str) -> str:
        return HIDDEN if self._result.at(around).hides_key(key) else key
