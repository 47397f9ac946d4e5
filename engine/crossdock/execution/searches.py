"""How generated code finds something again in a list that it has searched before: see ``codegen.joins``.

``kept`` is what one run keeps, by the place in the code. A list is known by its identity, and is kept alive
as long as its index, so that no other list can have the same. Threads may share ``kept``: an entry never
changes its list, and is complete when it can be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import is_
from typing import Any, Final

from crossdock.core.equality import among, identity
from crossdock.core.json_types import JSON

FEW: Final = 8
"""A list of fewer items is searched as it is."""

UNKNOWN: Final = object()


@dataclass(slots=True)
class _Searched:
    """A list that was searched, and its index once it is searched again.

    ``whole``: a search went through all items without an error.
    """

    items: list[JSON]
    whole: bool = False
    index: Any = None


def matching(
    kept: dict[object, Any], site: object, items: list[JSON], key: Callable[[JSON], JSON], wanted: JSON
) -> Iterable[JSON]:
    """The items of a list that may have the wanted key, in their order: none that has it is left out."""
    if len(items) < FEW:
        return items
    seen: _Searched | None = kept.get(site)
    if seen is None or seen.items is not items:
        kept[site] = _Searched(items)
        return items
    if not seen.whole:
        return items
    try:
        if seen.index is None:
            seen.index = _by_key(items, key)
        found: Iterable[JSON] = seen.index.get(wanted, ())
        return found
    except TypeError:  # a list or an object is the key
        return items


def searched(kept: dict[object, Any], site: object, items: list[JSON]) -> None:
    """Note that a search went through all items of a list without an error."""
    seen = kept.get(site)
    if seen is not None and seen.items is items:
        seen.whole = True


def holds(kept: dict[object, Any], site: object, subject: Any, search: JSON) -> bool:
    """Whether a list has an item that is equal, or a text a part. Raises TypeError for other parts."""
    if subject.__class__ is not list:
        return search in subject
    if len(subject) < FEW:
        return has(subject, search)
    seen = kept.get(site)
    if seen is None or seen.items is not subject:
        kept[site] = _Searched(subject)
        return has(subject, search)
    if seen.index is None:
        seen.index = frozenset(map(identity, subject))
    return identity(search) in seen.index


def has(items: list[JSON], search: JSON) -> bool:
    """Whether a list has an item that is equal in JSON."""
    # What Python finds unequal is unequal; what it finds equal may be 1 and true.
    return search in items and (search.__class__ is str or among(search, items))


def remembered(kept: dict[object, Any], site: object, *inputs: JSON) -> Any:
    """The value that was made here of the same inputs, UNKNOWN if the last ones were others."""
    last = kept.get(site)
    return last[1] if last is not None and all(map(is_, last[0], inputs)) else UNKNOWN


def remember(value: JSON, kept: dict[object, Any], site: object, *inputs: JSON) -> JSON:
    """Keep a value that was made of inputs."""
    kept[site] = (inputs, value)
    return value


def _by_key(items: list[JSON], key: Callable[[JSON], JSON]) -> dict[Any, list[JSON]]:
    """The items by their keys. Raises TypeError when a key is a list or an object."""
    found: dict[Any, list[JSON]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found
