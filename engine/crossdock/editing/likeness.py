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

_READ_ELSEWHERE: Final = 0.15
_FITS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a value is written to: its type, and its name as messages say it: ``shop/order.items[].sku``."""

    typ: Type
    name: str

    @property
    def names(self) -> tuple[str, ...]:
        return names_of(self.name)


def names_of(name: str) -> tuple[str, ...]:
    """The names of the properties in the name of a type."""
    path = name.rpartition("/")[2].replace(EACH, "")
    return tuple(part for part in path.split(".")[1:] if part)


def rank(context: Type, wanted: Wanted, counted: Mapping[str, int]) -> list[str]:
    """The properties of a context, the likeliest first."""
    scores = {name: _score(name, context, wanted, counted.get(name, 0)) for name in context.property_names()}
    return sorted(scores, key=lambda name: (-round(scores[name], 3), name))


def _score(name: str, context: Type, wanted: Wanted, read: int) -> float:
    score = _READ_ELSEWHERE * math.log2(1 + read)
    found = context.member(name)
    if wanted.names:
        field = SchemaField(wanted.names[-1:], Shape({}, lambda _: {}))
        score += name_score(TargetField(field, wanted.names[:-1]), (name,), names_of(context.name)[-1:])
    if found is not None and found.known and wanted.typ.known:
        score += _FITS if found.kinds & wanted.typ.kinds else -_FITS
    return score
