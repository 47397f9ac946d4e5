"""What ran: for each cell of a result, where it is written in the mapping and what it read.

The trace turns a pointer into the result into a span in the YAML and pointers into the payload. It
recognises the source of a value by identity: each list and object of a decoded payload is one Python
object, and occurs at one place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from crossdock.core.diagnostics import Span
from crossdock.core.json_types import JSON
from crossdock.core.paths import pointer

if TYPE_CHECKING:
    from crossdock.execution.scope import Scope
    from crossdock.language.expr import Expression
    from crossdock.language.syntax import LinkedMapping

Parts = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """A place in the payload that a cell looked at, and whether something was there."""

    parts: Parts
    present: bool

    @property
    def pointer(self) -> str:
        return pointer(*self.parts)


@dataclass(frozen=True, slots=True)
class Step:
    """One cell: its place in the result, its span in the mapping, what it read, whether it gave a value."""

    output: Parts
    span: Span
    reads: tuple[Read, ...] = ()
    present: bool = True


@dataclass(slots=True)
class Trace:
    """The steps of one run, inner cells before outer ones. Empty for a run without a trace."""

    steps: list[Step] = field(default_factory=list)

    def at(self, output: Parts) -> Step | None:
        """The step that wrote this place, or else the nearest around it."""
        written = {step.output: step for step in self.steps}
        for length in range(len(output), -1, -1):
            if step := written.get(output[:length]):
                return step
        return None

    def reads_behind(self, step: Step) -> tuple[Read, ...]:
        """What a step read. A step that only reads what a ``$with`` around it made has the reads of that."""
        same = (each.reads for each in reversed(self.steps) if each.output == step.output)
        return step.reads or next(filter(None, same), ())


class Watch(Protocol):
    """An observer of a run, called in the order of the run. It sees more than the trace keeps."""

    def began(self, mapping: LinkedMapping, payload: JSON, output: Parts) -> None:
        """A mapping starts to write a place of the result: the first mapping, or one that is used."""

    def evaluated(
        self, output: Parts, expression: Expression, context: JSON, scope: Scope, value: JSON
    ) -> None:
        """A cell, or the expression of a ``$`` word, has this value; None if there is none."""

    def entered(self, context: JSON) -> None:
        """Everything until ``left`` comes after the last evaluated condition, list or object."""

    def left(self) -> None:
        """What was entered last is done. Its expression counts as the last evaluated one again."""

    def written(self, output: Parts, span: Span) -> None:
        """A constant, a list or an object is complete."""


class Origins:
    """The places of the lists and objects of a payload, and the places that were read last."""

    def __init__(self, payload: JSON) -> None:
        self._payload = payload  # kept alive: identities are only good while it lives
        self._places: dict[int, Parts] = {id(value): parts for parts, value in _containers(payload)}
        self._log: list[Read] = []

    def place(self, value: JSON) -> Parts | None:
        """The place of a list or an object of the payload; None for other values."""
        return self._places.get(id(value)) if isinstance(value, dict | list) else None

    def seen(self, container: JSON, key: str | int) -> None:
        """Note that a property or an element was read."""
        place = self._places.get(id(container))
        if place is None:
            return
        value: JSON = None
        if isinstance(container, dict):
            value = container.get(str(key))
        elif isinstance(container, list) and isinstance(key, int) and 0 <= key < len(container):
            value = container[key]
        self._log.append(Read((*place, key), value is not None))

    def mark(self) -> int:
        """How much was read since the last ``take``."""
        return len(self._log)

    def take(self, since: int = 0) -> tuple[Read, ...]:
        """The reads since the last call, from a mark on, or else the last before it.

        Each place once, and none on the way to another.
        """
        reads = dict.fromkeys(self._log[since:] or self._log[-1:])
        self._log.clear()
        passed = {read.parts[:length] for read in reads for length in range(len(read.parts))}
        return tuple(read for read in reads if read.parts not in passed)


def _containers(payload: JSON) -> Iterator[tuple[Parts, JSON]]:
    stack: list[tuple[Parts, JSON]] = [((), payload)]
    while stack:
        parts, value = stack.pop()
        if isinstance(value, dict):
            yield parts, value
            stack.extend(((*parts, key), inner) for key, inner in value.items())
        elif isinstance(value, list):
            yield parts, value
            stack.extend(((*parts, index), inner) for index, inner in enumerate(value))
