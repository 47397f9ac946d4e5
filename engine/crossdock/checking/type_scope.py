"""The types of what an expression reaches beside its context: `root()` and the like, and its variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Protocol

from crossdock.checking.element_around import ElementAround
from crossdock.checking.facts import SCOPE_FUNCTIONS
from crossdock.checking.narrowing import Anchor, Facts, all_of, inside, narrowed
from crossdock.checking.sink import SILENT, Recording, Sink
from crossdock.checking.types import ANYTHING, ListType, Type
from crossdock.core.json_types import JSON
from crossdock.core.records import record, replace
from crossdock.language import syntax
from crossdock.language.expr import Expression, Identifier, Variable
from crossdock.language.syntax import LinkedMapping


@record(frozen=True, slots=True, eq=False)
class BoundValue:
    """What a `let` binds to a name: the type, and the reads that each use of the name reports."""

    typ: Type
    reads: Recording
    facts: Facts = field(default_factory=dict)

    def used(self, sink: Sink, *, indirect: bool) -> Type:
        """The type of a use; what the value reads is reported to the sink."""
        self.reads.replay(sink, indirect=indirect)
        return narrowed(self.typ, self.facts)


def named_value(typ: Type) -> BoundValue:
    """What a name around the expression stands for: reading it reads nothing but what is then read of it."""
    return BoundValue(typ, Recording(SILENT))


class TypeWatch(Protocol):
    """Gets what a check infers, for a tool that asks about a place in a file."""

    def property_read(
        self, expression: Expression, node: Identifier, context: Type, found: Type | None, scope: TypeScope
    ) -> None:
        """A property is read of a context."""

    def variable_read(
        self, expression: Expression, node: Variable, found: Type | None, scope: TypeScope
    ) -> None:
        """A variable is read."""

    def cell_written(self, cell: syntax.Cell, context: Type, target: Type, scope: TypeScope) -> None:
        """A cell is written to a target."""

    def mapping_used(self, mapping: LinkedMapping, context: Type, scope: TypeScope) -> None:
        """A mapping is used in a context."""

    def steps_used(self, name: str, inputs: Mapping[str, Type]) -> None:
        """Shared steps are given inputs."""


@record(frozen=True, slots=True)
class TypeScope:
    """The types of the context functions, the variables of the expression, and the tables of the file.

    ``lenient``: a property that its schema does not document gives a warning instead of an error.
    ``has_clock``: `now()` is known, as it is in conversations only. ``around``: the element of the innermost
    `$each` that the expression is in. ``watch`` gets everything that is inferred.
    """

    root: Type
    settings: Type
    request: Type = ANYTHING
    answers: Type = ANYTHING
    tables: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)
    lenient: bool = False
    has_clock: bool = False
    variables: Mapping[str, BoundValue] = field(default_factory=dict)
    events: Type = ListType(ANYTHING)
    around: ElementAround | None = None
    watch: TypeWatch | None = field(default=None, compare=False)

    def read_property(self, expression: Expression, node: Identifier, context: Type) -> Type | None:
        """The type of a property of the context; None if it has none with that name."""
        found = context.member(node.name)
        if self.watch is not None:
            self.watch.property_read(expression, node, context, found, self)
        return found

    def read_variable(self, expression: Expression, node: Variable) -> BoundValue | None:
        """What a variable stands for; None for one that means nothing."""
        bound = self.variables.get(node.name)
        if self.watch is not None:
            self.watch.variable_read(expression, node, bound.typ if bound is not None else None, self)
        return bound

    def naming(self, name: str | None, typ: Type) -> TypeScope:
        """The scope inside of what gives a value a name, if it gives one."""
        if name is None:
            return self
        return replace(self, variables={**self.variables, name: named_value(typ)})

    def in_each(self, typ: Type, name: str | None, over: str) -> TypeScope:
        """The scope inside of a `$each`, for an element of its list."""
        return replace(self.naming(name, typ), around=ElementAround(typ, name, "$each", over))

    def elsewhere(self, name: str) -> str | None:
        """How to read a property that the context does not have, and the element or payload around has."""
        if self.around is not None and self.around.has(name):
            return self.around.read(name)
        if self.root.known and self.root.member(name) is not None:
            return f"`root().{name}` reads it from the whole payload"
        return None

    def narrowed(self, facts: Facts) -> TypeScope:
        """The scope where these facts hold."""
        scope = self
        for anchor in dict.fromkeys(path[0] for path in facts if path and isinstance(path[0], Anchor)):
            about = inside(facts, anchor)
            if anchor.name in SCOPE_FUNCTIONS:
                typ: Type = narrowed(getattr(self, anchor.name), about)
                scope = replace(scope, **{anchor.name: typ})  # type: ignore[arg-type]
                continue
            name = anchor.name.removeprefix("$")
            if (bound := self.variables.get(name)) is not None:
                bound = replace(bound, facts=all_of(bound.facts, about))
                scope = replace(scope, variables={**scope.variables, name: bound})
        return scope
