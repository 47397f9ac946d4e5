"""Accepts requests, decides which of them may run, and keeps what came of them.

A request is accepted in one transaction, in which it also gets its place: behind the open requests that
change the same. It runs when none of those is left. What a process had when it died, another one takes.

    accepted = journal.accept(new)                  # the entry, and its turn if it may run now
    journal.finish(accepted.turn, "done", answered)
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    exists,
    func,
    or_,
    select,
    update,
)

from crossdock.gateway.journal.entries import (
    OPEN,
    UNKNOWN,
    Accepted,
    Answered,
    CallRecord,
    JournalEntry,
    NewEntry,
    State,
    Turn,
)
from crossdock.gateway.journal.owners import Owner, key_of, new_owner
from crossdock.gateway.journal.statements import (
    ADD_CALL,
    ADD_SUBJECT,
    AHEAD,
    BEGIN_CALL,
    DROP_SUBJECTS,
    END_CALL,
    HELD,
    adding_entry,
    ending_entry,
)
from crossdock.gateway.journal.store import Store
from crossdock.gateway.journal.tables import CALL, ENTRY, SUBJECT
from crossdock.gateway.journal.view import ENTRY_COLUMNS, JournalView, dropped, entry_of
from crossdock.gateway.journal.waits import is_due

_CALL_VALUES: Final = [name for name in CallRecord.__dataclass_fields__ if name not in ("id", "run")]


class FencedError(Exception):
    """The entry was taken over by another run, so that this one may not go on."""


def now() -> int:
    """The time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Journal(JournalView):
    """The journal of one process. Raises JournalError where the store cannot be used."""

    def __init__(self, store: Store, *, window_hours: float = 72, mappings: str = "") -> None:
        """``window_hours``: how long a finished request answers repeats.

        ``mappings`` is the digest of the files with which entries are run here.
        """
        self._mappings = mappings
        self.store = store
        self.owner: Owner = new_owner(store)
        self._window = int(window_hours * 3_600_000)
        self._postgres = store.engine.dialect.name == "postgresql"

    def close(self) -> None:
        self.owner.release()
        self.store.close()

    # Accepting

    def accept(self, new: NewEntry) -> Accepted:
        """Keep a request, or find the entry of the same one."""
        return self.store.write(lambda connection: self._accepted(connection, new))

    def replay(self, id: int, new: NewEntry) -> Accepted | None:
        """Close a finished entry and accept its request anew, both or neither. None when it is open.

        Nothing changes where another entry has the request by now, which is ``same``.
        """

        def work(connection: Connection) -> Accepted | None:
            self._lock_subjects(connection, new)
            same = self._answering(connection, new.key)
            if same is not None and same.id != id:
                return Accepted(same.id, same=same)
            return self._accepted(connection, new) if dropped(connection, id, "replayed") else None

        return self.store.write(work)

    def _accepted(self, connection: Connection, new: NewEntry) -> Accepted:
        self._lock_subjects(connection, new)
        if new.supersedes:
            self._forget_others(connection, new)
        blocked = any(
            AHEAD.first(connection, {"of": new.profile, "name": name}) is not None for name in new.subjects
        )
        state: State = "queued" if new.queued else "waiting" if blocked else "running"
        entry = self._inserted(connection, new, state)
        if isinstance(entry, JournalEntry):
            return Accepted(entry.id, same=entry)
        rows = [{"entry": entry, "profile": new.profile, "subject": name} for name in new.subjects]
        if rows:
            ADD_SUBJECT.run(connection, *rows)
        return Accepted(entry, turn=Turn(entry, 1) if state == "running" else None)

    def _inserted(self, connection: Connection, new: NewEntry, state: State) -> int | JournalEntry:
        """The id of a new entry, or the entry that answers repeats of its request."""
        moment = now()
        values = {
            "profile": new.profile,
            "dialect": new.dialect,
            "action": new.action,
            "key": new.key,
            "live_key": new.key,
            "request": new.request,
            "subjects": json.dumps(new.subjects, ensure_ascii=False),
            "state": state,
            "owner": None if new.queued else self.owner.name,
            "fence": int(state == "running"),
            "tries": int(state == "running"),
            "due": moment if new.queued else None,
            "accepted": moment,
            "mappings": new.mappings or self._mappings,
            "pinned": int(new.mappings is not None),
        }
        adding = adding_entry(connection.dialect.name)
        while True:
            # The row that comes back says whether it is new; `rowcount` does not, on either database.
            row = adding.first(connection, values)
            if row is not None:
                return int(row[0])
            same = self._answering(connection, new.key)
            if same is not None:
                return same
            connection.execute(update(ENTRY).where(ENTRY.c.live_key == new.key).values(live_key=None))

    def _answering(self, connection: Connection, key: str) -> JournalEntry | None:
        """The entry that answers repeats of a request, or will when it is done."""
        row = connection.execute(select(*ENTRY_COLUMNS).where(ENTRY.c.live_key == key)).first()
        if row is None:
            return None
        found = entry_of(row)
        return found if found.state in OPEN or (found.finished or 0) > now() - self._window else None

    def _forget_others(self, connection: Connection, new: NewEntry) -> None:
        """Only the last state that was requested answers a repeat: 5, 3 and 5 are three changes."""
        others = and_(
            ENTRY.c.profile == new.profile,
            ENTRY.c.action.in_(new.supersedes),
            ENTRY.c.live_key.is_not(None),
            ENTRY.c.live_key != new.key,
        )
        connection.execute(update(ENTRY).where(others).values(live_key=None))

    def _lock_subjects(self, connection: Connection, new: NewEntry) -> None:
        """PostgreSQL: two requests that change the same are accepted one after the other.

        Each would not see the other's rows otherwise, and both would run. SQLite has one writer anyway.
        """
        if self._postgres:
            names = sorted({new.key, *(f"{new.profile}\0{subject}" for subject in new.subjects)})
            for key in sorted(map(key_of, names)):
                connection.execute(select(func.pg_advisory_xact_lock(key)))

    # Running

    def claim(self, entry: int) -> Turn | None:
        """The turn of an entry of this process that waits, once nothing is ahead of it."""
        ready = and_(ENTRY.c.id == entry, ENTRY.c.state == "waiting", ENTRY.c.owner == self.owner.name)
        return self.store.write(lambda connection: self._started(connection, ready))

    def claim_queued(self, entry: int) -> Turn | None:
        """The turn of a queued entry before it is due, once nothing is ahead of it."""
        ready = and_(ENTRY.c.id == entry, ENTRY.c.state == "queued")
        return self.store.write(lambda connection: self._started(connection, ready))

    def claim_due(self, paused: Sequence[str] = ()) -> tuple[Turn, JournalEntry] | None:
        """The first queued entry that is due and has nothing ahead of it, of a profile that is not paused."""

        def work(connection: Connection) -> tuple[Turn, JournalEntry] | None:
            queued = and_(ENTRY.c.state == "queued", is_due(now()), ENTRY.c.profile.not_in(paused))
            first = select(ENTRY.c.id).where(queued, self._may_run()).order_by(ENTRY.c.id).limit(1)
            row = connection.execute(first).first()
            if row is None:
                return None
            turn = self._started(connection, and_(ENTRY.c.id == row.id, ENTRY.c.state == "queued"))
            return None if turn is None else (turn, _entry(connection, turn.entry))

        return self.store.write(work)

    def _may_run(self) -> ColumnElement[bool]:
        """Whether nothing is ahead of an entry, and the mappings of here may run it."""
        return and_(~_has_ahead(), or_(ENTRY.c.pinned == 0, ENTRY.c.mappings == self._mappings))

    def _started(self, connection: Connection, ready: Any) -> Turn | None:
        starting = (
            update(ENTRY)
            .where(ready, self._may_run())
            .values(
                state="running",
                mappings=self._mappings,
                owner=self.owner.name,
                fence=ENTRY.c.fence + 1,
                tries=ENTRY.c.tries + 1,
                due=None,
            )
            .returning(ENTRY.c.id, ENTRY.c.fence)
        )
        row = connection.execute(starting).first()
        return None if row is None else Turn(int(row.id), int(row.fence))

    def finish(
        self,
        turn: Turn,
        state: State,
        answered: Answered | None = None,
        *,
        reason: str | None = None,
        due: int | None = None,
        calls: Sequence[CallRecord] = (),
    ) -> None:
        """Keep what came of a run. Only a `done` entry answers repeats. Raises FencedError."""
        values: dict[str, Any] = {"state": state, "owner": None, "reason": reason, "due": due}
        if answered is not None:
            values |= {"status": answered.status, "response": answered.response}
        if state not in OPEN:
            values["finished"] = now()
            if state != "done":
                values["live_key"] = None

        given = {"of": turn.entry, "turn": turn.fence} | {f"new_{key}": each for key, each in values.items()}

        def work(connection: Connection) -> None:
            self._write_calls(connection, turn, calls)
            if ending_entry(frozenset(values)).first(connection, given) is None:
                raise FencedError
            if state not in OPEN:
                DROP_SUBJECTS.run(connection, {"of": turn.entry})

        self.store.write(work)

    # Calls

    def begin_call(self, turn: Turn, profile: str, call: CallRecord) -> int:
        """Keep a call before it is sent: the id of its row. Raises FencedError."""

        def work(connection: Connection) -> int:
            if HELD.first(connection, {"of": turn.entry, "turn": turn.fence}) is None:
                raise FencedError
            row = BEGIN_CALL.first(connection, {**_call_values(turn, call), "profile": profile})
            assert row is not None
            return int(row[0])

        return self.store.write(work)

    def unknown_calls(self, profile: str, identity: str) -> list[tuple[int, int]]:
        """The same calls since the last one with an outcome, oldest first: their ids, and when each began."""

        def work(connection: Connection) -> list[tuple[int, int]]:
            same = and_(CALL.c.profile == profile, CALL.c.identity == identity)
            known = select(func.max(CALL.c.id)).where(same, CALL.c.outcome == "answered").scalar_subquery()
            found = (
                select(CALL.c.id, CALL.c.begun)
                .where(same, CALL.c.outcome.in_(UNKNOWN), CALL.c.id > func.coalesce(known, 0))
                .order_by(CALL.c.id)
            )
            return [(int(row.id), int(row.begun)) for row in connection.execute(found)]

        return self.store.write(work)

    def has_unknown(self, entry: int) -> bool:
        """Whether a call of an entry has no outcome."""
        unknown = select(CALL.c.id).where(CALL.c.entry == entry, CALL.c.outcome.in_(UNKNOWN)).limit(1)
        return self.store.write(lambda connection: connection.execute(unknown).first() is not None)

    def _write_calls(self, connection: Connection, turn: Turn, calls: Iterable[CallRecord]) -> None:
        """The calls of a run: those that have a row are completed in it."""
        new: list[dict[str, Any]] = []
        for call in calls:
            if call.id:
                ended = {"of": call.id, "came": call.outcome, "code": call.status, "text": call.answer}
                END_CALL.run(connection, ended)
            else:
                new.append({**_call_values(turn, call), "of": turn.entry})
        if new:
            ADD_CALL.run(connection, *new)

    # What is left over

    def adopt(self) -> list[int]:
        """Take the entries of processes that died: their ids, oldest first. They wait for their turn."""

        def work(connection: Connection) -> list[int]:
            owned = select(ENTRY.c.owner).where(ENTRY.c.owner.is_not(None), ENTRY.c.state.in_(OPEN))
            owners = connection.execute(owned.distinct()).scalars().all()
            dead = [
                owner
                for owner in owners
                if owner != self.owner.name and not self.owner.is_alive(connection, owner)
            ]
            return self._taken(connection, ENTRY.c.owner.in_(dead)) if dead else []

        return self.store.write(work)

    def own(self) -> list[tuple[int, State]]:
        """The open entries that this process has, with their states."""
        own = select(ENTRY.c.id, ENTRY.c.state).where(
            ENTRY.c.owner == self.owner.name, ENTRY.c.state.in_(OPEN)
        )
        return self.store.write(lambda connection: [(row[0], row[1]) for row in connection.execute(own)])

    def take_back(self, entries: Sequence[int]) -> list[int]:
        """Take open entries of this process from the runs that had them, as ``adopt`` does."""
        own = and_(ENTRY.c.id.in_(entries), ENTRY.c.owner == self.owner.name)
        return self.store.write(lambda connection: self._taken(connection, own)) if entries else []

    def _taken(self, connection: Connection, which: ColumnElement[bool]) -> list[int]:
        taken = (
            update(ENTRY)
            .where(which, ENTRY.c.state.in_(OPEN))
            .values(owner=self.owner.name, state="waiting", fence=ENTRY.c.fence + 1)
            .returning(ENTRY.c.id)
        )
        return sorted(connection.execute(taken).scalars().all())


def _has_ahead() -> Any:
    """Whether an open entry came before, for each entry of a statement, that changes the same."""
    own, other = SUBJECT.alias("own"), SUBJECT.alias("other")
    return exists().where(
        own.c.entry == ENTRY.c.id,
        other.c.profile == own.c.profile,
        other.c.subject == own.c.subject,
        other.c.entry < own.c.entry,
    )


def _entry(connection: Connection, id: int) -> JournalEntry:
    return entry_of(connection.execute(select(*ENTRY_COLUMNS).where(ENTRY.c.id == id)).one())


def _call_values(turn: Turn, call: CallRecord) -> dict[str, Any]:
    values = {name: getattr(call, name) for name in _CALL_VALUES}
    return {**values, "entry": turn.entry, "run": turn.fence}
