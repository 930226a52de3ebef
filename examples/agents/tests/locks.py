"""Requests that meet at a lock, so that they are certainly under way together."""

from contextlib import contextmanager
from functools import partial

from sqlalchemy import event

_WAITING = (
    "SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
    " WHERE NOT l.granted AND d.datname = current_database()"
)


def inserts_held(db, engine, table):
    """Hold back the inserts into a table, while everybody may read; gives the number of those that wait."""
    if engine.dialect.name == "sqlite":
        return _held_on_sqlite(db, engine.sync_engine, table)
    return _held_on_postgres(db, table)


@contextmanager
def _held_on_postgres(db, table):
    db.execute("BEGIN")
    db.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
    try:
        yield partial(db.scalar, _WAITING)
    finally:
        db.execute("COMMIT")


@contextmanager
def _held_on_sqlite(db, engine, table):
    # SQLite shows nobody its locks; but an insert that was sent while we hold the only one waits for it.
    sent = []

    def note(_connection, _cursor, statement, *_):
        if statement.startswith(f"INSERT INTO {table} "):
            sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    db.execute("BEGIN IMMEDIATE")
    try:
        yield lambda: len(sent)
    finally:
        db.execute("COMMIT")
        event.remove(engine, "before_cursor_execute", note)
