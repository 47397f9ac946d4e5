"""The draft as data: for each target field its candidates, and the cell that is made of the best that fits.

Objects and lists come first: a target list is made from the most similar source list, a target address from
the most similar source object, and the fields are searched there.

    draft = Drafting(source, target, samples).draft()
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from crossdock.checking.given_types import schema_type
from crossdock.checking.types import Type
from crossdock.core.json_types import JSON
from crossdock.core.limits import DRAFTED_DEPTH
from crossdock.core.paths import EACH
from crossdock.schema.store import Schema
from crossdock.tools.drafting.conversions import Fitting, fit, type_of
from crossdock.tools.drafting.example_values import ExampleValues
from crossdock.tools.drafting.ranking import (
    GOOD_ENOUGH,
    Candidate,
    TargetField,
    candidates,
    merged,
    name_score,
    other_thing,
)
from crossdock.tools.drafting.schema_fields import SchemaField, expression_of, places_below
from crossdock.tools.drafting.words import concepts, in_utc

_LIKE_ENOUGH = 0.4
_NAMED, _INSIDE = 0.3, 0.75
_SAME_NAME = 0.75
_FAR = 0.2
_SINGLE = 0.1


@dataclass(frozen=True, slots=True)
class Leaf:
    """A single value. Without a ``fitting`` or a ``constant`` it is left to do."""

    target: SchemaField
    required: bool
    candidates: tuple[Candidate, ...] = ()
    chosen: Candidate | None = None
    fitting: Fitting | None = None
    constant: tuple[JSON, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """An object, or a list of objects: the source object or list, and the fields inside."""

    target: SchemaField
    required: bool
    fields: tuple[Node, ...]
    over: str | None = None
    source: Candidate | None = None
    is_list: bool = False


Node = Leaf | Branch


@dataclass(frozen=True, slots=True)
class _Context:
    """The current place in the source: its path from the root, the fields below, and their types."""

    path: tuple[str, ...]
    places: tuple[SchemaField, ...]
    typ: Type
    near: dict[tuple[str, ...], list[tuple[str, ...]]]


@dataclass(slots=True)
class Drafting:
    """The making of one draft."""

    source: Schema
    target: Schema
    samples: ExampleValues = field(default_factory=ExampleValues)
    root: _Context = field(init=False)
    currency: tuple[str, ...] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        places = tuple(places_below(self.source, self.source.shape()))
        self.root = _Context((), places, schema_type(self.source), _near(places))
        money = (each for each in places if concepts(each.name) == ("currency",) and each.kinds == {"string"})
        self.currency = min(
            (each.path for each in money if not each.lists and len(each.path) < 3), key=len, default=None
        )

    def draft(self) -> tuple[Node, ...]:
        return self.fields(SchemaField((), self.target.shape()), (), self.root)

    def fields(self, target: SchemaField, around: tuple[str, ...], context: _Context) -> tuple[Node, ...]:
        if len(target.path) > DRAFTED_DEPTH:
            return ()
        required = target.shape.required()
        found = []
        for name in target.shape.property_order():
            if (shape := target.shape.member(name)) is not None:
                place = SchemaField((*target.path, name), shape)
                found.append(self.node(TargetField(place, around), name in required, context))
        return _each_once(found)

    def node(self, wanted: TargetField, required: bool, context: _Context) -> Node:
        place = wanted.place
        if place.is_object:
            return self.inside_of(wanted, required, context)
        if place.is_list:
            items = SchemaField((*place.path, EACH), place.shape.items())
            if items.is_object:
                return self.each(wanted, items, required, context)
            return self.leaf(wanted, required, context, _lists_in(context))
        anything = "object" in place.kinds
        places = [
            each
            for each in context.places
            if each.is_leaf or (anything and not each.is_list and not each.lists)
        ]
        return self.leaf(wanted, required, context, places)

    # Single values

    def leaf(self, wanted: TargetField, required: bool, context: _Context, places: list[SchemaField]) -> Leaf:
        shape = wanted.place.shape
        if shape.enum is not None and len([value for value in shape.enum if value is not None]) == 1:
            constant = tuple(value for value in shape.enum if value is not None)
            return Leaf(wanted.place, required, constant=constant)
        found = candidates(wanted, places, context.path, self.samples)
        if context is not self.root and not any(each.score >= GOOD_ENOUGH for each in found):
            near = [each for each in self.root.places if each.is_leaf and not each.lists]
            others = candidates(wanted, near, (), self.samples)
            known = {each.path for each in found}
            outer = [
                replace(each, score=each.score - _FAR, from_root=True)
                for each in others
                if each.path not in known
            ]
            found = merged(found, outer)
        leaf = Leaf(wanted.place, required, tuple(found))
        for each in found:
            if each.score >= GOOD_ENOUGH and (fitting := self.fitting(each, wanted, context)):
                return replace(leaf, chosen=each, fitting=fitting)
        return leaf

    def fitting(self, candidate: Candidate, wanted: TargetField, context: _Context) -> Fitting | None:
        path = candidate.place.path
        if wanted.place.is_list:
            expression = _projection(path)
        elif candidate.from_root:
            expression = "root()." + expression_of(path)
        else:
            expression = expression_of(path)
        currency = None
        if self.currency is not None:
            currency = ("" if context is self.root else "root().") + expression_of(self.currency)
        zone = None
        if self.samples.without_zone(candidate.path):
            zone = "UTC" if in_utc(candidate.place.name) else ""
        return fit(expression, wanted.place, context.typ, self.root.typ, currency, zone)

    # Objects and lists

    def inside_of(self, wanted: TargetField, required: bool, context: _Context) -> Branch:
        """Inside the object that is most like the target, or at the current place if none is more like it."""
        around = (*wanted.around, wanted.name)
        best, best_score = None, _INSIDE * self.coverage(wanted.place, around, context.near.get((), []))
        for place in context.places:
            if not place.is_object or place.lists > 1:
                continue
            score = self.like(wanted, place, around, context) - 0.2 * place.lists
            if score > max(best_score, _LIKE_ENOUGH):
                best, best_score = place, score
        if best is None:
            return Branch(wanted.place, required, self.fields(wanted.place, around, context))
        over = expression_of(best.path)
        inner = self.inside(context, best, over)
        source = Candidate(best, inner.path, min(best_score, 1.0), ("the most similar object",))
        fields = self.fields(wanted.place, around, inner)
        return Branch(wanted.place, required, fields, over, source)

    def each(self, wanted: TargetField, items: SchemaField, required: bool, context: _Context) -> Branch:
        """One item for each element of the list that is most like the target."""
        around = (*wanted.around, wanted.name)
        best, best_score = None, _LIKE_ENOUGH
        for place in context.places:
            is_list = place.path[-1] == EACH
            if place.is_object and (is_list or not place.lists):
                score = self.like(replace(wanted, place=_as(wanted.place, items)), place, around, context)
                score -= 0.15 * (place.lists - 1) if is_list else _SINGLE
                if score > best_score:
                    best, best_score = place, score
        if best is None:
            return Branch(wanted.place, required, (), is_list=True)
        is_list = best.path[-1] == EACH
        # The only element of a list; none where the object is missing.
        over = _projection(best.path) if is_list else f"[{expression_of(best.path)}][]"
        inner = self.inside(context, best, over, elements=True)
        alike = "the most similar list" if is_list else "the most similar object, as the only one"
        source = Candidate(best, inner.path, min(best_score, 1.0), (alike,))
        fields = self.fields(items, around, inner)
        return Branch(wanted.place, required, fields, over, source, is_list=True)

    def inside(self, context: _Context, place: SchemaField, over: str, *, elements: bool = False) -> _Context:
        """Inside what an expression gives, or inside its elements."""
        typ = type_of(over, context.typ, self.root.typ)
        assert typ is not None
        if elements:
            typ = typ.items()
        size = len(place.path)
        below = (each for each in context.places if each.path[:size] == place.path and len(each.path) > size)
        places = tuple(replace(each, path=each.path[size:]) for each in below)
        return _Context((*context.path, *place.path), places, typ.with_optional(False), _near(places))

    def like(
        self, wanted: TargetField, place: SchemaField, around: tuple[str, ...], context: _Context
    ) -> float:
        """How much an object is like the target: by its own names, and by what is in it."""
        inside = self.coverage(wanted.place, around, context.near.get(place.path, []))
        if inside == 0.0 or other_thing(wanted, place.names):
            return 0.0
        names = [name_score(wanted, place.names[: end + 1]) for end in range(len(place.names))]
        own = max((score - 0.08 * (len(names) - 1 - at) for at, score in enumerate(names)), default=0.0)
        # Of the same name and with little in common they are still more likely than nothing.
        return max(_NAMED * own + _INSIDE * inside, _LIKE_ENOUGH + 0.01 if own > _SAME_NAME else 0.0)

    def coverage(self, target: SchemaField, around: tuple[str, ...], near: list[tuple[str, ...]]) -> float:
        """How well the fields near a path match the target's own fields, on average."""
        if not near:
            return 0.0
        scores = []
        for name in target.shape.property_order():
            shape = target.shape.member(name)
            if shape is not None and (place := SchemaField((*target.path, name), shape)).is_leaf:
                wanted = TargetField(place, around)
                best = max(name_score(wanted, names) - 0.03 * (len(names) - 1) for names in near)
                scores.append(best if best >= _LIKE_ENOUGH else 0.0)
        return sum(scores) / len(scores) if scores else 0.0


