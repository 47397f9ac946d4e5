"""How well a source field matches a target field: a score from 0 to 1, and the reasons for it.

What counts, in this order: the names and those around them, the descriptions, types, enumerations, what
the values of examples look like, and how far away the field is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from crossdock.core.paths import EACH, path_text
from crossdock.tools.drafting.example_values import SPEAKS_FOR, ExampleValues
from crossdock.tools.drafting.schema_fields import SchemaField
from crossdock.tools.drafting.words import concepts, in_utc, likeness, opposed, shared, words

GOOD_ENOUGH: Final = 0.5
MOST_CANDIDATES: Final = 5
_LEAST: Final = 0.25
_STOP_WORDS: Final = """
    the a an of in is it by at for or and with that what which when where who how be was are not one other
    code text words such as to from on this its all any
"""
_GENERAL: Final = frozenset(("title", "reference", "type", "status", "message", "note", "amount", "method"))
_ENTITIES: Final = frozenset(("customer", "person", "payment", "address", "warehouse", "billing", "line"))
# What belongs to one of these is never an object of another one.
_THINGS: Final = {
    **{thing: thing for thing in ("payment", "line", "discount", "tax", "refund")},
    **dict.fromkeys(("customer", "person", "address", "billing", "shipping"), "person"),
}
_STOP: Final = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True, slots=True)
class Candidate:
    """A source place for a target. ``from_root``: it is outside of the current element or object."""

    place: SchemaField
    path: tuple[str, ...]
    score: float
    reasons: tuple[str, ...]
    from_root: bool = False

    @property
    def text(self) -> str:
        """The path from the current place."""
        return ("root()." if self.from_root else "") + path_text(self.place.path)


@dataclass(frozen=True, slots=True)
class TargetField:
    """A target field, and the names around it."""

    place: SchemaField
    around: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.place.name


def candidates(
    wanted: TargetField, places: Sequence[SchemaField], base: tuple[str, ...], samples: ExampleValues
) -> list[Candidate]:
    """The source fields in a context that may match a target field, the best first."""
    found = [_candidate(wanted, place, base, samples) for place in places if not place.is_list]
    ranked = sorted((each for each in found if each.score >= _LEAST), key=_order)
    return ranked[:MOST_CANDIDATES]


def merged(*lists: Sequence[Candidate]) -> list[Candidate]:
    return sorted((each for ranked in lists for each in ranked), key=_order)[:MOST_CANDIDATES]


def _order(each: Candidate) -> tuple[float, int, int]:
    return -round(each.score, 2), len(each.path), each.place.order


def _candidate(
    wanted: TargetField, place: SchemaField, base: tuple[str, ...], samples: ExampleValues
) -> Candidate:
    path = (*base, *place.path)
    outer = tuple(part for part in base if part != EACH)
    score = name_score(wanted, place.names, outer)
    if score == 0:
        return Candidate(place, path, 0, ())
    score += 0.05 * (words(wanted.name) == words(place.name))
    reasons = [_name_reason(wanted, place.names, outer)]
    told = description_score(wanted.place.description, place.description)
    if told > 0.3:
        score += 0.12 * told
        reasons.append("the descriptions agree")
    score += _by_types(wanted.place, place, reasons)
    score += _by_values(wanted, place, samples.look(path), reasons)
    if in_utc(place.name):
        score += 0.1
        reasons.append("its name says UTC")
    score -= 0.2 * _of_another(wanted, place.names) + 0.3 * _of_the_opposite(wanted, (*outer, *place.names))
    score -= 0.3 * ("status" in concepts(place.name) and "status" not in concepts(wanted.name))
    score -= 0.03 * (len(place.names) - 1) + 0.25 * place.lists
    if words(wanted.name) == words("_".join(place.names[-2:-1])):
        score += 0.1
        reasons.append("the object around it has the same name")
    if place.lists:
        reasons.append("the first of a list")
    return Candidate(place, path, max(0.0, min(score, 1.0)), tuple(reasons))


def name_score(wanted: TargetField, names: tuple[str, ...], base: tuple[str, ...] = ()) -> float:
    """How much names say the same: the last ones alone, or with the one before them."""
    return _scored(wanted.name, wanted.around[-1:], names[-2:], base[-1:])


@lru_cache(maxsize=200_000)
def _scored(target: str, around: tuple[str, ...], names: tuple[str, ...], base: tuple[str, ...]) -> float:
    own, name = concepts(target), concepts(names[-1])
    longer = (*base, *names)[-2:]
    whole = concepts("_".join(longer)) if len(longer) > 1 else name
    alone, together = likeness(own, name), 0.95 * likeness(own, whole)
    if alone == together == 0:
        return 0.0  # the fields around the two are alike, the two are not
    best = max(alone, together)
    if around:
        full = concepts("_".join((*around, target)))
        best = max(best, 0.9 * likeness(full, name), 0.9 * likeness(full, whole))
    return 0.85 * best


def _name_reason(wanted: TargetField, names: tuple[str, ...], base: tuple[str, ...]) -> str:
    target, name = wanted.name, names[-1]
    if words(target) == words(name):
        return "the same name"
    whole = "_".join((*wanted.around[-1:], target)), "_".join((*base[-1:], *names[-2:]))
    common = shared(target, name) or shared(*whole)
    spoken = [word for word in common if word not in words(target) or word not in words(name)]
    if spoken:
        return f"`{name}` and `{target}` both mean {', '.join(spoken)}"
    return f"both mean {', '.join(common)}" if common else "similar names"


def description_score(one: str, other: str) -> float:
    """How many of the telling words of two descriptions are the same."""
    left, right = _telling(one), _telling(other)
    return len(left & right) / min(len(left), len(right)) if left and right else 0.0


@lru_cache(maxsize=20_000)
def _telling(text: str) -> frozenset[str]:
    return frozenset(word for word in words(text.split(". ")[0]) if word not in _STOP)


def _by_types(target: SchemaField, source: SchemaField, reasons: list[str]) -> float:
    wanted, given = target.kinds, source.kinds
    if "any" in wanted or "any" in given:
        return 0.0
    if given == {"string"} and (wanted == {"number"} or "pattern" in target.shape.node):
        return -0.2  # an amount may be a string, but then the schema usually has a pattern
    if given <= wanted or (given == {"integer"} and "number" in wanted):
        overlap = _overlap(target, source)
        if overlap:
            reasons.append(f"{overlap} values in common")
            return 0.15
        reasons.append("the same type")
        return 0.05
    if "boolean" in wanted ^ given or "object" in wanted ^ given:
        return -0.3
    return 0.0 if wanted & given else -0.02


def _overlap(target: SchemaField, source: SchemaField) -> int:
    """The number of enumerated values in common, ignoring case."""
    lists = [place.shape.enum or place.shape.known_values or () for place in (target, source)]
    left, right = ({str(value).casefold() for value in values} for values in lists)
    return len(left & right)


def _by_values(wanted: TargetField, source: SchemaField, look: str | None, reasons: list[str]) -> float:
    """What the examples, or else the schema's format, say for or against it."""
    if look is None and source.shape.node.get("format") == "date-time":
        look = "a date"
    if look is None:
        return 0.0
    speaks, said = SPEAKS_FOR.get(look, set()), set(concepts(wanted.name))
    if speaks & said:
        reasons.append(f"its values look like {look}")
        return 0.1
    strong = look in ("a date", "an e-mail address", "an amount", "an IP address")
    if (strong and not speaks & said) or (look != "a date" and said & SPEAKS_FOR["a date"]):
        return -0.25
    return 0.0


def _of_another(wanted: TargetField, names: tuple[str, ...]) -> bool:
    """A name or a number of another thing: the buyer's name is not the name of a product."""
    if not set(concepts(names[-1])) <= _GENERAL:
        return False
    whose = {word for name in names[:-1] for word in concepts(name)} & _ENTITIES
    return bool(whose) and not whose & {*concepts(wanted.name), *concepts("_".join(wanted.around))}


def _of_the_opposite(wanted: TargetField, names: tuple[str, ...]) -> bool:
    return opposed(_said((*wanted.around, wanted.name)), _said(names))


def other_thing(wanted: TargetField, names: tuple[str, ...]) -> bool:
    """Whether an object or a list is of another kind of thing, by its names: no payment is made of lines."""
    own, given = _said((*wanted.around, wanted.name)), _said(names)
    kinds = [{_THINGS[word] for word in said if word in _THINGS} for said in (own, given)]
    return opposed(own, given) or bool(kinds[0] and kinds[1] and not kinds[0] & kinds[1])


def _said(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word for name in names for word in concepts(name))
