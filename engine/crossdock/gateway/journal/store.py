"""The database of the journal: SQLite in a file, or PostgreSQL by its URL.

    store = open_store("sqlite:///journal.db")
    store.write(lambda connection: connection.execute(...))

Every piece of work is one transaction: it is durable when ``write`` returns, or it raises JournalError and
left nothing.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from crossdock.gateway.journal.migrations import JournalTooNewError, migrate

T = TypeVar("T")

MOST_AT_ONCE: Final = 64
"""Pieces of work in one commit of SQLite: it costs what a single one does."""
_MIGRATING: Final = 0x63726F7373  # PostgreSQL: processes that start together migrate one after the other


class JournalError(Exception):
    """The journal cannot be read or written now. The message has no values of any payload."""


class Store(Protocol):
    """Where the journal is. Any number of threads may use it."""

    engine: Engine

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do a piece of work in one transaction. Raises JournalError, and what the work raises."""

    def close(self) -> None: ...


def open_store(url: str) -> Store:
    """The store at a database URL, its tables up to date. Raises JournalError."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise JournalError("the journal's URL is not one of a database") from None
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise JournalError("the journal needs a file: sqlite:///journal.db")
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        return SqliteStore(url)
    if kind == "postgresql":
        return PostgresStore(url)
    raise JournalError(f"the journal cannot be kept in `{kind}`: use sqlite or postgresql")


def _told(error: Exception) -> JournalError:
    """An error without the statement and its values."""
    original = error if isinstance(error, sqlite3.Error) else getattr(error, "orig", None)
    if isinstance(original, sqlite3.Error):
        return JournalError(f"the journal cannot be written: {original}")
    return JournalError(f"the journal cannot be written: {type(original or error).__name__}")


class SqliteStore:
    """One file, and one connection, which a thread of its own writes with.

    The work of all threads that wait goes into one commit. The file has a rollback journal: versions of
    SQLite before 3.51.3 may lose commits of a write-ahead log that two processes write to.
    """

    def __init__(self, url: str) -> None:
        self.engine = create_engine(
            url,
            hide_parameters=True,
            poolclass=StaticPool,
            connect_args={"check_same_thread": False, "timeout": 10},
        )
        event.listen(self.engine, "connect", _prepare_sqlite)
        event.listen(self.engine, "begin", _begin_immediately)
        self._work: queue.SimpleQueue[tuple[Callable[[Connection], Any], Future[Any]] | None]
        self._work = queue.SimpleQueue()
        self._closed = False
        self._gate = threading.Lock()
        try:
            with self.engine.begin() as connection:
                migrate(connection)
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise _told(error) from None
        except JournalTooNewError as error:
            raise JournalError(str(error)) from None
        self._connection = self.engine.connect()
        self._thread = threading.Thread(target=self._run, name="crossdock-journal", daemon=True)
        self._thread.start()

    def write(self, work: Callable[[Connection], T]) -> T:
        future: Future[T] = Future()
        with self._gate:
            if self._closed:
                raise JournalError("the journal is closed")
            self._work.put((work, future))
        return future.result()

    def close(self) -> None:
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._work.put(None)
        self._thread.join()
        self._connection.close()
        self.engine.dispose()

    def _run(self) -> None:
        while (first := self._work.get()) is not None:
            batch, last = [first], False
            with suppress(queue.Empty):
                while len(batch) < MOST_AT_ONCE:
                    following = self._work.get_nowait()
                    if following is None:
                        last = True
                        break
                    batch.append(following)
            self._commit(batch)
            if last:
                return

    def _commit(self, batch: list[tuple[Callable[[Connection], Any], Future[Any]]]) -> None:
        """One transaction for all; alone, each again, if one of them fails."""
        done: list[tuple[Future[Any], Any]] = []
        try:
            with self._connection.begin():
                for work, future in batch:
                    done.append((future, work(self._connection)))
        except BaseException as error:
            self._reopen()
            if len(batch) > 1:
                for each in batch:
                    self._commit([each])
                return
            shown = _told(error) if isinstance(error, SQLAlchemyError | sqlite3.Error) else error
            batch[0][1].set_exception(shown)
            return
        for future, value in done:
            future.set_result(value)

    def _reopen(self) -> None:
        """Give the connection back: a commit that failed leaves its transaction open until then.

        If there is no other one, the next piece of work fails, and tries again.
        """
        with suppress(SQLAlchemyError, sqlite3.Error):
            self._connection.close()
        with suppress(SQLAlchemyError, sqlite3.Error):
            self._connection = self.engine.connect()


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's `begin` decides when a transaction begins
    for pragma in ("journal_mode=DELETE", "synchronous=EXTRA", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediately(connection: Connection) -> None:
    """Take the right to write at once: one that is taken after a read fails if another process wrote."""
    cursor = connection.connection.cursor()
    connection.dialect.do_execute(cursor, "BEGIN IMMEDIATE", ())
    cursor.close()


class PostgresStore:
    """A database of PostgreSQL, with a connection for each thread that is at work."""

    def __init__(self, url: str, *, connections: int = 16) -> None:
        self.engine = create_engine(
            url, hide_parameters=True, pool_pre_ping=True, pool_size=connections, max_overflow=connections
        )
        try:
            with self.engine.begin() as connection:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
                migrate(connection)
        except (SQLAlchemyError, ModuleNotFoundError) as error:
            raise JournalError(f"the journal cannot be opened: {type(error).__name__}") from None
        except JournalTooNewError as error:
            raise JournalError(str(error)) from None

    def write(self, work: Callable[[Connection], T]) -> T:
        try:
            with self.engine.begin() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise _told(error) from None

    def close(self) -> None:
        self.engine.dispose()
