"""The names after ``$use``, replaced by what they name.

Each fragment is linked once and shared by all its uses, so the linked cells of a file form a graph without
circles: the linker refuses circles before anything is linked. Cells in which nothing changes stay the
objects that they were, because several readings know cells and expressions by identity.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import TypeAlias

from crossdock.core.records import replace
from crossdock.language.syntax import (
    Cell,
    Definition,
    Each,
    Evaluate,
    Field,
    If,
    LinkedMapping,
    List,
    Literal,
    Object,
    Switch,
    Use,
    With,
)

Change: TypeAlias = "Callable[[LinkedMapping], LinkedMapping]"


@dataclass(frozen=True, slots=True)
class Links:
    """What the names of one file mean. A name that is in neither table keeps the definition that it has."""

    fragments: MappingType[str, Cell]
    used: MappingType[str, LinkedMapping]
    _linked: dict[str, Cell] = field(init=False, default_factory=dict)

    def fragment(self, name: str) -> Cell:
        """A fragment with its own uses linked."""
        if name not in self._linked:
            self._linked[name] = self.cell(self.fragments[name])
        return self._linked[name]

    def all_fragments(self) -> dict[str, Cell]:
        return {name: self.fragment(name) for name in self.fragments}

    def cell(self, cell: Cell) -> Cell:
        """A cell with every ``$use`` in it linked; the same object when all were already."""
        match cell:
            case Evaluate() | Literal():
                return cell
            case Object(fields):
                inside = self._fields(fields)
                return cell if inside is fields else replace(cell, fields=inside)
            case List(items):
                found = tuple(map(self._item, items))
                return cell if _same(found, items) else replace(cell, items=found)
            case With(_, inner) | If(_, inner):
                linked = self.cell(inner)
                return cell if linked is inner else replace(cell, cell=linked)
            case Switch(cases=cases):
                found_cases = self._fields(cases)
                return cell if found_cases is cases else replace(cell, cases=found_cases)
            case Use():
                return self._use(cell)

    def _use(self, use: Use) -> Use:
        definition, beside = self._definition(use), self._fields(use.beside)
        if definition is use.definition and beside is use.beside:
            return use
        return replace(use, definition=definition, beside=beside)

    def _definition(self, use: Use) -> Definition | None:
        if use.name in self.fragments:
            return self.fragment(use.name)
        return self.used.get(use.name, use.definition)

    def _item(self, item: Cell | Each) -> Cell | Each:
        if not isinstance(item, Each):
            return self.cell(item)
        inner = self.cell(item.cell)
        return item if inner is item.cell else replace(item, cell=inner)

    def _fields(self, fields: tuple[Field, ...]) -> tuple[Field, ...]:
        found = tuple(map(self._field, fields))
        return fields if _same(found, fields) else found

    def _field(self, item: Field) -> Field:
        inner = self.cell(item.cell)
        return item if inner is item.cell else replace(item, cell=inner)


def _same(found: tuple[object, ...], given: tuple[object, ...]) -> bool:
    return all(new is old for new, old in zip(found, given, strict=True))


def with_fragment(mapping: LinkedMapping, name: str, cell: Cell) -> LinkedMapping:
    """The mapping with another cell as one of its fragments, wherever that fragment is used."""
    links = Links({**mapping.fragments, name: cell}, {})
    return replace(mapping, cell=links.cell(mapping.cell), fragments=links.all_fragments())


def changed(mapping: LinkedMapping, change: Change) -> LinkedMapping:
    """The mapping with ``change`` applied to it and to every mapping that it uses, each once."""
    return changed_with_links(mapping, change)[0]


def changed_with_links(mapping: LinkedMapping, change: Change) -> tuple[LinkedMapping, Links]:
    """The same, and the links for cells that belong to the mapping but are kept outside it."""
    return _changed(mapping, change, {})


def _changed(
    mapping: LinkedMapping, change: Change, done: dict[str, LinkedMapping]
) -> tuple[LinkedMapping, Links]:
    new = change(mapping)
    for used in mapping.used.values():
        if used.name not in done:
            done[used.name] = _changed(used, change, done)[0]
    links = Links(new.fragments, {name: done[used.name] for name, used in mapping.used.items()})
    cell, fragments = links.cell(new.cell), links.all_fragments()
    if cell is new.cell and _same(tuple(fragments.values()), tuple(new.fragments.values())):
        return new, links
    return replace(new, cell=cell, fragments=fragments), links
