"""What people look at in a journal, and what they decide: entries, their calls, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, and_, delete, func, select, update

from crossdock.gateway.journal.entries import OPEN, UNKNOWN, CallRecord, JournalEntry
from crossdock.gateway.journal.store import Store
from crossdock.gateway.journal.tables import CALL, ENTRY

ENTRY_COLUMNS: Final = [ENTRY.c[name] for name in JournalEntry.__dataclass_fields__]
_CALL_COLUMNS: Final = [CALL.c[name] for name in CallRecord.__dataclass_fields__]


class JournalView:
    """A journal to be looked at. Raises JournalError where the store cannot be used."""

    store: Store

    # Looking

    def entry(self, id: int) -> JournalEntry | None:
        def work(connection: Connection) -> JournalEntry | None:
            row = connection.execute(select(*ENTRY_COLUMNS).where(ENTRY.c.id == id)).first()
            return None if row is None else entry_of(row)

        return self.store.write(work)

    def entries(self, states: Sequence[str] = (), *, most: int = 50, profile: str = "") -> list[JournalEntry]:
        """The newest entries, in the order of their ids."""

        def work(connection: Connection) -> list[JournalEntry]:
            chosen: Select[Any] = select(*ENTRY_COLUMNS)
            if states:
                chosen = chosen.where(ENTRY.c.state.in_(states))
            if profile:
                chosen = chosen.where(ENTRY.c.profile == profile)
            rows = connection.execute(chosen.order_by(ENTRY.c.id.desc()).limit(most)).all()
            return [entry_of(row) for row in reversed(rows)]

        return self.store.write(work)

    def calls(self, entry: int) -> list[CallRecord]:
        """The calls of an entry, over all its runs, in the order in which they were made."""
        order = (CALL.c.run, CALL.c.begun, CALL.c.id)
        chosen = select(*_CALL_COLUMNS).where(CALL.c.entry == entry).order_by(*order)

        def work(connection: Connection) -> list[CallRecord]:
            return [CallRecord(**row._mapping) for row in connection.execute(chosen)]

        return self.store.write(work)

    def counts(self) -> dict[str, int]:
        """How many entries are in each state."""
        counted = select(ENTRY.c.state, func.count()).group_by(ENTRY.c.state)
        return self.store.write(lambda connection: {row[0]: row[1] for row in connection.execute(counted)})

    # What people decide

    def drop(self, id: int, reason: str) -> bool:
        """Close a finished entry for good. False when it is open, or there is none.

        The outcome of its calls counts as known, and of those of the same request: a person has looked.
        """
        return self.store.write(lambda connection: dropped(connection, id, reason))

    def prune(self, before: int) -> int:
        """Delete what was finished before a moment, except dead letters: how many."""
        old = and_(ENTRY.c.finished < before, ENTRY.c.state.in_(("done", "failed", "dropped")))

        def work(connection: Connection) -> int:
            return len(connection.execute(delete(ENTRY).where(old).returning(ENTRY.c.id)).all())

        return self.store.write(work)


def dropped(connection: Connection, id: int, reason: str) -> bool:
    """Close a finished entry, as ``JournalView.drop`` has it."""
    closed = and_(ENTRY.c.id == id, ENTRY.c.state.not_in(OPEN))
    changed = update(ENTRY).where(closed).values(state="dropped", live_key=None, reason=reason)
    if connection.execute(changed.returning(ENTRY.c.id)).first() is None:
        return False
    key = select(ENTRY.c.key).where(ENTRY.c.id == id).scalar_subquery()
    same = select(ENTRY.c.id).where(ENTRY.c.key == key, ENTRY.c.state.not_in(OPEN))
    known = and_(CALL.c.entry.in_(same), CALL.c.outcome.in_(UNKNOWN))
    connection.execute(update(CALL).where(known).values(outcome="resolved"))
    return True


def entry_of(row: Row[Any]) -> JournalEntry:
    return JournalEntry(**row._mapping)
