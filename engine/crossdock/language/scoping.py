"""The names that a file gives to values, and which variables read them.

    each: {line: $order.items}      the file names `$order` and `$line`
    body: {sku: $line.sku}          `$line` is free in this cell: something around the cell has to name it

A fragment may have free variables, which then mean what they mean where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as MappingType
from dataclasses import field
from typing import Final, TypeAlias

from crossdock.core.diagnostics import Diagnostic
from crossdock.core.records import record, replace
from crossdock.language import syntax
from crossdock.language.expr import Expression, Variable
from crossdock.language.names import unbound, unknown_variable

ChangeOfExpression: TypeAlias = "Callable[[Expression], Expression]"
_NOTHING: Final = frozenset[str]()


@record(frozen=True, slots=True)
class FreeVariable:
    """A variable that its expression does not name. ``near`` are the names that are there."""

    variable: Variable
    expression: Expression
    near: frozenset[str]


@record(frozen=True, slots=True)
class FreeUse:
    """A ``$use``, with the names that the cell around it gives."""

    use: syntax.Use
    names: frozenset[str]


def free_in_expression(expression: Expression, names: frozenset[str] = _NOTHING) -> Iterator[FreeVariable]:
    """The free variables of an expression, but for those that are among ``names``."""
    if "$" in expression.text:
        for variable, near in unbound(expression.node, names):
            yield FreeVariable(variable, expression, near)


def free_in_cell(
    cell: syntax.Cell | syntax.Each, names: frozenset[str] = _NOTHING
) -> Iterator[FreeVariable | FreeUse]:
    """The free variables of a cell in the order of the file. What it uses is not followed."""
    match cell:
        case syntax.Evaluate(expression):
            yield from free_in_expression(expression, names)
        case syntax.Object(fields):
            for item in fields:
                yield from free_in_cell(item.cell, names)
        case syntax.Use(beside=fields):
            yield FreeUse(cell, names)
            for item in fields:
                yield from free_in_cell(item.cell, names)
        case syntax.List(items):
            for entry in items:
                yield from free_in_cell(entry, names)
        case syntax.Each(over, inner, name=name):
            yield from free_in_expression(over, names)
            yield from free_in_cell(inner, names if name is None else names | {name})
        case syntax.With(over, inner) | syntax.If(over, inner):
            yield from free_in_expression(over, names)
            yield from free_in_cell(inner, names)
        case syntax.Switch(over, cases):
            yield from free_in_expression(over, names)
            for case in cases:
                yield from free_in_cell(case.cell, names)
        case syntax.Literal():
            pass


@record(frozen=True, slots=True)
class NamesAround:
    """The names around a cell, each with what it means, and help for those that exist only elsewhere."""

    meanings: MappingType[str, str] = field(default_factory=dict)
    elsewhere: MappingType[str, str] = field(default_factory=dict)

    def adding(self, meanings: MappingType[str, str]) -> NamesAround:
        """With more names, which hide those of the same name."""
        elsewhere = {name: help for name, help in self.elsewhere.items() if name not in meanings}
        return NamesAround({**self.meanings, **meanings}, elsewhere)


ALONE: Final = NamesAround()
NAMED: Final = "a variable"
"""The meaning of a name whose variable stays one. Others are for the file around to tell apart."""


class Scoping:
    """Which names the variables of one file mean, in its cells and in its fragments.

    ``meanings`` has what each free variable means, by its identity; in a fragment there can be several.
    Fragments are walked with lists of what is to be done, because a chain of them may be long.
    """

    def __init__(self, fragments: MappingType[str, syntax.Fragment]) -> None:
        self.meanings: dict[int, set[str]] = {}
        self._problems: list[Diagnostic] = []
        self._fragments = {name: [*free_in_cell(item.cell)] for name, item in fragments.items()}
        self._free = _free_names(self._fragments)
        self._walked: set[tuple[str, frozenset[tuple[str, str]]]] = set()
        self._missing: list[tuple[syntax.Use, str, NamesAround]] = []

    def cell(self, cell: syntax.Cell, around: NamesAround) -> None:
        """Note what the variables of a cell mean, and those of what it uses."""
        for found in free_in_cell(cell):
            if isinstance(found, FreeUse):
                self._use(found, around)
            elif not self._known(found, around.meanings):
                self._problems.append(_unknown(found, around))

    def problems(self) -> list[Diagnostic]:
        """The variables that mean nothing, when all cells have been given."""
        found = list(self._problems)
        for use, name, around in self._missing:
            # Where no use knows a name the fragment is to blame, or else the use that does not know it.
            for free in self._occurrences(use.name, name):
                if id(free.variable) not in self.meanings:
                    found.append(_unknown(free, around))
                    continue
                message = f"`{use.name}` reads `${name}`, which is not there where it is used here"
                help = around.elsewhere.get(name)
                found.append(Diagnostic("unknown-variable", message, use.name_span, help))
        return list(dict.fromkeys(found))

    def _known(self, free: FreeVariable, meanings: MappingType[str, str]) -> bool:
        meaning = meanings.get(free.variable.name)
        if meaning is not None:
            self.meanings.setdefault(id(free.variable), set()).add(meaning)
        return meaning is not None

    def _use(self, found: FreeUse, around: NamesAround) -> None:
        free = self._free.get(found.use.name, _NOTHING)
        there = around.adding(dict.fromkeys(found.names, NAMED))
        self._missing += [(found.use, name, there) for name in sorted(free) if name not in there.meanings]
        if free:
            self._walk(found.use.name, there.meanings)

    def _walk(self, name: str, there: MappingType[str, str]) -> None:
        """Note what the variables of a fragment mean in one place, once for each kind of place."""
        pending = [(name, there)]
        while pending:
            name, there = pending.pop()
            read = {each: there[each] for each in self._free[name] if each in there}
            key = name, frozenset(read.items())
            if key in self._walked:
                continue
            self._walked.add(key)
            for found in self._fragments[name]:
                if isinstance(found, FreeVariable):
                    self._known(found, read)
                elif self._free.get(found.use.name):
                    pending.append((found.use.name, {**read, **dict.fromkeys(found.names, NAMED)}))

    def _occurrences(self, fragment: str, name: str) -> Iterator[FreeVariable]:
        """Where a fragment, or one that it uses, reads a name that it does not give itself."""
        pending, met = [fragment], {fragment}
        while pending:
            for found in self._fragments[pending.pop()]:
                if isinstance(found, FreeVariable):
                    if found.variable.name == name:
                        yield found
                elif found.use.name not in met and name in self._reads(found):
                    met.add(found.use.name)
                    pending.append(found.use.name)

    def _reads(self, found: FreeUse) -> set[str]:
        """The names that a use reads of those around the cell that it is in."""
        return self._free.get(found.use.name, set()) - found.names


def _free_names(fragments: MappingType[str, list[FreeVariable | FreeUse]]) -> dict[str, set[str]]:
    """The names that each fragment, with those that it uses, reads and does not give itself."""
    free: dict[str, set[str]] = {name: set() for name in fragments}
    users: dict[str, list[tuple[str, frozenset[str]]]] = {name: [] for name in fragments}
    pending = []
    for fragment, reads in fragments.items():
        for found in reads:
            if isinstance(found, FreeVariable):
                pending.append((fragment, found.variable.name))
            elif found.use.name in users:
                users[found.use.name].append((fragment, found.names))
    while pending:
        fragment, name = pending.pop()
        if name not in free[fragment]:
            free[fragment].add(name)
            pending += [(user, name) for user, names in users[fragment] if name not in names]
    return free


def _unknown(free: FreeVariable, around: NamesAround) -> Diagnostic:
    found = unknown_variable(free.variable, free.expression, [*free.near, *around.meanings])
    help = around.elsewhere.get(free.variable.name)
    return found if help is None else replace(found, help=help)


def unknown_in_mapping(file: syntax.MappingFile) -> list[Diagnostic]:
    """The variables of a mapping file that mean nothing."""
    scoping = Scoping(file.fragments)
    scoping.cell(file.cell, ALONE)
    for check in file.checks:
        for expression in (check.condition, check.message):
            if expression is not None:
                scoping.cell(syntax.Evaluate(expression), ALONE)
    return scoping.problems()


def changed_cell(cell: syntax.Cell, change: ChangeOfExpression) -> syntax.Cell:
    """A cell with other expressions; the same object when all stay."""
    match cell:
        case syntax.Evaluate(expression):
            new = change(expression)
            return cell if new is expression else syntax.Evaluate(new)
        case syntax.Object(fields):
            return replace(cell, fields=_changed_fields(fields, change))
        case syntax.Use(beside=fields):
            return replace(cell, beside=_changed_fields(fields, change)) if fields else cell
        case syntax.List(items):
            return replace(cell, items=tuple(_changed_item(item, change) for item in items))
        case syntax.With(over, inner):
            return replace(cell, over=change(over), cell=changed_cell(inner, change))
        case syntax.If(condition, inner):
            return replace(cell, condition=change(condition), cell=changed_cell(inner, change))
        case syntax.Switch(over, cases):
            return replace(cell, over=change(over), cases=_changed_fields(cases, change))
        case syntax.Literal():
            return cell


def _changed_fields(fields: tuple[syntax.Field, ...], change: ChangeOfExpression) -> tuple[syntax.Field, ...]:
    return tuple(replace(item, cell=changed_cell(item.cell, change)) for item in fields)


def _changed_item(item: syntax.Cell | syntax.Each, change: ChangeOfExpression) -> syntax.Cell | syntax.Each:
    if isinstance(item, syntax.Each):
        return replace(item, over=change(item.over), cell=changed_cell(item.cell, change))
    return changed_cell(item, change)
