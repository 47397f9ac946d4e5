"""One run of the examples: the payloads of the mapping in each, and the rules that they reach.

``siblings`` of a property are the others of its object with values of the same kind: those of the schema
if it is in the payload, else those that were beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from crossdock.core.diagnostics import Span
from crossdock.core.json_types import JSON
from crossdock.execution.evaluator import Evaluator
from crossdock.execution.scope import Scope
from crossdock.execution.trace import Origins, Parts
from crossdock.language.expr import Expr, Expression, Identifier
from crossdock.schema.shape import Shape
from crossdock.tools.coverage.firing import CoverageWatch
from crossdock.tools.coverage.rules import Key

if TYPE_CHECKING:
    from crossdock.language.syntax import LinkedMapping
    from crossdock.schema.store import Schema


@dataclass(slots=True)
class Given:
    """One payload of the mapping. The scope is None if no expression was evaluated."""

    payload: JSON
    scope: Scope | None = None


@dataclass(slots=True)
class Recorder:
    """A watch of one example that records the payloads of the mapping and the rules that are reached."""

    mapping: LinkedMapping
    siblings: Siblings
    given: list[Given] = field(default_factory=list)
    coverage: CoverageWatch = field(default_factory=CoverageWatch)

    @property
    def reached(self) -> set[Key]:
        return {key for key, _ in self.coverage.seen}

    def began(self, mapping: LinkedMapping, payload: JSON, output: Parts) -> None:  # noqa: ARG002
        if mapping.name == self.mapping.name:
            self.given.append(Given(payload))

    def evaluated(
        self, output: Parts, expression: Expression, context: JSON, scope: Scope, value: JSON
    ) -> None:
        for given in self.given:
            if given.scope is None and given.payload is scope.root:
                given.scope = scope
        self.coverage.evaluated(output, expression, context, scope, value)
        self.siblings.look(expression, context, scope)

    def entered(self, context: JSON) -> None: ...

    def left(self) -> None: ...

    def written(self, output: Parts, span: Span) -> None:
        self.coverage.written(output, span)


@dataclass(slots=True)
class Siblings:
    """For each property that was read, another property of its object that could be read by mistake."""

    schema: Schema | None
    found: dict[int, str | None] = field(default_factory=dict)
    kept: list[Identifier] = field(default_factory=list)  # an identity is only good while its node lives
    origins: dict[int, tuple[JSON, Origins]] = field(default_factory=dict)

    def of(self, part: Identifier) -> str | None:
        return self.found.get(id(part))

    def look(self, expression: Expression, context: JSON, scope: Scope) -> None:
        Evaluator(scope, observer=_Fields(self, scope.root)).evaluate(expression, context)

    def note(self, part: Identifier, context: JSON, root: JSON) -> None:
        if self.found.get(id(part)) is not None or not isinstance(context, dict):
            return
        self.kept.append(part)
        shape = self.shape(context, root)
        names = _in_schema(shape, part.name) if shape is not None else _beside(context, part.name)
        self.found[id(part)] = nearest(part.name, names)

    def shape(self, context: JSON, root: JSON) -> Shape | None:
        """What the schema says of an object of the payload."""
        if self.schema is None:
            return None
        if id(root) not in self.origins:
            self.origins[id(root)] = (root, Origins(root))
        place = self.origins[id(root)][1].place(context)
        shape: Shape | None = None if place is None else self.schema.shape()
        for part in place or ():
            if shape is not None:
                shape = shape.items() if isinstance(part, int) else shape.member(part)
        return shape


@dataclass(frozen=True, slots=True)
class SiblingWatch:
    """A watch that only notes the siblings of what is read."""

    siblings: Siblings

    def began(self, mapping: LinkedMapping, payload: JSON, output: Parts) -> None: ...

    def evaluated(
        self,
        output: Parts,  # noqa: ARG002
        expression: Expression,
        context: JSON,
        scope: Scope,
        value: JSON,  # noqa: ARG002
    ) -> None:
        self.siblings.look(expression, context, scope)

    def entered(self, context: JSON) -> None: ...

    def left(self) -> None: ...

    def written(self, output: Parts, span: Span) -> None: ...


@dataclass(slots=True)
class _Fields:
    """An observer that records the object that each property is read from."""

    siblings: Siblings
    root: JSON

    def opened(self, part: Expr, context: JSON) -> None:
        if isinstance(part, Identifier):
            self.siblings.note(part, context, self.root)

    def closed(self, value: JSON) -> None: ...

    def seen(self, container: JSON, key: str | int) -> None: ...

    def mark(self) -> int:
        return 0


def _in_schema(shape: Shape, name: str) -> Iterable[str]:
    own = shape.member(name)
    kinds = own.types if own is not None else None
    for other in shape.property_names():
        found = shape.member(other)
        types = found.types if found is not None else None
        if kinds is None or types is None or (kinds & types) - {"null"}:
            yield other


def _beside(context: dict[str, JSON], name: str) -> Iterable[str]:
    return (other for other, value in context.items() if type(value) is type(context.get(name)))


def nearest(name: str, others: Iterable[str]) -> str | None:
    """The most similar other name."""
    found = [other for other in others if other != name]
    return max(sorted(found), key=lambda other: SequenceMatcher(None, name, other).ratio(), default=None)
