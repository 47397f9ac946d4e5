"""The person who looks at the journal: dead letters are run again, once their channel had its time."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from sqlalchemy import func, select

from crossdock.gateway.journal.entries import OPEN, JournalEntry, NewEntry
from crossdock.gateway.journal.journal import Journal, now
from crossdock.gateway.journal.store import JournalError, open_store
from crossdock.gateway.journal.tables import ENTRY, SUBJECT

_PAUSE = 2000  # milliseconds


class Operator:
    """Has a journal open beside the gateway. ``replayed`` counts what was run again."""

    def __init__(self, url: str) -> None:
        self.replayed = 0
        self._journal = Journal(open_store(url))

    def close(self) -> None:
        self._journal.close()

    async def tend(self) -> None:
        """Look now and then."""
        while True:
            await asyncio.sleep(1)
            with suppress(JournalError):
                await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Run every dead letter again that has been one for a while."""
        for entry in self._journal.entries(["dead"], most=1000):
            if (entry.finished or 0) > now() - _PAUSE:
                continue
            found = self._journal.replay(entry.id, _again(entry))
            if found is not None and found.same is not None and found.same.state == "done":
                self._journal.drop(entry.id, "a repeat has done it")  # and a replay changes nothing
            else:
                self.replayed += found is not None

    def left(self) -> int:
        """How many entries are open, or dead letters."""
        counts = self._journal.counts()
        return sum(counts.get(state, 0) for state in (*OPEN, "dead"))

    def integrity(self) -> str:
        """`ok`, or what is wrong with the database and with what is in it."""
        store = self._journal.store
        found = "ok"
        if store.engine.dialect.name == "sqlite":
            check = "PRAGMA integrity_check"
            found = store.write(lambda connection: connection.exec_driver_sql(check).scalar_one())
        counted = select(func.count()).select_from(SUBJECT)
        waiting = store.write(lambda connection: connection.execute(counted).scalar_one())
        return found if waiting == 0 else f"{waiting} subjects of entries that are finished"

    def keys(self) -> int:
        """How many different requests are done."""
        counted = select(func.count(ENTRY.c.key.distinct())).where(ENTRY.c.state == "done")
        return int(self._journal.store.write(lambda connection: connection.execute(counted).scalar_one()))


def _again(entry: JournalEntry) -> NewEntry:
    subjects = tuple(json.loads(entry.subjects))
    return NewEntry(
        entry.profile, entry.dialect, entry.action, entry.key, subjects, entry.request, queued=True
    )
