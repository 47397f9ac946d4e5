"""What is sensitive in the calls of a step, and a call or an answer with that masked."""

from __future__ import annotations

from typing import Final

from crossdock.channels.messages import Answer, Texts
from crossdock.checking.held import (
    CLEAR,
    Held,
    MarkedSource,
    derived,
    joined_values,
    made_of,
)
from crossdock.checking.masking import HIDDEN
from crossdock.core.records import record


@record(frozen=True, slots=True)
class HeldCell:
    """What a cell of a step is given, ``{request, answers, context}``, and what it gives."""

    given: Held
    gives: Held


@record(frozen=True, slots=True)
class HeldCall:
    """What the calls of one step may hold. ``segments`` are the parts of the path between its slashes.

    ``target`` is a path and a query that an answer gave.
    """

    segments: tuple[Held, ...]
    query: Held
    headers: Held
    body: Held
    answer: Held
    target: Held = CLEAR

    @property
    def url(self) -> Held:
        return derived([*self.segments, self.query, self.target])

    @property
    def sent(self) -> Held:
        return derived([self.url, self.headers, self.body])

    @property
    def any_answer(self) -> Held:
        """Any answer, also that of a failure. One that no schema describes may repeat what was sent."""
        return joined_values((self.answer, self.sent))


def fits(answer: Answer) -> bool:
    """Whether an answer is what the schema of its step describes."""
    return 200 <= answer.status < 300


def shown_path(path: str, calls: list[HeldCall]) -> str:
    """A path with the segments masked that may be sensitive; all of it if it is not known which those are."""
    for call in calls:
        parts = path.split("/")
        if len(parts) == len(call.segments):
            shown = zip(parts, call.segments, strict=True)
            path = "/".join(HIDDEN if held.reveals else part for part, held in shown)
        elif any(held.reveals for held in call.segments):
            return f"/{HIDDEN}"
    return path


def shown_texts(texts: Texts, held: Held) -> Texts:
    return tuple(
        (
            HIDDEN if held.hides_key(name) else name,
            HIDDEN if held.member(name.partition("[")[0]).reveals else text,
        )
        for name, text in texts
    )


_ANYTHING: Final = made_of((MarkedSource("an unknown step"),))
ANY_CELL: Final = HeldCell(_ANYTHING, _ANYTHING)
ANY_CALL: Final = HeldCall((_ANYTHING,), _ANYTHING, _ANYTHING, _ANYTHING, _ANYTHING, _ANYTHING)