def _each_once(fields: list[Node]) -> tuple[Node, ...]:
    """The fields of one object. A source field goes where it fits best, and is left to do elsewhere."""
    best: dict[tuple[str, ...], Leaf] = {}
    for each in fields:
        if isinstance(each, Leaf) and each.chosen is not None:
            kept = best.setdefault(each.chosen.path, each)
            if kept.chosen is not None and each.chosen.score > kept.chosen.score:
                best[each.chosen.path] = each
    return tuple(
        replace(each, chosen=None, fitting=None)
        if isinstance(each, Leaf) and each.chosen is not None and best[each.chosen.path] is not each
        else each
        for each in fields
    )


def _near(places: tuple[SchemaField, ...]) -> dict[tuple[str, ...], list[tuple[str, ...]]]:
    """For each object the names of the single values that are at most three steps below it, in no list."""
    found: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for place in places:
        if place.is_leaf:
            for start in range(len(place.path) - 1, max(len(place.path) - 4, -1), -1):
                if place.path[start] == EACH:
                    break
                found.setdefault(place.path[:start], []).append(place.path[start:])
    return found


def _as(place: SchemaField, items: SchemaField) -> SchemaField:
    """A list's place with the shape of its items: for its name, and for what is in it."""
    return SchemaField(place.path, items.shape)


def _lists_in(context: _Context) -> list[SchemaField]:
    """The lists of single values, and the single values in lists, which make a list too."""
    return [each for each in context.places if each.is_leaf and each.lists == 1]


def _projection(path: tuple[str, ...]) -> str:
    """A path as an expression that gives a list."""
    pieces: list[str] = []
    piece: list[str] = []
    for part in path:
        if part == EACH:
            pieces.append(expression_of(tuple(piece)))
            piece = []
        else:
            piece.append(part)
    if piece:
        return "[].".join([*pieces, expression_of(tuple(piece))])
    # The lists inside of others are joined to one list.
    return "[].".join(pieces) + ("[]" if len(pieces) > 1 else "")


def leaves(nodes: tuple[Node, ...]) -> Iterator[Leaf]:
    """All single values of a draft."""
    for node in nodes:
        if isinstance(node, Leaf):
            yield node
        else:
            yield from leaves(node.fields)
