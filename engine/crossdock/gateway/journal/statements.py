"""The statements of every request, built once: to build one takes longer than to run it.

AHEAD.first(connection, {"of": "acme", "name": "1001"})
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from functools import cache
from importlib import import_module
from typing import Any, Final

from sqlalchemy import Connection, Select, UpdateBase, bindparam, delete, insert, select, update

from crossdock.gateway.journal.tables import CALL, ENTRY, SUBJECT


class NamedStatement:
    """A statement with named parameters. SQLite gets it as text, which is made once.

    ``columns`` are those that an insert sets from parameters of their names.
    """

    def __init__(self, statement: Select[Any] | UpdateBase, columns: Iterable[str] | None = None) -> None:
        self._statement = statement
        self._columns = None if columns is None else [*columns]
        self._sqlite: tuple[str, tuple[str, ...], Mapping[str, Any]] | None = None

    def first(self, connection: Connection, given: Mapping[str, Any]) -> Sequence[Any] | None:
        """The first row that it gives."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, given).first()
        with closing(self._run(connection, given)) as cursor:
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row

    def run(self, connection: Connection, *rows: Mapping[str, Any]) -> None:
        """Run it for each of these parameters, of which there is at least one."""
        if connection.dialect.name != "sqlite":
            connection.execute(self._statement, rows)
            return
        for row in rows:
            self._run(connection, row).close()

    def _run(self, connection: Connection, given: Mapping[str, Any]) -> Any:
        text, names, fixed = self._sqlite or self._compiled(connection)
        cursor = connection.connection.cursor()
        values = tuple(given[name] if name in given else fixed[name] for name in names)
        connection.dialect.do_execute(cursor, text, values)
        return cursor

    def _compiled(self, connection: Connection) -> tuple[str, tuple[str, ...], Mapping[str, Any]]:
        made = self._statement.compile(dialect=connection.dialect, column_keys=self._columns)
        self._sqlite = str(made), tuple(made.positiontup or ()), dict(made.params)
        return self._sqlite


_HELD: Final = (ENTRY.c.id == bindparam("of"), ENTRY.c.fence == bindparam("turn"))

# The open entries that change what a new one does: all of them came before it.
AHEAD: Final = NamedStatement(
    select(SUBJECT.c.entry)
    .where(SUBJECT.c.profile == bindparam("of"), SUBJECT.c.subject == bindparam("name"))
    .limit(1)
)
ADD_SUBJECT: Final = NamedStatement(insert(SUBJECT), SUBJECT.c.keys())
DROP_SUBJECTS: Final = NamedStatement(delete(SUBJECT).where(SUBJECT.c.entry == bindparam("of")))

# On SQLite there is one writer, and nothing to lock.
HELD: Final = NamedStatement(select(ENTRY.c.id).where(*_HELD).with_for_update())
_CALL_COLUMNS: Final = [column.name for column in CALL.c if column.name != "id"]
BEGIN_CALL: Final = NamedStatement(insert(CALL).returning(CALL.c.id), _CALL_COLUMNS)
ADD_CALL: Final = NamedStatement(
    insert(CALL).values(
        profile=select(ENTRY.c.profile).where(ENTRY.c.id == bindparam("of")).scalar_subquery()
    ),
    [name for name in _CALL_COLUMNS if name != "profile"],
)
END_CALL: Final = NamedStatement(
    update(CALL)
    .where(CALL.c.id == bindparam("of"))
    .values(outcome=bindparam("came"), status=bindparam("code"), answer=bindparam("text"))
)


NEW_COLUMNS: Final = (
    *("profile", "dialect", "action", "key", "live_key", "request", "subjects", "state", "owner", "fence"),
    *("tries", "due", "accepted", "mappings", "pinned"),
)


@cache
def adding_entry(dialect: str) -> NamedStatement:
    """A new entry's id; no row when another one answers repeats of its request."""
    kind = import_module(f"sqlalchemy.dialects.{dialect}")  # the other one takes a while to import
    added = kind.insert(ENTRY).on_conflict_do_nothing(index_elements=["live_key"]).returning(ENTRY.c.id)
    return NamedStatement(added, NEW_COLUMNS)


@cache
def ending_entry(columns: frozenset[str]) -> NamedStatement:
    """Sets these columns of an entry that runs, from parameters of the same names after `new_`."""
    values = {name: bindparam(f"new_{name}", type_=ENTRY.c[name].type) for name in columns}
    held = update(ENTRY).where(*_HELD, ENTRY.c.state == "running")
    return NamedStatement(held.values(**values).returning(ENTRY.c.id))
