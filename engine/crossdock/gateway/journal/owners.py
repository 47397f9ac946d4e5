"""Which process an entry belongs to, and whether that process is alive.

A process holds a lock for as long as it lives, which the operating system or the database server gives
back when it dies. No clock is involved: one that jumps ends no process, and a process that sleeps keeps
what it has.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from crossdock.gateway.journal.store import JournalError, Store, owners_of


class Owner(Protocol):
    """This process, as the owner of entries. ``name`` is unique."""

    name: str

    def is_alive(self, connection: Connection, other: str) -> bool:
        """Whether another owner still lives."""

    def holds(self) -> bool:
        """Whether this one still counts as alive; False when the server has lost it."""

    def release(self) -> None: ...


def new_owner(store: Store) -> Owner:
    """This process as an owner, for the kind of store."""
    url = store.engine.url
    if url.get_backend_name() == "sqlite":
        return FileOwner(owners_of(Path(url.database or "")))
    return SessionOwner(store.engine)


def _name() -> str:
    return f"{os.getpid()}-{secrets.token_hex(8)}"


class FileOwner:
    """A locked file beside the journal: only processes of one machine share a file of SQLite."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = _name()
        self._folder = folder
        self._file = (folder / self.name).open("wb")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def is_alive(self, _connection: Connection, other: str) -> bool:
        path = self._folder / other
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        with suppress(FileNotFoundError):
            path.unlink()
        return False

    def holds(self) -> bool:
        return True

    def release(self) -> None:
        with suppress(FileNotFoundError):
            (self._folder / self.name).unlink()
        self._file.close()


class SessionOwner:
    """An advisory lock of PostgreSQL, held by a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        self.name = _name()
        try:
            self._connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": key_of(self.name)})
        except SQLAlchemyError as error:
            raise JournalError(f"the journal cannot be opened: {type(error).__name__}") from None

    def is_alive(self, connection: Connection, other: str) -> bool:
        taken = connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": key_of(other)})
        return not taken.scalar_one()

    def holds(self) -> bool:
        try:
            self._connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    def release(self) -> None:
        with suppress(SQLAlchemyError):
            self._connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key_of(self.name)})
        with suppress(SQLAlchemyError):
            self._connection.close()


def key_of(name: str) -> int:
    """The number that PostgreSQL locks for a name: 64 bits with a sign."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
