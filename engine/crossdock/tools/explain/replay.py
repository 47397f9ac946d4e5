"""One expression evaluated once more, part by part, to see what each part read and gave.

Of each part a ``Part`` is kept: its node, its value, its own parts in the order in which they were
evaluated, and the places that it read. A value that is read from an object that the expression built has no
path in the payload; it is ``made``, and as sensitive as everything that the expression read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from crossdock.checking.sensitivity import Sensitivity
from crossdock.core.json_types import JSON
from crossdock.core.paths import Parts, pointer
from crossdock.execution.evaluator import Evaluator
from crossdock.execution.scope import Scope
from crossdock.execution.trace import Origins
from crossdock.language.expr import Current, Expr, Expression, Identity, Variable
from crossdock.tools.explain.marked_places import MarkedPlaces


@dataclass(frozen=True, slots=True)
class Seen:
    """A place in the payload, and its value; None if there is none."""

    parts: Parts
    value: JSON


@dataclass(slots=True)
class Part:
    """A part of an expression that was evaluated."""

    node: Expr
    value: JSON = None
    parts: list[Part] = field(default_factory=list)
    reads: list[Seen] = field(default_factory=list)
    made: bool = False
    _seen: tuple[Seen, ...] | None = None

    def walk(self) -> Iterator[Part]:
        pending = [self]
        while pending:
            part = pending.pop()
            yield part
            pending.extend(reversed(part.parts))

    def seen(self) -> tuple[Seen, ...]:
        """The places that were read in it, each once, and none on the way to another."""
        if self._seen is None:
            reads = {read.parts: read for part in self.walk() for read in part.reads}
            passed = {parts[:length] for parts in reads for length in range(len(parts))}
            self._seen = tuple(read for read in reads.values() if read.parts not in passed)
        return self._seen


class _Recording:
    """An observer that records all notifications."""

    def __init__(self, origins: Origins) -> None:
        self.origins = origins
        self.whole: Part | None = None
        self.open: list[Part] = []

    def opened(self, part: Expr, context: JSON) -> None:
        found = Part(part)
        match part:
            case Current() | Identity():
                found.made = context is not None and self.origins.place(context) is None
            case Variable():
                # What the variable holds was read where it is bound, so nothing here says what is secret.
                found.made = True
        if self.open:
            self.open[-1].parts.append(found)
        self.open.append(found)

    def closed(self, value: JSON) -> None:
        done = self.open.pop()
        done.value = value
        self.whole = done

    def seen(self, container: JSON, key: str | int) -> None:
        place = self.origins.place(container)
        if place is None:
            self.open[-1].made = True
        else:
            self.open[-1].reads.append(Seen((*place, key), _element(container, key)))

    def mark(self) -> int:
        return 0


def _element(container: JSON, key: str | int) -> JSON:
    if isinstance(container, dict):
        return container.get(str(key))
    if isinstance(container, list) and isinstance(key, int) and 0 <= key < len(container):
        return container[key]
    return None


def replay(expression: Expression, context: JSON, scope: Scope, origins: Origins) -> Part:
    """Evaluate an expression again and record it. It succeeded in the run, so it does not fail here."""
    recording = _Recording(origins)
    Evaluator(scope, observer=recording).evaluate(expression, context)
    assert recording.whole is not None
    return recording.whole


@dataclass(frozen=True, slots=True)
class Judge:
    """Which values of one expression must be hidden.

    ``known`` is what the analysis of the mapping says of it. Where that has no schema to go by, a value is
    hidden if a place was read for it that is marked in this run: one of ``marked``, or the context, when
    ``around`` is true.
    """

    whole: Part
    known: Sensitivity
    marked: MarkedPlaces
    around: bool
    _known: dict[int, bool] = field(default_factory=dict)

    def hides(self, part: Part) -> bool:
        """Whether what a part gives is sensitive, or made of what is."""
        if id(part) not in self._known:
            self._known[id(part)] = self._hides(part)
        return self._known[id(part)]

    def _hides(self, part: Part) -> bool:
        if self.known.of(part.node).itself or any(self.secret(seen) for seen in part.seen()):
            return True
        made = any(each.made for each in part.walk())
        return made and (self.around or (part is not self.whole and self.hides(self.whole)))

    def secret(self, seen: Seen) -> bool:
        """Whether a value that was read is sensitive, or holds something sensitive."""
        if isinstance(seen.value, dict | list):
            return bool(seen.value) and self.marked.below(seen.parts)
        return self.marked.at(seen.parts)

    def pointer(self, seen: Seen) -> str:
        """The place that was read, without the keys that must not be shown."""
        return pointer(*self.marked.shown(seen.parts))
