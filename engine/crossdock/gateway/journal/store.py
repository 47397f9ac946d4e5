"""The database of the journal: SQLite in a file, or PostgreSQL by its URL.

    store = open_store("sqlite:///journal.db")
    store.write(lambda connection: connection.execute(...))

Every piece of work is one transaction: it is durable when ``write`` returns, or it raises JournalError and
left nothing.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from crossdock.gateway.journal.migrations import ForeignTablesError, JournalTooNewError, migrate

T = TypeVar("T")

MOST_AT_ONCE: Final = 64
"""Pieces of work in one commit of SQLite: it costs what a single one does."""
LOCK_SECONDS: Final = 10
_SHORTEST_WAIT: Final = 0.0002
_LONGEST_WAIT: Final = 0.005
_KEPT_BYTES: Final = 1024 * 1024
_ROOM: Final = 1024 * 1024  # bytes: more than a usual request and its calls
_MIGRATING: Final = 0x63726F7373  # PostgreSQL: processes that start together migrate one after the other


class JournalError(Exception):
    """The journal cannot be read or written now. The message has no values of any payload."""


class Store(Protocol):
    """Where the journal is. Any number of threads may use it."""

    engine: Engine

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do a piece of work in one transaction. Raises JournalError, and what the work raises."""

    def short_of_room(self) -> str | None:
        """Why the next request may not be kept, though the journal can be read; None if it can."""

    def close(self) -> None: ...


def open_store(url: str, *, create: bool = True) -> Store:
    """The store at a database URL, its tables up to date. Raises JournalError.

    Without ``create`` a file of SQLite must be there.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise JournalError("the journal's URL is not one of a database") from None
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise JournalError("the journal needs a file: sqlite:///journal.db")
        _prepare_file(Path(parsed.database), create=create)
        return _opened(SqliteStore, url)
    if kind == "postgresql":
        return _opened(PostgresStore, url)
    raise JournalError(f"the journal cannot be kept in `{kind}`: use sqlite or postgresql")


def owners_of(path: Path) -> Path:
    """The folder beside a journal in SQLite that has a locked file for each process that lives."""
    return path.with_name(f"{path.name}.owners")


def _prepare_file(path: Path, *, create: bool) -> None:
    """Make the folders of a journal and of its owners. Raises JournalError."""
    if not create and not path.exists():
        raise JournalError(f"there is no journal {path}")
    try:
        owners_of(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise JournalError(f"the folder of the journal {path} cannot be written: {reason}") from None


def _opened(kind: Callable[[str], Store], url: str) -> Store:
    """A store whose driver may not be installed, or not exist. Raises JournalError."""
    try:
        return kind(url)
    except ModuleNotFoundError as error:
        raise JournalError(f"the journal needs {error.name}: install crossdock[postgres]") from None
    except SQLAlchemyError as error:
        raise JournalError(f"the journal cannot be opened: {type(error).__name__}") from None


def _told(error: Exception) -> JournalError:
    """An error without the statement and its values."""
    original = error if isinstance(error, sqlite3.Error) else getattr(error, "orig", None)
    if isinstance(original, sqlite3.Error):
        return JournalError(f"the journal cannot be written: {original}")
    return JournalError(f"the journal cannot be written: {type(original or error).__name__}")


class _Piece:
    """A piece of work of a thread, which waits until another one has done it, or lets it lead."""

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.done = False
        self.value: Any = None
        self.error: BaseException | None = None
        self._asleep = threading.Lock()
        self._asleep.acquire()

    def wait(self) -> None:
        self._asleep.acquire()

    def wake(self) -> None:
        self._asleep.release()

    def ended(self, value: Any, error: BaseException | None = None) -> None:
        self.value, self.error, self.done = value, error, True


class WriteLock:
    """The right to write to a journal in SQLite, over all processes of the machine; the system gives it back.

    Versions of SQLite before 3.51.3 may lose commits when one process makes one while another copies the
    write-ahead log into the file. Both are done with this lock. SQLite itself waits for another process in
    steps of up to a tenth of a second. What is locked is the folder of the owners: a file of its own
    might belong to another user, and closing the database's would give SQLite's locks back.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = os.open(folder, os.O_RDONLY)

    def __enter__(self) -> None:
        end, pause = time.monotonic() + LOCK_SECONDS, _SHORTEST_WAIT
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            if time.monotonic() > end:
                raise JournalError("the journal cannot be written: database is locked")
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_WAIT)

    def __exit__(self, *_error: object) -> None:
        fcntl.flock(self._folder, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._folder)


