"""A journal that is only looked at: nothing is written, made or brought up to date.

journal = read_journal("sqlite:///journal.db")
journal.summaries()          # the newest requests, without what was in them
journal.entry(17), journal.calls(17)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from crossdock.gateway.journal.entries import State
from crossdock.gateway.journal.migrations import STEPS
from crossdock.gateway.journal.store import JournalError
from crossdock.gateway.journal.tables import CALL, ENTRY, VERSION
from crossdock.gateway.journal.view import JournalView

T = TypeVar("T")

_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class EntrySummary:
    """A request without its content. Times are milliseconds since 1970, UTC."""

    id: int
    profile: str
    dialect: str | None
    action: str
    state: State
    tries: int
    accepted: int
    finished: int | None
    status: int | None
    reason: str | None
    calls: int


_SHOWN: Final = [ENTRY.c[name] for name in EntrySummary.__dataclass_fields__ if name != "calls"]


class ReadOnlyStore:
    """A database that is opened to be read. Every piece of work is undone, so it must change nothing."""

    def __init__(self, url: str, **how: Any) -> None:
        self.engine = create_engine(url, hide_parameters=True, poolclass=NullPool, **how)
        if self.engine.dialect.name == "postgresql":
            event.listen(self.engine, "begin", _begin_reading)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do a piece of work that reads. Raises JournalError."""
        try:
            with self.engine.connect() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise JournalError(f"the journal cannot be read: {type(error).__name__}") from None

    def short_of_room(self) -> str | None:
        return None

    def close(self) -> None:
        self.engine.dispose()


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("SET TRANSACTION READ ONLY")


class ReadJournal(JournalView):
    """What people look at in a journal, over a store that is only read."""

    def __init__(self, store: ReadOnlyStore) -> None:
        self.store = store

    def summaries(self) -> list[EntrySummary]:
        """The newest requests, the newest first. Raises JournalError."""
        calls = select(func.count()).where(CALL.c.entry == ENTRY.c.id).correlate(ENTRY).scalar_subquery()
        chosen = select(*_SHOWN, calls.label("calls")).order_by(ENTRY.c.id.desc()).limit(_MOST)

        def work(connection: Connection) -> list[EntrySummary]:
            return [EntrySummary(**row._mapping) for row in connection.execute(chosen)]

        return self.store.write(work)


def read_journal(url: str) -> ReadJournal:
    """The journal at a database URL. Raises JournalError when there is none that this program knows."""
    journal = ReadJournal(_store(url))
    newest = select(func.max(VERSION.c.version))
    version = journal.store.write(lambda connection: connection.execute(newest).scalar())
    if version != len(STEPS):
        raise JournalError(f"the journal has version {version}, and this program knows {len(STEPS)}")
    return journal


def _opened_file(path: Path) -> sqlite3.Connection:
    """A file of SQLite to be read. SQLite would make files beside it, if no gateway has them there."""
    in_use = Path(f"{path}-wal").exists()
    how = "mode=ro" if in_use else "mode=ro&immutable=1"
    return sqlite3.connect(f"file:{quote(path.as_posix())}?{how}", uri=True)


def _store(url: str) -> ReadOnlyStore:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise JournalError("the journal's URL is not one of a database") from None
    kind = parsed.get_backend_name()
    try:
        if kind == "postgresql":
            return ReadOnlyStore(url)
        if kind == "sqlite" and parsed.database:
            path = Path(parsed.database).resolve()
            if not path.exists():
                raise JournalError(f"there is no journal {parsed.database}")
            return ReadOnlyStore("sqlite://", creator=partial(_opened_file, path))
    except ModuleNotFoundError as error:
        raise JournalError(f"the journal needs {error.name}: install crossdock[postgres]") from None
    raise JournalError(f"the journal cannot be read from `{kind}`: use sqlite or postgresql")
