"""Brings the tables of a journal to the version of this program, step by step.

Add a step for every change of the tables, and never change one that was released.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, func, insert, inspect, select

from crossdock.gateway.journal.tables import METADATA, VERSION


class JournalTooNewError(Exception):
    """The journal was written by a newer version of this program."""


class ForeignTablesError(Exception):
    """The database has tables with the names of the journal's that are not the journal's."""


def _first(connection: Connection) -> None:
    METADATA.create_all(connection)


STEPS: Final[tuple[Callable[[Connection], None], ...]] = (_first,)


def migrate(connection: Connection) -> None:
    """Run the steps that a journal has not seen, in one transaction.

    Raises JournalTooNewError and ForeignTablesError.
    """
    found, tables = 0, inspect(connection).get_table_names()
    if VERSION.name not in tables and not METADATA.tables.keys().isdisjoint(tables):
        raise ForeignTablesError(f"the database has tables of a journal, but no {VERSION.name}")
    if VERSION.name in tables:
        found = connection.execute(select(func.coalesce(func.max(VERSION.c.version), 0))).scalar_one()
    if not isinstance(found, int):  # the table may be another program's
        raise ForeignTablesError(f"{VERSION.name} has a version that is not a whole number")
    if found > len(STEPS):
        raise JournalTooNewError(f"the journal has version {found}, and this program knows {len(STEPS)}")
    for number, step in enumerate(STEPS[found:], found + 1):
        step(connection)
        connection.execute(insert(VERSION).values(version=number))