class SqliteStore:
    """One file, and one connection, which one thread at a time writes with.

    While it commits, the work of the others comes together, and goes into the next commit: the first of them
    makes it for all. The file has a write-ahead log, whose commits need one sync and not three.
    """

    def __init__(self, url: str) -> None:
        self.engine = create_engine(
            url,
            hide_parameters=True,
            poolclass=StaticPool,
            connect_args={"check_same_thread": False, "timeout": LOCK_SECONDS},
        )
        event.listen(self.engine, "connect", _prepare_sqlite)
        event.listen(self.engine, "begin", _begin_immediately)
        self._waiting: deque[_Piece] = deque()
        self._led = False
        self._closed = False
        self._gate = threading.Condition()
        self._lock = WriteLock(owners_of(Path(self.engine.url.database or "")))
        try:
            with self._lock, self.engine.begin() as connection:
                migrate(connection)
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise _told(error) from None
        except (ForeignTablesError, JournalTooNewError) as error:
            self.engine.dispose()
            raise JournalError(str(error)) from None
        self._connection = self.engine.connect()

    def write(self, work: Callable[[Connection], T]) -> T:
        piece = _Piece(work)
        with self._gate:
            if self._closed:
                raise JournalError("the journal is closed")
            self._waiting.append(piece)
            follows, self._led = self._led, True
        if follows:
            piece.wait()
        if not piece.done:
            self._lead()
        if piece.error is not None:
            raise piece.error
        return cast("T", piece.value)

    def short_of_room(self) -> str | None:
        folder = Path(self.engine.url.database or "").absolute().parent
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            return f"the folder of the journal cannot be read: {(error.strerror or '').lower()}"
        return None if free >= _ROOM else "the disk of the journal is full: less than 1 MiB is left"

    def close(self) -> None:
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._gate.wait_for(lambda: not self._led)
        self._connection.close()
        self.engine.dispose()
        self._lock.close()

    def _lead(self) -> None:
        """Do what waits, that of this thread first of all, and let the next one lead."""
        with self._gate:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]
        try:
            with self._lock:
                self._commit(batch)
        except JournalError as error:  # a process that was halted has the lock
            for each in batch:
                each.ended(None, JournalError(str(error)))
        finally:
            with self._gate:
                following = self._waiting[0] if self._waiting else None
                self._led = following is not None
                self._gate.notify_all()
            for each in (*batch[1:], *([following] if following else [])):
                each.wake()

    def _commit(self, batch: list[_Piece]) -> None:
        """One transaction for all; alone, each again, if one of them fails."""
        done: list[Any] = []
        try:
            with self._connection.begin():
                for each in batch:
                    done.append(each.work(self._connection))
        except BaseException as error:
            self._reopen()
            if len(batch) > 1:
                for each in batch:
                    self._commit([each])
                return
            batch[0].ended(
                None, _told(error) if isinstance(error, SQLAlchemyError | sqlite3.Error) else error
            )
            return
        for each, value in zip(batch, done, strict=True):
            each.ended(value)

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
    pragmas = (
        "journal_mode=WAL",
        f"journal_size_limit={_KEPT_BYTES}",
        "synchronous=FULL",
        "foreign_keys=ON",
    )
    for pragma in pragmas:
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
        except (ForeignTablesError, JournalTooNewError) as error:
            self.engine.dispose()
            raise JournalError(str(error)) from None

    def write(self, work: Callable[[Connection], T]) -> T:
        try:
            with self.engine.begin() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise _told(error) from None

    def short_of_room(self) -> str | None:
        return None  # its server may be anywhere

    def close(self) -> None:
        self.engine.dispose()
