"""Run a payload, and explain how each value of the result was made.

story.output   /items/0/unit_price          the place in the result
story.value    "19.90"                      or absent, or hidden
story.turns    the $each, $with and $if around it, each with the path of its context
story.steps    what its expression read and computed
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crossdock.checking.lineage import Link, lineage
from crossdock.checking.masking import HIDDEN
from crossdock.checking.sensitivity import Sensitivity, sensitivity_of
from crossdock.core.diagnostics import Diagnostic, Span
from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.core.paths import Part, Parts, begins, field_text, parse_path, pointer
from crossdock.execution.errors import OutputError
from crossdock.execution.interpreter import execute
from crossdock.execution.runner import check_input, run_traced
from crossdock.execution.scope import Scope, given_settings
from crossdock.execution.trace import Origins
from crossdock.language.expr import Expression
from crossdock.language.syntax import Each, If, With
from crossdock.tools.explain.marked_places import NoMarkedPlaces
from crossdock.tools.explain.paths import UnknownPathError, parts_of
from crossdock.tools.explain.replay import Judge, replay
from crossdock.tools.explain.shown import ABSENT, Shown, show
from crossdock.tools.explain.steps import EvaluationStep, Kind, ReadValue, passed, steps
from crossdock.tools.explain.watching import Evaluation, Watching, Written

if TYPE_CHECKING:
    from crossdock.language.syntax import LinkedMapping


@dataclass(frozen=True, slots=True)
class EnclosingStep:
    """A ``$each``, ``$with`` or ``$if`` around a value, and the path of its context in the payload.

    ``steps`` show how a value that is not in the payload was made.
    """

    step: EvaluationStep
    span: Span
    here: str | None
    steps: tuple[EvaluationStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """How one value of a result was made, or why it is missing."""

    output: str
    target: str
    value: Shown
    span: Span
    turns: tuple[EnclosingStep, ...]
    steps: tuple[EvaluationStep, ...]
    link: Link | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A run with the story of each of its values. ``problems`` are the result's errors and warnings."""

    result: JSON
    stories: tuple[Story, ...]
    problems: tuple[Diagnostic, ...]
    broken: bool


def run(
    mapping: LinkedMapping,
    payload: JSON,
    settings: MappingType[str, JSON],
    *,
    name: str = "payload",
    field: str | None = None,
    revealed: bool = False,
) -> Explanation:
    """Run a payload and explain each value, or those of a field and below.

    Sensitive values are hidden in the stories unless they are ``revealed``; the result has them. A result
    that breaks its schema is explained too. Raises InputError, EvaluationError, and UnknownPathError when
    there is nothing to tell of the field.
    """
    if mapping.source is not None:
        check_input(payload, mapping.source, name)
    watching = Watching(Origins(payload))
    if revealed:
        watching.source, watching.target = NoMarkedPlaces(), NoMarkedPlaces()
    scope = Scope(settings=given_settings(mapping, settings))
    outcome = execute(mapping, payload, scope, name=name, traced=False, watch=watching)
    wanted = parts_of(field) if field is not None else ()
    known = Sensitivity() if revealed else sensitivity_of(mapping)
    stories = stories_of(mapping, watching, known, outcome.value, wanted)
    if field is not None and not stories:
        raise UnknownPathError(f"nothing is written to `{field}` for this payload")
    try:
        problems, broken = run_traced(mapping, payload, scope, name=name).warnings, False
    except OutputError as error:
        problems, broken = tuple(error.diagnostics), True
    return Explanation(outcome.value, stories, problems, broken)


def stories_of(
    mapping: LinkedMapping,
    watching: Watching,
    known: Sensitivity,
    value: JSON | Missing,
    wanted: Parts = (),
    *,
    leaves: bool = True,
) -> tuple[Story, ...]:
    """The stories of a run that was watched, in the order of the mapping.

    ``known`` says what is sensitive. ``wanted`` is a place in the result. Without ``leaves`` there is one
    story for each cell that wrote something, and not for each value in it.
    """
    telling = _Telling(mapping, watching, known)
    if isinstance(value, Missing):
        return (telling.story((), MISSING),) if () in watching.at else ()
    return tuple(telling.stories(value, wanted) if leaves else telling.cells(value))


