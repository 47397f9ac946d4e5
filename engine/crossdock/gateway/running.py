"""Runs the conversation of one accepted request, and decides what its outcome means.

run = Run(journal, served, entry, turn)
outcome = run.outcome(deadline)
run.finish(outcome)
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crossdock.channels.connection import Connection
from crossdock.channels.conversation import ConversationResult
from crossdock.channels.messages import ChannelError, Failed
from crossdock.channels.patience import Cancellation
from crossdock.channels.received import Received
from crossdock.core import json_reader
from crossdock.core.errors import CrossdockError
from crossdock.core.json_types import JSON
from crossdock.gateway.journal.entries import Answered, CallRecord, State, Turn
from crossdock.gateway.journal.journal import Journal, now
from crossdock.gateway.journal.waits import longest_wait
from crossdock.gateway.logs import LOG, told
from crossdock.gateway.recorder import CallRecorder

# Another run may do better: the channel did not answer, or not in time, or was not able to.
_PASSING_KINDS: Final = frozenset({"unreachable", "timeout", "answer", "deadline", "cancelled"})
_UNANSWERED: Final = frozenset({"unreachable", "timeout", "answer"})
_PASSING_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be run: an action's request for a channel. ``status`` is that of its response."""

    connection: Connection
    action: str
    dialect: str | None
    request: JSON | Received
    status: int


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What came of a run. Without ``answered`` it ended with an error, which ``reason`` says.

    ``passing``: another run may do better. ``ended``: it was cut off by the deadline or by a shutdown.
    ``unanswered``: the channel gave no answer to a call.
    ``doubtful``: a call was not made because its outcome stayed unknown. ``lost``: another run took over.
    """

    answered: Answered | None = None
    reason: str | None = None
    passing: bool = False
    ended: bool = False
    unanswered: bool = False
    doubtful: bool = False
    lost: bool = False
    status: int = 500
    calls: tuple[CallRecord, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether everything was done, so that a repeat may be answered with the same."""
        return self.answered is not None and self.reason is None


def run(
    task: Task, recorder: CallRecorder | None, *, deadline: float | None, cancel: Cancellation | None
) -> RunOutcome:
    """Run a conversation. Raises nothing that its mappings or its channel can cause."""
    around = recorder.around if recorder is not None else None
    try:
        result = task.connection.answer(
            task.action,
            task.request,
            dialect=task.dialect,
            deadline=deadline,
            cancel=cancel,
            around=around,
        )
    except ChannelError as error:
        return _failed(error, recorder)
    except CrossdockError as error:
        return RunOutcome(reason=_reason(error), calls=_calls(recorder))
    except Exception as error:  # a fault of this program must not keep the entry open for ever
        LOG.error("a run ended unexpectedly", exc_info=told())
        return RunOutcome(reason=f"unexpected: {type(error).__name__}", calls=_calls(recorder))
    return _answered(task, result, recorder)


def _answered(task: Task, result: ConversationResult, recorder: CallRecorder | None) -> RunOutcome:
    response = json_reader.encode(result.response, compact=True)  # type: ignore[arg-type]
    failed = result.failed
    return RunOutcome(
        answered=Answered(task.status, response),
        reason=_summary(failed) if failed else None,
        passing=bool(failed) and all(map(_is_passing, failed)),
        ended=any(each.kind in ("deadline", "cancelled") for each in failed),
        unanswered=any(each.kind in _UNANSWERED for each in failed),
        doubtful=recorder is not None and recorder.doubtful,
        lost=recorder is not None and recorder.lost,
        calls=_calls(recorder),
    )


def _failed(error: ChannelError, recorder: CallRecorder | None) -> RunOutcome:
    failed = Failed(error.kind, error.answer.status if error.answer is not None else None)
    return RunOutcome(
        reason=_reason(error),
        passing=_is_passing(failed),
        ended=error.kind in ("deadline", "cancelled"),
        unanswered=error.kind in _UNANSWERED,
        doubtful=recorder is not None and recorder.doubtful,
        lost=recorder is not None and recorder.lost,
        status=504 if error.kind in ("timeout", "deadline") else 502,
        calls=_calls(recorder),
    )


def finish(
    journal: Journal, turn: Turn, outcome: RunOutcome, state: State, *, due: int | None = None
) -> None:
    """Keep an outcome. Raises FencedError and JournalError."""
    journal.finish(turn, state, outcome.answered, reason=outcome.reason, due=due, calls=outcome.calls)


def state_of(outcome: RunOutcome) -> State:
    """The state of a request whose sender knows the outcome: one that failed may come again."""
    if outcome.clean:
        return "done"
    if outcome.doubtful or (outcome.answered is None and not outcome.passing):
        return "dead"
    return "failed"


def background_state(outcome: RunOutcome, tries: int, most: int) -> tuple[State, int | None]:
    """The state of a request whose sender does not wait, and when it is due again."""
    if outcome.clean:
        return "done", None
    if outcome.doubtful or not outcome.passing or tries >= most:
        return "dead", None
    return "queued", now() + int(1000 * wait_before(tries))


def wait_before(tries: int) -> float:
    """The seconds before the next run: exponential backoff with full jitter."""
    return random.uniform(0, longest_wait(tries))  # noqa: S311


def _is_passing(failed: Failed) -> bool:
    return failed.kind in _PASSING_KINDS or failed.status in _PASSING_STATUSES


def _summary(failed: Sequence[Failed]) -> str:
    """What failed, without any value: kinds and statuses, each once."""
    kinds = dict.fromkeys(
        each.kind if each.status is None else f"{each.kind} {each.status}" for each in failed
    )
    return ", ".join(kinds)


def _reason(error: CrossdockError) -> str:
    return "; ".join(f"{item.id}: {item.message}" for item in error.diagnostics[:3])


def _calls(recorder: CallRecorder | None) -> tuple[CallRecord, ...]:
    return () if recorder is None else tuple(recorder.calls)
