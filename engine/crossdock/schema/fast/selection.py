"""The parts of a payload that a mapping can read, and its whole numbers there as ints.

A parser gives 2.0 as a float, and everything else takes a whole number for an int. What nothing reads may
stay as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from crossdock.core.json_types import JSON, exact_as_int, settle
from crossdock.core.paths import EACH

Path = tuple[str, ...]
"""The names that lead to a part of a payload; ``[]`` is each item of a list."""

Settle = Callable[[JSON], JSON]
"""Turns the whole numbers of a value that nothing else holds into ints, in place."""


def parts_at(paths: Iterable[Path]) -> Selection:
    """The parts at some paths."""
    made = Selection()
    for path in paths:
        made.add(path)
    return made


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

    def settling(self) -> Settle:
        """What settles the parts that are read."""
        if self.whole:
            return settle
        members = [(name, each.settling()) for name, each in self.members.items()]
        below = None if self.items is None else self.items.settling()

        def run(value: JSON) -> JSON:
            kind = value.__class__
            if kind is dict:
                for name, inner in members:
                    each = value.get(name)  # type: ignore[union-attr]
                    if each.__class__ is float:
                        value[name] = exact_as_int(each)  # type: ignore
                    elif each.__class__ is dict or each.__class__ is list:
                        inner(each)
                return value if members else settle(value)
            if kind is list and below is None:
                return settle(value)
            if kind is list:
                for index, each in enumerate(value):  # type: ignore[arg-type]
                    if each.__class__ is float:
                        value[index] = exact_as_int(each)  # type: ignore
                    elif each.__class__ is dict or each.__class__ is list:
                        below(each)  # type: ignore[misc]
                return value
            return exact_as_int(value) if kind is float else value  # type: ignore[arg-type]

        return run