class _Telling:
    """A finished run, and the lineage of its mapping."""

    def __init__(self, mapping: LinkedMapping, watching: Watching, known: Sensitivity) -> None:
        self.watching = watching
        self.known = known
        self.links = [(parse_path(link.target), link) for link in lineage(mapping)]
        # The interpreter reports expressions; which `$` word one belongs to is known by its identity.
        self.words = {
            id(_expression(turn.node)): turn.node for _, link in self.links for turn in link.enclosing
        }
        self.judges: dict[int, Judge] = {}
        self.known_turns: dict[tuple[int, int], EnclosingStep] = {}

    def stories(self, result: JSON, wanted: Parts) -> Iterator[Story]:
        """One for each leaf of the result, and one for each cell that gave nothing."""
        leaves = dict(_leaves(result, ()))
        places = [*leaves, *self.missing(result, leaves)]
        for place in sorted(places, key=self.order):
            around = place not in leaves and begins(wanted, place)
            if begins(place, wanted) or around:
                yield self.story(place, leaves.get(place, MISSING))

    def cells(self, result: JSON) -> Iterator[Story]:
        """One for each cell that wrote a leaf of the result, and one for each that gave nothing."""
        leaves = dict(_leaves(result, ()))
        written = [told.output for place in leaves if (told := self.watching.nearest(place)) is not None]
        for place in sorted(dict.fromkeys(written), key=self.order):
            yield self.story(place, _value_at(result, place))
        for place in sorted(self.missing(result, leaves), key=self.order):
            yield self.story(place, MISSING)

    def missing(self, result: JSON, leaves: MappingType[Parts, JSON]) -> Iterator[Parts]:
        for place, told in self.watching.at.items():
            if place in leaves or not place or isinstance(place[-1], int) or isinstance(told, Written):
                continue
            around = _value_at(result, place[:-1])
            if isinstance(around, dict) and place[-1] not in around:
                yield place

    def order(self, place: Parts) -> tuple[int, ...]:
        """In the order of the cells in the mapping; elements in their own order."""
        spans = []
        for length in range(1, len(place) + 1):
            part = place[length - 1]
            spans.append(part if isinstance(part, int) else self.position(place[:length]))
        return tuple(spans)

    def position(self, place: Parts) -> int:
        return next(
            (number for number, (parts, _) in enumerate(self.links) if begins(parts, place)), len(self.links)
        )

    def story(self, place: Parts, value: JSON | Missing) -> Story:
        # Only a condition may have been evaluated for a missing value; then that is what decided on it.
        told = self.watching.nearest(place) or self.watching.at.get(place)
        assert told is not None, "every value of a result was written by a cell"
        covered = self.watching.target.at(place)
        hidden, taken = covered, list[EvaluationStep]()
        if isinstance(told, Evaluation):
            judge = self.judge(told)
            hidden = covered or self.hides_inside(judge, told, place)
            taken = list(steps(judge, judge.whole))
        turns = list(self.turns(told))
        if covered:
            taken, turns = list(map(_covered, taken)), list(map(_covered_turn, turns))
        shown = self.shown(place, told, hidden)
        return Story(
            output=pointer(*shown),
            target=field_text(shown),
            value=_leaf(value, hidden),
            span=told.expression.span if isinstance(told, Evaluation) else told.span,
            turns=tuple(turns),
            steps=tuple(taken),
            link=self.link(place, told),
        )

    def shown(self, place: Parts, told: Evaluation | Written, hidden: bool) -> Parts:
        """A place in the result without the keys that must not be shown.

        A key that nothing names is one that the value has brought, and as sensitive as the value.
        """
        inside = len(told.output) if hidden else len(place)
        shown, around = list[Part](), self.known.result
        for at, part in enumerate(place):
            hides = isinstance(part, str) and around.hides_key(part, at >= inside)
            shown.append(HIDDEN if hides else part)
            around = around.part(part)
        return tuple(shown)

    def hides_inside(self, judge: Judge, told: Evaluation, place: Parts) -> bool:
        """A value inside an object that was copied from the payload has a path of its own there."""
        inside = place[len(told.output) :]
        if self.known.of(told.expression.node).at(inside).itself or self.known.result.at(place).itself:
            return True
        origin = self.watching.origins.place(told.value)
        if origin is not None:
            return self.watching.source.at((*origin, *inside))
        return judge.hides(judge.whole)

    def judge(self, told: Evaluation) -> Judge:
        if id(told) not in self.judges:
            origins = self.watching.origins
            whole = replay(told.expression, told.context, told.scope, origins)
            placed = origins.place(told.context) is not None
            around = not placed and any(self.secret(outer.evaluation) for outer in told.behind)
            self.judges[id(told)] = Judge(whole, self.known, self.watching.source, around)
        return self.judges[id(told)]

    def secret(self, outer: Evaluation) -> bool:
        judge = self.judge(outer)
        return judge.hides(judge.whole)

    def turns(self, told: Evaluation | Written) -> Iterator[EnclosingStep]:
        yield from (self.turn(outer.evaluation, outer.context) for outer in told.behind)
        if isinstance(told, Written):
            yield from (self.turn(outer, None) for outer in told.empty)

    def turn(self, outer: Evaluation, here: JSON) -> EnclosingStep:
        """The same for all values inside of it. Both objects outlive this call, so ids are safe as keys."""
        key = id(outer), id(here)
        if key not in self.known_turns:
            self.known_turns[key] = self.new_turn(outer, here)
        return self.known_turns[key]

    def new_turn(self, outer: Evaluation, here: JSON) -> EnclosingStep:
        judge = self.judge(outer)
        kind = _kind(self.words.get(id(outer.expression)))
        enters = kind in ("each", "with")
        place = self.watching.origins.place(here) if enters else None
        reads = tuple(
            ReadValue(judge.pointer(seen), show(seen.value, hidden=judge.secret(seen)))
            for seen in judge.whole.seen()
        )
        value = show(outer.value, hidden=judge.hides(judge.whole))
        made = enters and place is None and here is not None
        making = tuple(steps(judge, judge.whole)) if made else ()
        step = EvaluationStep(
            kind, " ".join(outer.expression.text.split()), value, reads, note=passed(judge.whole)
        )
        shown = None if place is None else pointer(*self.watching.source.shown(place))
        return EnclosingStep(step, outer.expression.span, shown, making)

    def link(self, place: Parts, told: Evaluation | Written) -> Link | None:
        """The link of the cell that wrote a place; of several the one at the position of the cell."""
        fitting = [(parts, link) for parts, link in self.links if begins(place, parts)]
        if not fitting:
            fitting = [(parts, link) for parts, link in self.links if begins(parts, place)]
        if not fitting:
            return None
        longest = max(len(parts) for parts, _ in fitting)
        best = [link for parts, link in fitting if len(parts) == longest]
        span = told.expression.span if isinstance(told, Evaluation) else told.span
        return next((link for link in best if link.span == span), best[0])


