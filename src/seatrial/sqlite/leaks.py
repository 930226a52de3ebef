"""Locks that somebody in this process did not give up: open transactions and cursors with rows left."""

from __future__ import annotations

import contextlib
import gc
import os
import sqlite3
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from pathlib import Path

_Kind = TypeVar("_Kind", sqlite3.Connection, sqlite3.Cursor)


def release(file: Path) -> list[str]:
    """End what holds locks on `file`, wherever the driver lets another thread do so.

    Connections stay open: a transaction is rolled back, a cursor is read to its end.

    Returns:
        A line for each of those that held one.
    """
    return [
        *filter(None, (_finish(cursor, file) for cursor in _living(sqlite3.Cursor))),
        *filter(None, (_roll_back(connection, file) for connection in _living(sqlite3.Connection))),
    ]


def _living(kind: type[_Kind]) -> list[_Kind]:
    # Nobody keeps a list of them, and weak references to them cannot be made. The walk over the heap takes
    # some ten milliseconds, and happens only where a lock was left.
    return [item for item in gc.get_objects() if isinstance(item, kind)]


def _finish(cursor: sqlite3.Cursor, file: Path) -> str | None:
    with contextlib.suppress(sqlite3.Error):  # of another thread, or closed
        if not _leads_to(cursor.connection, file):
            return None
        columns = ", ".join(name for name, *_ in cursor.description or ())
        if cursor.fetchall():
            return f"a cursor over ({columns}) was not read to its end"
    return None


def _roll_back(connection: sqlite3.Connection, file: Path) -> str | None:
    with contextlib.suppress(sqlite3.Error):  # of another thread, or closed
        if connection.in_transaction and _leads_to(connection, file):
            connection.rollback()
            return f"a transaction was open; its connection has changed {connection.total_changes} rows"
    return None


def _leads_to(connection: sqlite3.Connection, file: Path) -> bool:
    databases = connection.execute("PRAGMA database_list").fetchall()
    path = next((str(path) for _, name, path in databases if name == "main"), "")
    return os.path.realpath(path) == os.path.realpath(file)
