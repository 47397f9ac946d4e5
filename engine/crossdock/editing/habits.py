"""What the cells of a project read, by the names of where they are written.

Other files say what belongs into a cell: where the `id` of an `about` is read of `sku`, the next one may be.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from crossdock.core.errors import CompileError
from crossdock.core.yaml_reader import parse_yaml
from crossdock.editing.analysis import Analysis
from crossdock.editing.places import Keys, scalars
from crossdock.editing.symbols import expressions_of
from crossdock.language.expr import Expr, Identifier, children
from crossdock.tools.drafting.words import words

Place: TypeAlias = tuple[str, ...]
"""The last two keys of where a cell is written; one at the top of a file."""
_WITHOUT_NAME: Final = frozenset({"$value", "value", "map", "$each", "each", "$with"})
_READ_OF: Final = re.compile(r"(\w+)(?:\(\))?\.$")


@dataclass(frozen=True, slots=True)
class Ending:
    """A cell that ends with a property: the ``name``, what it is read of, and where the cell is written."""

    place: Place
    name: str
    of: str = ""


class Habits:
    """How often the cells at each place end with each property."""

    def __init__(self, endings: Iterable[Ending]) -> None:
        found = list(endings)
        self._at_place = Counter((each.place, each.name) for each in found)
        self._at_key = Counter((each.place[-1:], each.name) for each in found)
        self._of = Counter((each.place[-1:], each.of, each.name) for each in found if each.of)

    def at_place(self, place: Place, names: Iterable[str]) -> Mapping[str, float]:
        """The share of each of these properties among those that cells at the same place end with."""
        counted = {name: self._at_place[place, name] for name in names}
        total = max(1, sum(counted.values()))
        return {name: count / total for name, count in counted.items()}

    def at_key(self, place: Place, name: str) -> int:
        """How many cells below the same key end with a property of another name than the key's."""
        if words(name) == words("".join(place[-1:])):
            return 0  # how alike the names are counts already
        return self._at_key[place[-1:], name]

    def read_of(self, place: Place, of: str, name: str) -> int:
        """How many cells below the same key end with a property of what is called the same."""
        return self._of[place[-1:], of, name]


def place_of(keys: Keys) -> Place:
    """The place of a cell: its last two keys, without those that only say how a value is made."""
    names = [key for key in keys if isinstance(key, str)]
    while len(names) > 1 and names[-1] in _WITHOUT_NAME:
        names.pop()
    return tuple(names[-2:])


def endings_of(analysis: Analysis) -> Iterator[Ending]:
    """The cells of a file that end with a property."""
    keys = keys_of_scalars(analysis)
    for expression in expressions_of(analysis):
        last = last_name(expression.node)
        if isinstance(last, Identifier):
            place = place_of(keys.get(expression.scalar.span.start, ()))
            yield Ending(place, last.name, what_is_read(expression.text, last.name))


def what_is_read(text: str, name: str) -> str:
    """What is before a name at the end of an expression, or before the mark: `order` of ``$order.status``."""
    found = _READ_OF.search(text[: text.rfind(name)])
    return found[1] if found else ""


def keys_of_scalars(analysis: Analysis) -> dict[int, Keys]:
    """The keys that lead to each scalar of a file, by the offset of its start."""
    try:
        node = parse_yaml(analysis.source)
    except CompileError:
        return {}
    return {place.scalar.span.start: place.keys for place in scalars(node) if not place.is_key}


def last_name(node: Expr) -> Expr | None:
    """What an expression ends with."""
    if isinstance(node, Identifier):
        return node
    parts = children(node)
    return last_name(parts[-1]) if parts else None
