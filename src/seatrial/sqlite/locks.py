"""Copying a database, and waiting for those who hold a lock on it, for a limited time."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 1.0
"""Longer than any statement of a test: what holds a lock then was left, and is not at work."""
_POLL_S = 0.002
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def alone(connection: sqlite3.Connection, *, patience: float = PATIENCE_S) -> bool:
    """Whether nobody else holds a lock on the file, within `patience` seconds.

    Idle connections hold none; a transaction does, and so does a cursor that was not read to its end.
    """
    return _within(patience, lambda: _take_all_locks(connection))


def copy(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Make the target equal the source, page by page, in one transaction.

    Raises:
        sqlite3.OperationalError: one of them stayed locked, or the pages do not fit.
    """
    deadline = time.monotonic() + PATIENCE_S

    def give_up_late(status: int, _remaining: int, _total: int) -> None:
        # Without this Python goes on trying for ever.
        if status in _BUSY and time.monotonic() > deadline:
            raise sqlite3.OperationalError("the database stayed locked")

    source.backup(target, progress=give_up_late, sleep=_POLL_S)


def _within(patience: float, attempt: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + patience
    while not attempt():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _take_all_locks(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("BEGIN EXCLUSIVE").close()
        connection.execute("ROLLBACK").close()
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        return mode != "wal" or _empty_the_log(connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in _BUSY:
            return False
        raise


def _empty_the_log(connection: sqlite3.Connection) -> bool:
    """Whether nobody reads an older state, which with a write-ahead log stops no writer.

    It stops the log from being emptied, provided that there is something in it.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.execute(f"PRAGMA user_version = {version}").close()
    busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy
