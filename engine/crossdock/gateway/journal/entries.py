"""What the journal keeps of a request, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

# `waiting` for those before it, `running`, `queued` until it is due; then `done`, `failed` (answered with
# errors, which a repeat may mend), `dead` (a person must look at it) or `dropped` (one did).
State = Literal["waiting", "running", "queued", "done", "failed", "dead", "dropped"]
OPEN: Final = ("waiting", "running", "queued")

# `begun`: sent, and the process ended. `unknown`: sent, and nothing says what came of it. `answered`, and
# `not_sent`: nothing was done. `resolved`: a person looked at one that was not known.
CallOutcome = Literal["begun", "unknown", "answered", "not_sent", "resolved"]
UNKNOWN: Final = ("begun", "unknown")


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A request that is to be accepted. ``key`` is that of its content, ``subjects`` what it changes.

    Earlier requests of the actions that it ``supersedes`` answer no repeat any more. ``queued``: it is not
    run now. ``mappings``: the digest of the only files that may run it.
    """

    profile: str
    dialect: str | None
    action: str
    key: str
    subjects: tuple[str, ...]
    request: str
    supersedes: tuple[str, ...] = ()
    queued: bool = False
    mappings: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """An accepted request's right to run: an older ``fence`` of the same entry may not write any more."""

    entry: int
    fence: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted request: its ``turn`` if it may run now, and ``same``, the entry of a request before."""

    entry: int
    turn: Turn | None = None
    same: JournalEntry | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """How a request was answered: the HTTP status, and the response as JSON text."""

    status: int
    response: str


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A request as the journal has it. Times are milliseconds since 1970, UTC; ``subjects`` is JSON text."""

    id: int
    profile: str
    dialect: str | None
    action: str
    key: str
    request: str
    subjects: str
    state: State
    fence: int
    tries: int
    accepted: int
    finished: int | None = None
    due: int | None = None
    status: int | None = None
    response: str | None = None
    reason: str | None = None
    mappings: str | None = None
    pinned: int = 0


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call to a channel, as the journal has it. ``id`` is that of its row, 0 when it has none yet.

    ``run`` counts the runs of the entry.
    """

    step: str
    method: str
    url: str
    identity: str
    begun: int
    outcome: CallOutcome
    body: str | None = None
    status: int | None = None
    answer: str | None = None
    id: int = 0
    run: int = 0
