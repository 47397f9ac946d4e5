"""The parts of a payload that a mapping can read, and its whole numbers there as ints.

A parser gives 2.0 as a float, and everything else takes a whole number for an int. What nothing reads may
stay as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from crossdock.core.json_types import JSON, exact_as_int, settle
from crossdock.core.paths import EACH

# A process that runs kept code needs no schema.
if TYPE_CHECKING:
    from crossdock.schema.dialect import Node
    from crossdock.schema.store import Schema

Path = tuple[str, ...]
"""The names that lead to a part of a payload; ``[]`` is each item of a list."""

Settle = Callable[[JSON], JSON]
"""Gives a value with its whole numbers as ints."""

_OBJECTS: Final = frozenset(("object", "null"))
_LISTS: Final = frozenset(("array", "null"))
_TEXTS: Final = frozenset(("string", "boolean", "null"))


def parts_at(paths: Iterable[Path]) -> Selection:
    """The parts at some paths."""
    made = Selection()
    for path in paths:
        made.add(path)
    return made


def with_numbers(paths: Iterable[Path], schema: Schema) -> list[Path]:
    """The paths at which a value that fits a schema may have a number, as far as types tell."""
    return [path for path in paths if not _leads_to_text(path, schema)]


def _leads_to_text(path: Path, schema: Schema) -> bool:
    from crossdock.schema.node import first_items, other_items, properties

    node, kinds = _kinds_of(schema.node, schema)
    for part in path:
        if part != EACH:
            below = properties(node).get(part) if kinds <= _OBJECTS else None
        else:
            below = other_items(node) if kinds <= _LISTS and not first_items(node) else None
        if below is None:
            return False
        node, kinds = _kinds_of(below, schema)
    return kinds <= _TEXTS


def _kinds_of(node: Node, schema: Schema) -> tuple[Node, frozenset[str]]:
    """What a node refers to in the end, and the kinds of values that every node on the way allows."""
    from crossdock.schema.node import kinds, reference

    allowed = kinds(node)
    while (target := reference(node)) is not None:
        node = schema.store.target(target)
        allowed &= kinds(node)
    return node, allowed


@dataclass(slots=True)
class Selection:
    """What is read below a place: everything, some members, or a part of each item."""

    whole: bool = False
    members: dict[str, Selection] = field(default_factory=dict)
    items: Selection | None = None

    def add(self, path: Path) -> None:
        """Notes a path that begins here."""
        if not path:
            self.whole = True
        elif path[0] == EACH:
            self.items = self.items or Selection()
            self.items.add(path[1:])
        else:
            self.members.setdefault(path[0], Selection()).add(path[1:])

    def settling(self, whole: Settle = settle) -> Settle:
        """What settles the parts that are read, and copies what is around a change.

        ``whole`` settles a part that is read completely.
        """
        if self.whole:
            return whole
        members = [(name, each.settling(whole)) for name, each in self.members.items()]
        below = None if self.items is None else self.items.settling(whole)

        def run(value: JSON) -> JSON:
            if isinstance(value, dict):
                return _with_members(value, members) if members else whole(value)
            if isinstance(value, list):
                return whole(value) if below is None else _with_items(value, below)
            return exact_as_int(value) if type(value) is float else value

        return run


def _with_members(value: dict[str, JSON], members: Iterable[tuple[str, Settle]]) -> JSON:
    """An object with some members settled; a copy when one changes."""
    made = value
    for name, settles in members:
        each = value.get(name)
        kind = type(each)
        if kind is float or kind is dict or kind is list:
            new = settles(each)
            if new is not each:
                made = {**value} if made is value else made
                made[name] = new
    return made


def _with_items(value: list[JSON], settles: Settle) -> JSON:
    """A list with its items settled; a copy when one changes."""
    made = value
    for index, each in enumerate(value):
        kind = type(each)
        if kind is float or kind is dict or kind is list:
            new = settles(each)
            if new is not each:
                made = [*value] if made is value else made
                made[index] = new
    return made
