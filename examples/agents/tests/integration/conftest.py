"""Fixtures about agents; the application, its database and its callers come from seatrial."""

from contextlib import contextmanager
from functools import partial

import pytest
from sqlalchemy import event

_WAITING = (
    "SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
    " WHERE NOT l.granted AND d.datname = current_database()"
)


@pytest.fixture
def start_conversation(client):
    """Start a conversation as a user; returns its id."""

    def start(user, title="A plan"):
        created = client.as_user(user).post("/api/v1/conversations", json={"title": title})
        assert created.status_code == 201
        return created.json()["id"]

    return start


@pytest.fixture
def refusal():
    """Check the envelope of an error; returns what identifies it: status and code."""

    def read(response):
        assert response.is_error, f"{response.request.method} {response.url} was not refused"
        error = response.json()["error"]
        assert error["request_id"] == response.headers["X-Request-ID"]
        assert error["message"]
        return response.status_code, error["code"]

    return read


@pytest.fixture
def inserts_held(db, database, app):
    """Hold back the inserts into a table, while everybody may read; gives the number of those that wait."""
    if database.address.engine == "sqlite":
        return partial(_held_on_sqlite, db, app.state.resources.engine.sync_engine)
    return partial(_held_on_postgres, db)


@contextmanager
def _held_on_postgres(db, table):
    db.execute("BEGIN")
    db.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
    try:
        yield lambda: db.scalar(_WAITING)
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
