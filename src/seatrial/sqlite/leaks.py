"""Transactions that somebody in this process left open: found, told, ended."""

from __future__ import annotations

import contextlib
import gc
import os
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def open_transactions(file: Path) -> list[str]:
    """A line for each connection of this process that is in a transaction on `file`."""
    return [
        f"{type(connection).__module__}.{type(connection).__qualname__} in an open transaction, "
        f"{connection.total_changes} rows changed through it so far"
        for connection in _in_transaction(file)
    ]


def end_transactions(file: Path) -> None:
    """Roll back what was left open, wherever the driver lets another thread do so."""
    for connection in _in_transaction(file):
        with contextlib.suppress(sqlite3.Error):
            connection.rollback()


def _in_transaction(file: Path) -> list[sqlite3.Connection]:
    # Nobody keeps a list of connections, and weak references to them cannot be made. The walk takes some
    # ten milliseconds, and happens only where a lock was left.
    found = [item for item in gc.get_objects() if isinstance(item, sqlite3.Connection)]
    return [connection for connection in found if _is_open_on(connection, file)]


def _is_open_on(connection: sqlite3.Connection, file: Path) -> bool:
    try:
        if not connection.in_transaction:
            return False
        path = _path(connection)
    except sqlite3.ProgrammingError:
        # Closed, or of another thread that lets nobody else use it.
        return False
    return os.path.realpath(path) == os.path.realpath(file)


def _path(connection: sqlite3.Connection) -> str:
    return next(
        (str(path) for _, name, path in connection.execute("PRAGMA database_list") if name == "main"), ""
    )
