"""How long a queued entry is put off for, and when it is due."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, case, or_

from crossdock.gateway.journal.tables import ENTRY

FIRST_WAIT: Final = 5.0
LONGEST_WAIT: Final = 3600.0


def longest_wait(tries: int) -> float:
    """The most seconds that an entry is put off for after some tries: twice as many with each."""
    return min(LONGEST_WAIT, FIRST_WAIT * float(2 ** min(tries, 20)))


def is_due(moment: int) -> ColumnElement[bool]:
    """Whether an entry is due at a moment, in milliseconds.

    One that is due later than it can have been put off for was put off before the clock was set back.
    """
    waits = {tries: longest_wait(tries) for tries in range(20)}
    longest = case(
        *((ENTRY.c.tries == tries, int(1000 * wait)) for tries, wait in waits.items() if wait < LONGEST_WAIT),
        else_=int(1000 * LONGEST_WAIT),
    )
    # The column comes first: PostgreSQL takes a sum of numbers that are given for one of 32 bits.
    return or_(ENTRY.c.due <= moment, ENTRY.c.due - longest > moment)
