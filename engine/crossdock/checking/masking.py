"""A value as it may be shown: what is sensitive in it is masked. For plans, journals and logs.

    masked({"sku": "A-1", "email": "ada@example.com"}, held)      # {"sku": "A-1", "email": "•••"}

``held.Held`` says what is sensitive: ``described(marks_of(schema))`` for a payload, or what the analyses of
a mapping or a conversation know of a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crossdock.checking.held import Held, described
from crossdock.core.json_types import JSON
from crossdock.schema.marks import marks_of
from crossdock.schema.store import Schema

HIDDEN: Final = "•••"


_NONE: Final[Mapping[int, Held]] = {}


def masked(value: JSON, held: Held, known: Mapping[int, Held] = _NONE) -> JSON:
    """The value with ``•••`` for each sensitive part, and for each key that is sensitive.

    Null stays, and so does the shape of lists and objects. Where the value is of another kind than the
    places that are marked, such as a text in the place of an object, all of it is masked. ``known`` says more
    of some objects inside, by their identities.
    """
    held = known.get(id(value), held)
    if value is None or not held.reveals:
        return value
    match value:
        case dict() if held.key().reveals or held.any_member().reveals:
            return {
                HIDDEN if held.hides_key(key) else key: masked(inner, held.member(key), known)
                for key, inner in value.items()
            }
        case list() if (element := held.element()).reveals:
            return [masked(inner, element, known) for inner in value]
    return HIDDEN


def masked_by(value: JSON, schema: Schema | None) -> JSON:
    """A payload with what its schema marks masked."""
    return value if schema is None else masked(value, described(marks_of(schema)))