def _expression(node: object) -> Expression:
    return node.condition if isinstance(node, If) else node.over  # type: ignore[attr-defined]


def _kind(node: object) -> Kind:
    match node:
        case If():
            return "if"
        case Each():
            return "each"
        case With():
            return "with"
    return "switch"  # its value is in no link: each of its cases has a condition there


def _leaf(value: JSON | Missing, hidden: bool) -> Shown:
    """A leaf of a result; null is a value there."""
    if isinstance(value, Missing):
        return ABSENT
    return Shown("value", None) if value is None else show(value, hidden=hidden)


def _covered(step: EvaluationStep) -> EvaluationStep:
    """A step of a value that is sensitive in the result: nothing of it is shown."""
    reads = tuple(replace(read, value=_cover(read.value)) for read in step.reads)
    arguments = tuple(map(_cover, step.arguments))
    return replace(step, value=_cover(step.value), reads=reads, arguments=arguments)


def _covered_turn(turn: EnclosingStep) -> EnclosingStep:
    return replace(turn, step=_covered(turn.step), steps=tuple(map(_covered, turn.steps)))


def _cover(value: Shown) -> Shown:
    return Shown("hidden") if value.kind == "value" else value


def _leaves(value: JSON, place: Parts) -> Iterator[tuple[Parts, JSON]]:
    inner: Sequence[tuple[str | int, JSON]] = ()
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    if not inner:
        yield place, value
    for key, each in inner:
        yield from _leaves(each, (*place, key))


def _value_at(value: JSON, place: Parts) -> JSON:
    for part in place:
        if isinstance(value, dict):
            value = value.get(str(part))
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value
