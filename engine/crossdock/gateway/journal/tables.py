"""The tables of the journal. Values of payloads are JSON in text columns: nothing is searched for in them.

Times are whole milliseconds since 1970, UTC: SQLite keeps no time zone. They are for people and for
schedules; who may run an entry never depends on a clock.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, Table, Text, text

# SQLite counts ids up by itself only for a column of exactly this type.
_ID: Final = BigInteger().with_variant(Integer, "sqlite")

METADATA: Final = MetaData()

VERSION: Final = Table(
    "crossdock_version", METADATA, Column("version", Integer, primary_key=True, autoincrement=False)
)

ENTRY: Final = Table(
    "crossdock_entry",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("profile", Text, nullable=False),
    Column("dialect", Text),
    Column("action", Text, nullable=False),
    Column("key", Text, nullable=False),  # of the request's content; equal for a repeat
    Column("live_key", Text, unique=True),  # the key, while this entry answers repeats
    Column("request", Text, nullable=False),  # without the ticket
    Column("subjects", Text, nullable=False),  # what it changes, as a list
    Column("state", Text, nullable=False),
    Column("owner", Text),  # the process that runs it, or will
    Column("fence", Integer, nullable=False),  # counts the runs: an older run may not write any more
    Column("tries", Integer, nullable=False),
    Column("due", BigInteger),
    Column("accepted", BigInteger, nullable=False),
    Column("finished", BigInteger),
    Column("status", Integer),
    Column("response", Text),
    Column("reason", Text),
    Column("mappings", Text),  # the digest of the files that its last run was made with
    Column("pinned", Integer, nullable=False, server_default="0"),  # 1: only these may run it
    Index("crossdock_entry_state", "state", "due"),
    Index(
        "crossdock_entry_latest",
        "profile",
        "action",
        sqlite_where=text("live_key IS NOT NULL"),
        postgresql_where=text("live_key IS NOT NULL"),
    ),
)

# What open entries change: an entry waits for those before it that change the same. Deleted when it ends.
SUBJECT: Final = Table(
    "crossdock_subject",
    METADATA,
    Column("entry", _ID, ForeignKey(ENTRY.c.id, ondelete="CASCADE"), primary_key=True),
    Column("profile", Text, nullable=False),
    Column("subject", Text, primary_key=True),
    Index("crossdock_subject_order", "profile", "subject", "entry"),
)

CALL: Final = Table(
    "crossdock_call",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("entry", _ID, ForeignKey(ENTRY.c.id, ondelete="CASCADE"), nullable=False),
    Column("run", Integer, nullable=False),  # the entry's fence at the time
    Column("profile", Text, nullable=False),
    Column("identity", Text, nullable=False),  # of method, URL and body; equal for the same call made again
    Column("step", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("body", Text),
    Column("outcome", Text, nullable=False),
    Column("status", Integer),
    Column("answer", Text),
    Column("begun", BigInteger, nullable=False),
    Index("crossdock_call_entry", "entry"),
    Index("crossdock_call_identity", "profile", "identity"),
)
