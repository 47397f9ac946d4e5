"""Which fields of both schemas a mapping accounts for, and which it does not.

    account.side         "source" or "target"
    account.done         the fields that are read, or written
    account.left_out     those that are ignored, or unavailable, each with the reason
    account.unaccounted  those that are neither

A field is read when an expression reads it, for a value or to decide on one, or when an object or a list
around it is copied as a whole. It is written when a cell writes it, or an object or list that contains it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from crossdock.checking.field_reads import FieldReads, field_reads
from crossdock.checking.ignored_fields import REST
from crossdock.checking.lineage import Link, lineage
from crossdock.checking.types import Type
from crossdock.core.paths import EACH
from crossdock.language.syntax import Ignored
from crossdock.tools.coverage.leaves import Parts, field, leaves_of, parts_of

if TYPE_CHECKING:
    from crossdock.language.syntax import LinkedMapping
    from crossdock.schema.store import Schema


@dataclass(frozen=True, slots=True)
class Account:
    """One side of a mapping: its fields, and whether each is accounted for."""

    side: Literal["source", "target"]
    schema: str
    done: tuple[Parts, ...]
    left_out: tuple[tuple[Parts, Ignored], ...]
    unaccounted: tuple[Parts, ...]

    @property
    def total(self) -> int:
        return len(self.done) + len(self.left_out) + len(self.unaccounted)


def accounts_of(mapping: LinkedMapping) -> list[Account]:
    """The sides that have a schema."""
    found = []
    if mapping.source is not None:
        found.append(_account("source", mapping.source, field_reads(mapping), mapping.ignored))
    if mapping.target is not None:
        found.append(_account("target", mapping.target, _Writes(lineage(mapping)), mapping.unavailable))
    return found


def _account(
    side: Literal["source", "target"],
    schema: Schema,
    doing: FieldReads | _Writes,
    entries: tuple[Ignored, ...],
) -> Account:
    done: list[Parts] = []
    left_out: list[tuple[Parts, Ignored]] = []
    opened: list[Parts] = []
    for leaf in leaves_of(schema):
        if doing.has(leaf):
            done.append(leaf)
        elif entry := next((entry for entry in entries if _names(entry.path, leaf)), None):
            left_out.append((leaf, entry))
        else:
            opened.append(leaf)
    return Account(side, schema.name, tuple(done), tuple(left_out), tuple(opened))


def _names(path: Parts, leaf: Parts) -> bool:
    """Whether a path names a field, or something around it."""
    path = field(path[:-1] if path[-1] == REST else path)
    return leaf[: len(path)] == path


class _Writes:
    """What a mapping writes of its target."""

    def __init__(self, links: Iterable[Link]) -> None:
        self.links = [(parts_of(link.target), link.gives) for link in links]

    def has(self, leaf: Parts) -> bool:
        return any(_writes(target, gives, leaf) for target, gives in self.links)


def _writes(target: Parts, gives: Type, leaf: Parts) -> bool:
    """Whether a cell writes a field: the cell of the field, one inside it, or one around it that has it."""
    if target[: len(leaf)] == leaf:
        return True
    return leaf[: len(target)] == target and _has(gives, leaf[len(target) :])


def _has(typ: Type, path: Parts) -> bool:
    """Whether a value has something at a path. A value of unknown type has."""
    for part in path:
        if not typ.known:
            return True
        found = typ.items() if part == EACH else typ.member(part)
        if found is None:
            return False
        typ = found
    return not typ.known or bool(typ.kinds)
