"""The order in which the properties of a value are offered.

What counts: how much the name and the description say the same as those of what it is written to, whether its
type fits there, what the cells at such a place read in other files, and what is read around it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from crossdock.checking.schema_types import SchemaType
from crossdock.checking.types import Type
from crossdock.core.paths import EACH
from crossdock.editing.habits import Habits, Place
from crossdock.schema.shape import Shape
from crossdock.tools.drafting.ranking import TargetField, description_score, name_score
from crossdock.tools.drafting.schema_fields import SchemaField
from crossdock.tools.drafting.words import concepts, likeness, words
from crossdock.tools.schema_tree import described

_READ_ELSEWHERE: Final = 0.05
_FITS: Final = 0.1
_ALWAYS_THERE: Final = 0.1
_NOT_READ_YET: Final = 0.1
_LIST: Final = 0.3
_SAME_NAME: Final = 0.3
_SAME_WORDS: Final = 0.2
_READ_ALREADY: Final = 0.5
_TAKEN_BEFORE: Final = 0.4
_DESCRIBED: Final = 0.3
_SAME_KEY: Final = 0.1
_SAME_OBJECT: Final = 0.2
_SAME_PLACE: Final = 0.4
_SAID_BESIDE: Final = 1.0
_OF_CONDITION: Final = 0.4
_IS_CONDITION: Final = 0.3
_READ_BESIDE: Final = 0.2
_REPEATED: Final = 0.5
_ALTERNATIVE: Final = 0.3


@dataclass(frozen=True, slots=True)
class Around:
    """What is written around a value, as far as it reads properties of the same context.

    ``beside``: what the other cells of the object read; ``condition``: what is read by its condition, or by
    what it is the condition of; ``is_condition`` says which. ``repeated``: what cells beside it end with that
    are the same but for their constants. ``said`` are the constants in the object, and the name of the step.
    """

    beside: frozenset[str] = frozenset()
    condition: frozenset[str] = frozenset()
    is_condition: bool = False
    repeated: frozenset[str] = frozenset()
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a value is for: the type that it is written to, and the names of where it is written.

    ``keys`` are those names, the innermost last; ``is_list``: its elements are taken. ``already`` are the
    properties of the same context that the same expression reads, and ``alternatives`` those that are read
    before it in its `||`. ``of`` is the name of what the property is read of.
    """

    typ: Type
    keys: tuple[tuple[str, ...], ...] = ()
    is_list: bool = False
    already: frozenset[str] = frozenset()
    alternatives: tuple[str, ...] = ()
    place: Place = ()
    of: str = ""
    around: Around = field(default_factory=Around)


def names_of(name: str) -> tuple[str, ...]:
    """The names of the properties in the name of a type, as messages say it: ``shop/order.items[].sku``."""
    path = name.rpartition("/")[2].replace(EACH, "")
    return tuple(part for part in path.split(".")[1:] if part)


def rank(context: Type, wanted: Wanted, counted: Mapping[str, int], habits: Habits) -> list[str]:
    """The properties of a context, the likeliest first. ``counted``: how often the file reads each."""
    names = context.property_names()
    shares = habits.at_place(wanted.place, names)
    scores = {
        name: _score(name, context, wanted)
        + _SAME_PLACE * shares[name]
        + _SAME_KEY * math.log2(1 + habits.at_key(wanted.place, name))
        + _SAME_OBJECT * math.log2(1 + habits.read_of(wanted.place, wanted.of, name))
        + (_READ_ELSEWHERE * math.log2(1 + counted.get(name, 0)) or _NOT_READ_YET)
        for name in names
    }
    return sorted(scores, key=lambda name: (-round(scores[name], 3), name))


def _score(name: str, context: Type, wanted: Wanted) -> float:
    base = names_of(context.name)[-1:]
    score = max((_named(keys, name, base) for keys in wanted.keys if keys), default=0.0)
    found = context.member(name)
    if found is not None:
        score += _ALWAYS_THERE * (not found.optional) + _by_type(found, wanted)
        score += _DESCRIBED * description_score(_text(wanted.typ), _text(found))
    score -= _READ_ALREADY * (name in wanted.already) + _TAKEN_BEFORE * (name in wanted.alternatives)
    others = (likeness(concepts(name), concepts(each)) for each in wanted.alternatives if each != name)
    return score + _ALTERNATIVE * max(others, default=0.0) + _by_surroundings(name, wanted.around)


def _by_type(found: Type, wanted: Wanted) -> float:
    if not found.known:
        return 0.0
    if wanted.is_list:
        return _LIST if "array" in found.kinds else -_LIST
    if not wanted.typ.known:
        return 0.0
    return _FITS if found.kinds & wanted.typ.kinds else -_FITS


def _by_surroundings(name: str, around: Around) -> float:
    said = any(words(name) == words(text) for text in around.said)
    of_condition = _OF_CONDITION + _IS_CONDITION * around.is_condition
    score = _SAID_BESIDE * said + of_condition * (name in around.condition)
    return score + _REPEATED * (name in around.repeated) - _READ_BESIDE * (name in around.beside)


def _text(typ: Type) -> str:
    return (described(typ.shape) or "") if isinstance(typ, SchemaType) else ""


def _named(keys: tuple[str, ...], name: str, base: tuple[str, ...]) -> float:
    """How much a name says the same as the names of where its value is written."""
    field = SchemaField(keys[-1:], Shape({}, lambda _: {}))
    own, given = words(keys[-1]), words(name)
    score = name_score(TargetField(field, keys[:-1]), (name,), base) + _SAME_NAME * (own == given)
    return score + _SAME_WORDS * len({*own} & {*given}) / max(1, len({*own, *given}))
