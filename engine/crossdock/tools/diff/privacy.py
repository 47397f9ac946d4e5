"""Which values of a result must not be shown: those that a schema marks, and those made of such values.

The target schema marks the field, or the source schema marks a value that it is made of, which the lineage
of the mapping and the trace of the run show. When in doubt a value is hidden.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from crossdock.checking.lineage import lineage
from crossdock.core.json_types import JSON, Missing
from crossdock.core.paths import PathError, begins, field_of, parse_path
from crossdock.execution.trace import Parts, Step
from crossdock.tools.explain.paths import shape_at
from crossdock.tools.explain.secrets import Secrets

if TYPE_CHECKING:
    from crossdock.language.syntax import LinkedMapping

HIDDEN: Final = "•••"


class Privacy:
    """What may be shown of the results of one mapping."""

    def __init__(self, mapping: LinkedMapping) -> None:
        self._mapping = mapping
        self._target, self._source = Secrets(), Secrets()
        self._target.add((), mapping.target)
        self._source.add((), mapping.source)
        links = lineage(mapping) if mapping.source is not None else []
        self._made_of_secrets = [
            field_of(parse_path(link.target))
            for link in links
            if any(self._secret_path(path) for path in link.sources)
        ]

    def _secret_path(self, path: str) -> bool:
        try:
            return self._source.below(parse_path(path))
        except PathError:
            return True

    def hides(self, field: tuple[str, ...], reads: Iterable[Step]) -> bool:
        """Whether a single value at a place must not be shown; ``reads`` are the steps on the way to it."""
        if self._target.at(field) or any(begins(field, secret) for secret in self._made_of_secrets):
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
        return HIDDEN if self.hides(field_of(parts), way) else value

    def place(self, parts: Parts) -> Parts:
        """A place in a result, with the keys on the way masked that are values of the payload."""
        return tuple(
            self._key(parts[:at], part) if isinstance(part, str) else part for at, part in enumerate(parts)
        )

    def _key(self, around: Parts, key: str) -> str:
        """A key that a function made from a sensitive value is not shown as the name of a field."""
        made = any(begins(field_of(around), secret) for secret in self._made_of_secrets)
        if not made:
            return key
        shape = shape_at(self._mapping.target, around)
        return key if shape is not None and key in shape.property_names() else HIDDEN
