"""What a few lines of a mapping stand for: fragments that use each other, and values that multiply.

Fragments use fragments, and each may be used several times; so ten of them can stand for a thousand cells,
or for ever more of them when one uses itself. And what one ``$with`` doubles, the next doubles again.
Everything here is computed once for each fragment, before a mapping runs.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import Final

from crossdock.core.diagnostics import Diagnostic
from crossdock.core.limits import USE_CHAIN, USE_LEVELS, USED_CELLS, USES
from crossdock.core.records import record, replace
from crossdock.language import syntax
from crossdock.language.cost import ONCE, CostContext, GrowthError, Size, size_of
from crossdock.language.expr import Expression
from crossdock.language.syntax import LinkedMapping

_ALONE: Final = CostContext()

Fragments = MappingType[str, syntax.Fragment]


def multitude(fragments: Fragments) -> Diagnostic | None:
    """A fragment that stands for too many uses, or for too long a chain of them."""
    known: dict[str, tuple[int, int]] = {}
    for name, fragment in fragments.items():
        uses, chain = _all_uses(fragments, fragment.cell, known, 0)
        if uses > USES or chain > USE_CHAIN:
            many = f"{USES} uses of others" if chain <= USE_CHAIN else f"{USE_CHAIN} others in a chain"
            message = f"the fragment `{name}` expands to more than {many}"
            return Diagnostic("file-too-large", message, fragment.span)
    return None


def _all_uses(
    fragments: Fragments, cell: syntax.Cell, known: dict[str, tuple[int, int]], depth: int
) -> tuple[int, int]:
    """How many fragments a cell uses, directly and through others, and the longest chain of them."""
    uses = chain = 0
    for use in syntax.uses(cell):
        fragment = fragments.get(use.name)
        if fragment is None or depth > USE_CHAIN:
            chain = max(chain, depth if fragment else 0)
            continue
        if use.name not in known:
            known[use.name] = 0, 0  # a cycle is reported elsewhere
            known[use.name] = _all_uses(fragments, fragment.cell, known, depth + 1)
        within, below = known[use.name]
        uses, chain = uses + 1 + within, max(chain, 1 + below)
    return uses, chain


def circles(fragments: Fragments) -> list[Diagnostic]:
    """Each use by which a fragment uses itself, directly or through others. No chain may be too long."""
    walk = _Circles({name: syntax.uses(fragment.cell) for name, fragment in fragments.items()})
    for name in fragments:
        if name not in walk.met:
            walk.visit(name)
    return [
        Diagnostic("use-circle", f"the fragment `{use.name}` uses itself", use.name_span)
        for name, uses in walk.uses.items()
        for use in uses
        if use.name in fragments and walk.circle_of[use.name] == walk.circle_of[name]
    ]


def too_deep(fragments: Fragments) -> list[Diagnostic]:
    """The first fragment that nests too deep, with what it uses. There must be no circle."""
    levels: dict[str, int] = {}

    def visit(name: str) -> None:
        cell = fragments[name].cell
        for use in syntax.uses(cell):
            if use.name in fragments and use.name not in levels:
                visit(use.name)
        levels[name] = _levels(cell, lambda use: levels.get(use.name, 0))

    for name, fragment in fragments.items():
        if name not in levels:
            visit(name)
        if levels[name] > USE_LEVELS:
            message = f"the fragment `{name}` nests deeper than {USE_LEVELS} levels, with what it uses"
            return [Diagnostic("file-too-large", message, fragment.span)]
    return []


def _levels(cell: syntax.Cell | syntax.Each, of_use: Callable[[syntax.Use], int]) -> int:
    """How deep a cell nests."""
    match cell:
        case syntax.Use():
            beside = (1 + _levels(item.cell, of_use) for item in cell.beside)
            return max(of_use(cell), *beside, 0)
        case syntax.Object(fields):
            return 1 + max((_levels(item.cell, of_use) for item in fields), default=0)
        case syntax.List(items):
            return 1 + max((_levels(item, of_use) for item in items), default=0)
        case syntax.Switch(cases=fields):
            return 1 + max((_levels(item.cell, of_use) for item in fields), default=0)
        case syntax.Each(_, inner) | syntax.With(_, inner) | syntax.If(_, inner):
            return 1 + _levels(inner, of_use)
    return 0


@dataclass(slots=True)
class _Circles:
    """One walk over all fragments, each met once: those that reach each other are a circle (Tarjan)."""

    uses: dict[str, list[syntax.Use]]
    met: dict[str, int] = field(default_factory=dict)
    circle_of: dict[str, int] = field(default_factory=dict)
    way: list[str] = field(default_factory=list)

    def visit(self, name: str) -> int:
        """The earliest fragment still on the way that is reached from this one, by its number."""
        number = earliest = self.met[name] = len(self.met)
        self.way.append(name)
        for use in self.uses[name]:
            if use.name not in self.uses:
                continue
            if use.name not in self.met:
                earliest = min(earliest, self.visit(use.name))
            elif use.name not in self.circle_of:
                earliest = min(earliest, self.met[use.name])
        if earliest == number:
            while name not in self.circle_of:
                self.circle_of[self.way.pop()] = number
        return earliest


def multiplied(mapping: LinkedMapping) -> list[Diagnostic]:
    """The expressions that multiply their input too often, together with the cells around them."""
    if crowded := _Crowd().of(mapping):
        return [crowded]
    growth = _Growth()
    growth.cell(mapping.cell, _ALONE)
    return growth.findings


@dataclass(slots=True)
class _Crowd:
    """How many cells and uses of other mappings a mapping stands for, and the longest chain of those.

    Each definition is met once, with the keys that are overridden beside its uses.
    """

    known: dict[int, _Many] = field(default_factory=dict)
    levels: dict[int, int] = field(default_factory=dict)

    def of(self, mapping: LinkedMapping) -> Diagnostic | None:
        """The use with which a mapping stands for too many cells or uses."""
        total = _Many()
        for use in syntax.uses(mapping.cell):
            total = total.and_one(self.use(use))
            if (many := total.too_many()) is not None:
                message = f"with `{use.name}` the mapping expands to more than {many}"
                return Diagnostic("file-too-large", message, use.name_span)
        if _levels(mapping.cell, self.below) <= USE_LEVELS:
            return None
        deepest = max(syntax.uses(mapping.cell), key=self.below)
        message = f"with `{deepest.name}` the mapping nests deeper than {USE_LEVELS} levels"
        return Diagnostic("file-too-large", message, deepest.name_span)

    def below(self, use: syntax.Use) -> int:
        """How deep what is used nests; it has been met."""
        return self.levels[id(_cell_of(use))]

    def use(self, use: syntax.Use) -> _Many:
        found = self.cell(_cell_of(use))
        if isinstance(use.definition, LinkedMapping):
            return replace(found, uses=found.uses + 1, chain=found.chain + 1)
        return found

    def cell(self, cell: syntax.Cell) -> _Many:
        if id(cell) not in self.known:
            found = _Many(syntax.cells(cell))
            for use in syntax.uses(cell):
                found = found.and_one(self.use(use))
            self.known[id(cell)] = found
            self.levels[id(cell)] = _levels(cell, self.below)
        return self.known[id(cell)]


@record(frozen=True, slots=True)
class _Many:
    """What a cell stands for: cells, uses of other mappings, and the longest chain of such uses."""

    cells: int = 0
    uses: int = 0
    chain: int = 0

    def and_one(self, other: _Many) -> _Many:
        return _Many(self.cells + other.cells, self.uses + other.uses, max(self.chain, other.chain))

    def too_many(self) -> str | None:
        """What there is too much of, in words."""
        if self.chain > USE_CHAIN:
            return f"{USE_CHAIN} others in a chain"
        if self.uses > USES:
            return f"{USES} uses of others"
        return f"{USED_CELLS} cells of others" if self.cells > USED_CELLS else None


def _cell_of(use: syntax.Use) -> syntax.Cell:
    """The cell of what is used, the same object for all its uses."""
    definition = use.definition
    assert definition is not None, f"`{use.name}` is not linked"
    return definition.cell if isinstance(definition, LinkedMapping) else definition


@dataclass(slots=True)
class _Growth:
    """The walk over the cells of a mapping, each fragment once in each place of a kind."""

    findings: list[Diagnostic] = field(default_factory=list)
    walked: set[tuple[int, CostContext]] = field(default_factory=set)

    def cell(self, cell: syntax.Cell | syntax.Each, place: CostContext) -> None:
        match cell:
            case syntax.Evaluate(expression) if place != _ALONE:  # where the expression has been measured
                self.size(expression, place)
            case syntax.Object(fields):
                self.fields(fields, place)
            case syntax.List(items):
                for item in items:
                    self.cell(item, place)
            case syntax.Each():
                self.inside(cell, place)
            case syntax.With(over, inner):
                if (size := self.size(over, place)) is not None:
                    self.cell(inner, place.behind(size))
            case syntax.If(condition, inner):
                self.size(condition, place)
                self.cell(inner, place)
            case syntax.Switch(over, cases):
                self.size(over, place)
                self.fields(cases, place)
            case syntax.Use():
                self.fields(cell.beside, place)
                self.use(cell, place)

    def fields(self, fields: tuple[syntax.Field, ...], place: CostContext) -> None:
        for item in fields:
            self.cell(item.cell, place)

    def inside(self, each: syntax.Each, place: CostContext) -> None:
        over, size = each.over, self.size(each.over, place)
        if size is None:
            return
        try:
            inside = place.inside(size)
        except GrowthError as error:
            self.findings.append(Diagnostic("expression-too-large", str(error), over.span))
        else:
            self.cell(each.cell, inside.naming_context(each.name))

    def size(self, expression: Expression, place: CostContext) -> Size | None:
        try:
            return size_of(expression, place)
        except GrowthError as error:
            self.findings.append(Diagnostic("expression-too-large", str(error), expression.span))
            return None

    def use(self, use: syntax.Use, place: CostContext) -> None:
        definition = use.linked
        if not isinstance(definition, LinkedMapping):
            self.once(definition, place)
        elif place.context != ONCE:
            # Given a part of the payload itself, it is what its own check has seen.
            within = _Growth([], self.walked)
            within.once(definition.cell, place.own())
            self.findings += [Diagnostic(item.id, item.message, use.name_span) for item in within.findings]

    def once(self, cell: syntax.Cell, place: CostContext) -> None:
        if (id(cell), place) not in self.walked:
            self.walked.add((id(cell), place))
            self.cell(cell, place)
