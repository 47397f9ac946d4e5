"""How often a mapping can write what it reads, summed over all its cells.

{a: order, b: order}             twice
{a: order.number, b: order.note} once: different properties are different parts
{a: order, b: order.number}      twice: the number is in both
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from crossdock.core.diagnostics import Diagnostic
from crossdock.core.limits import MAPPING_COPIES
from crossdock.core.records import record, replace
from crossdock.language import syntax
from crossdock.language.cost import ONCE, WHOLE, CostContext, GrowthError, property_path, size_of
from crossdock.language.expr import (
    And,
    Concat,
    Conditional,
    Constant,
    Expr,
    Expression,
    FunctionCall,
    Or,
    Text,
    children,
)
from crossdock.language.functions import REGISTRY
from crossdock.language.syntax import LinkedMapping

Path: TypeAlias = tuple[str, ...]
_VISITS: Final = 100_000  # cells, each counted wherever it is used


@record(frozen=True, slots=True)
class _CellContext:
    """Where a cell is: its context as a path from the mapping's own, if it is one, and what it costs."""

    path: Path | None = ()
    cost: CostContext = field(default_factory=CostContext)


def copied(mapping: LinkedMapping, most: int = MAPPING_COPIES) -> list[Diagnostic]:
    """The expression with which a mapping holds what it reads too often. None may be too large alone.

    The cells of a conversation are those of one mapping here.
    """
    total = _Total()
    try:
        total.cell(mapping.cell, _CellContext())
    except GrowthError:
        return []  # reported where that mapping or fragment is measured by itself
    if total.copies() <= most or total.first is None:
        return []
    message = f"the cells from here on can hold what they read more than {most} times together"
    return [Diagnostic("expression-too-large", message, total.first.span)]


@dataclass(slots=True)
class _Total:
    """One walk over the cells, with all that they use, up to a number of them."""

    paths: Counter[Path] = field(default_factory=Counter)
    others: int = 0
    visits: int = 0
    first: Expression | None = None

    def copies(self) -> int:
        """How often the part of the context that is held most often is held."""
        held = (sum(self.paths[path[:end]] for end in range(len(path) + 1)) for path in self.paths)
        return self.others + max(held, default=0)

    def cell(self, cell: syntax.Cell | syntax.Each, place: _CellContext) -> None:
        self.visits += 1
        if self.visits > _VISITS:
            return
        match cell:
            case syntax.Evaluate(expression):
                self.expression(expression, place)
            case syntax.Object(fields):
                for item in fields:
                    self.cell(item.cell, place)
            case syntax.List(items):
                for inner in items:
                    self.cell(inner, place)
            case syntax.Each(over, inner, name=name):
                inside = _inside(over, place, loop=True)
                self.cell(inner, replace(inside, cost=inside.cost.naming_context(name)))
            case syntax.With(over, inner):
                self.cell(inner, _inside(over, place, loop=False))
            case syntax.If(_, inner):
                self.cell(inner, place)
            case syntax.Switch(cases=fields):
                for item in fields:
                    self.cell(item.cell, place)
            case syntax.Use(beside=beside):
                for item in beside:
                    self.cell(item.cell, place)
                self.use(cell.linked, place)

    def use(self, definition: LinkedMapping | syntax.Cell, place: _CellContext) -> None:
        if isinstance(definition, LinkedMapping):
            # Given a part of the payload itself, it costs what its own check has seen.
            alone = place.cost.context == ONCE
            self.cell(definition.cell, _CellContext(place.path, CostContext() if alone else place.cost.own()))
        else:
            self.cell(definition, place)

    def expression(self, expression: Expression, place: _CellContext) -> None:
        found = _paths(expression.node) if place.path is not None else None
        if found is None:
            self.others += size_of(expression, place.cost).times
        else:
            for path in found:
                self.paths[(place.path or ()) + path] += 1
        self.first = self.first or expression


def _inside(over: Expression, place: _CellContext, *, loop: bool) -> _CellContext:
    path = property_path(over.node)
    size = size_of(over, place.cost)
    cost = place.cost.inside(size) if loop else place.cost.behind(size)
    known = place.path is not None and path is not None and path[0] == ""
    return _CellContext((place.path or ()) + path[1:] if known and path else None, cost)


def _paths(node: Expr) -> list[Path] | None:
    """The properties of the context that a value is made of, each once; None if it is made of more."""
    path = property_path(node)
    if path is not None:
        return [path[1:]] if path[0] == "" else None
    match node:
        case Constant():
            return []
        case FunctionCall(name) if name in WHOLE or name not in REGISTRY:
            return None
        case Text() | Concat() | Or() | And() | Conditional() | FunctionCall():
            found: list[Path] = []
            for part in children(node):
                inner = _paths(part)
                if inner is None:
                    return None
                found += inner
            return found
    return None
