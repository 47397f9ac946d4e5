"""The statements of every request, built once: to build one takes as long as to run it."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, cast

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from crossdock.gateway.journal.tables import CALL, ENTRY, SUBJECT

_HELD: Final = (ENTRY.c.id == bindparam("of"), ENTRY.c.fence == bindparam("turn"))

# The open entries that change what a new one does: all of them came before it.
AHEAD: Final = (
    select(SUBJECT.c.entry)
    .where(SUBJECT.c.profile == bindparam("of"), SUBJECT.c.subject.in_(bindparam("names", expanding=True)))
    .limit(1)
)
ADD_SUBJECTS: Final = insert(SUBJECT)
DROP_SUBJECTS: Final = delete(SUBJECT).where(SUBJECT.c.entry == bindparam("of"))

# On SQLite there is one writer, and nothing to lock.
HELD: Final = select(ENTRY.c.id).where(*_HELD).with_for_update()
ADD_CALL: Final = insert(CALL).returning(CALL.c.id)
ADD_CALLS: Final = insert(CALL).values(
    profile=select(ENTRY.c.profile).where(ENTRY.c.id == bindparam("of")).scalar_subquery()
)
END_CALL: Final = (
    update(CALL)
    .where(CALL.c.id == bindparam("of"))
    .values(outcome=bindparam("came"), status=bindparam("code"), answer=bindparam("text"))
)


@cache
def adding_entry(dialect: str) -> ReturningInsert[Any]:
    """A new entry's id; no row when another one answers repeats of its request."""
    kind = postgresql if dialect == "postgresql" else sqlite
    added = kind.insert(ENTRY).on_conflict_do_nothing(index_elements=["live_key"]).returning(ENTRY.c.id)
    return cast("ReturningInsert[Any]", added)


@cache
def ending_entry(columns: frozenset[str]) -> ReturningUpdate[Any]:
    """Sets these columns of an entry that runs, from parameters of the same names after `new_`."""
    values = {name: bindparam(f"new_{name}", type_=ENTRY.c[name].type) for name in columns}
    held = update(ENTRY).where(*_HELD, ENTRY.c.state == "running")
    return held.values(**values).returning(ENTRY.c.id)
