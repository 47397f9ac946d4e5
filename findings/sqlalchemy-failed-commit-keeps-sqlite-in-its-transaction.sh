#!/usr/bin/env bash
# After a commit that SQLite refuses, SQLAlchemy has no transaction any more, and SQLite still has it.
#
# Libraries: SQLAlchemy 2.1.9 with the sqlite3 of Python, and BEGIN sent by the event `begin`, as its documentation
#            advises for SQLite.
# Expected:  a block `with connection.begin():` whose commit fails is rolled back, and the connection can go on.
# Seen:      the commit raises (here for a foreign key that is checked at the commit; a full disk does the same),
#            `in_transaction()` is false, and SQLite's own transaction is open. `rollback()` does nothing, since
#            there is nothing to roll back for it. The next statement fails: "cannot start a transaction within a
#            transaction". Only giving the connection back to the pool ends it.
#
# Run it with `bash`, from any directory. It exits with 1 when the behaviour is no longer the one above.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check install --quiet sqlalchemy==2.1.9
cat > "$folder/seen.py" <<'PYTHON'
import sqlalchemy

engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.StaticPool)


@sqlalchemy.event.listens_for(engine, "connect")
def connect(connection, _):
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


@sqlalchemy.event.listens_for(engine, "begin")
def begin(connection):
    connection.exec_driver_sql("BEGIN")


def state(connection):
    ours, its = connection.in_transaction(), connection.connection.dbapi_connection.in_transaction
    return f"SQLAlchemy {ours}, SQLite {its}"


with engine.begin() as connection:
    connection.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    connection.exec_driver_sql("CREATE TABLE child (parent REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
connection = engine.connect()
try:
    with connection.begin():
        connection.exec_driver_sql("INSERT INTO child VALUES (1)")
except sqlalchemy.exc.IntegrityError as error:
    print("commit:", error.orig)
print("in a transaction:", state(connection))
connection.rollback()
print("after rollback():", state(connection))
try:
    connection.exec_driver_sql("SELECT 1")
except sqlalchemy.exc.OperationalError as error:
    print("the next statement:", error.orig)
connection.close()
with engine.connect() as connection:
    print("given back to the pool:", connection.exec_driver_sql("SELECT count(*) FROM child").scalar(), "rows")
PYTHON
expected='commit: FOREIGN KEY constraint failed
in a transaction: SQLAlchemy False, SQLite True
after rollback(): SQLAlchemy False, SQLite True
the next statement: cannot start a transaction within a transaction
given back to the pool: 0 rows'
seen=$("$folder/venv/bin/python" "$folder/seen.py")
echo "$seen"
[ "$seen" = "$expected" ]
