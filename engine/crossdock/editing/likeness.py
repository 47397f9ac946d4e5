"""The order in which the properties of a value are offered.

What counts: how much the name says the same as the names of what it is written to, whether its type fits
there, and how often the same file reads the property of the same thing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from crossdock.checking.types import Type
from crossdock.core.paths import EACH
from crossdock.schema.shape import Shape
from crossdock.tools.drafting.ranking import TargetField, name_score
from crossdock.tools.drafting.schema_fields import SchemaField
from crossdock.tools.drafting.words import words

_READ_ELSEWHERE: Final = 0.15
_FITS: Final = 0.1
_LIST: Final = 0.3
_SAME_NAME: Final = 0.3
_READ_ALREADY: Final = 0.6


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a value is for: the type that it is written to, and the names of where it is written.

    ``keys`` are those names, the innermost last; ``is_list``: its elements are taken. ``already`` are the
    properties of the same context that the same expression reads.
    """

    typ: Type
    keys: tuple[tuple[str, ...], ...] = ()
    is_list: bool = False
    already: frozenset[str] = frozenset()


def names_of(name: str) -> tuple[str, ...]:
    """The names of the properties in the name of a type, as messages say it: ``shop/order.items[].sku``."""
    path = name.rpartition("/")[2].replace(EACH, "")
    return tuple(part for part in path.split(".")[1:] if part)


def rank(context: Type, wanted: Wanted, counted: Mapping[str, int]) -> list[str]:
    """The properties of a context, the likeliest first."""
    scores = {name: _score(name, context, wanted, counted.get(name, 0)) for name in context.property_names()}
    return sorted(scores, key=lambda name: (-round(scores[name], 3), name))


def _score(name: str, context: Type, wanted: Wanted, read: int) -> float:
    base = names_of(context.name)[-1:]
    score = _READ_ELSEWHERE * math.log2(1 + read) + max(
        (_named(keys, name, base) for keys in wanted.keys if keys), default=0.0
    )
    found = context.member(name)
    if found is not None and found.known:
        if wanted.is_list:
            score += _LIST if "array" in found.kinds else -_LIST
        elif wanted.typ.known:
            score += _FITS if found.kinds & wanted.typ.kinds else -_FITS
    return score - _READ_ALREADY * (name in wanted.already)


def _named(keys: tuple[str, ...], name: str, base: tuple[str, ...]) -> float:
    """How much a name says the same as the names of where its value is written."""
    field = SchemaField(keys[-1:], Shape({}, lambda _: {}))
    same = words(keys[-1]) == words(name)
    return name_score(TargetField(field, keys[:-1]), (name,), base) + _SAME_NAME * same
