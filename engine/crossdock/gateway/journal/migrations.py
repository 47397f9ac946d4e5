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


def _first(connection: Connection) -> None:
    METADATA.create_all(connection)


STEPS: Final[tuple[Callable[[Connection], None], ...]] = (_first,)


def migrate(connection: Connection) -> None:
    """Run the steps that a journal has not seen, in one transaction. Raises JournalTooNewError."""
    found = 0
    if inspect(connection).has_table(VERSION.name):
        found = connection.execute(select(func.coalesce(func.max(VERSION.c.version), 0))).scalar_one()
    if found > len(STEPS):
        raise JournalTooNewError(f"the journal has version {found}, and this program knows {len(STEPS)}")
    for number, step in enumerate(STEPS[found:], found + 1):
        step(connection)
        connection.execute(insert(VERSION).values(version=number))
