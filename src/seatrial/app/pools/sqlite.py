"""Foreign keys that SQLite enforces only on connections that ask for it: SQLAlchemy's are made to ask."""

from __future__ import annotations

import contextlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_FAMILIES = ("sqlite3", "aiosqlite")


class ForeignKeys:
    """Says `PRAGMA foreign_keys = ON` on every new SQLAlchemy connection to one file.

    The application may say the contrary in a listener of its own, which comes later.

    Args:
        file: the path of the database; connections to others are left as they are.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._is_installed = False

    def install(self) -> None:
        """Listen to all pools, if SQLAlchemy is installed: the application's may open as it is imported."""
        if self._is_installed or find_spec("sqlalchemy") is None:
            return
        from sqlalchemy import event, pool  # noqa: PLC0415 - slow, and only a run on SQLite needs it

        event.listen(pool.Pool, "connect", self._switch_on)
        self._is_installed = True

    def remove(self) -> None:
        """Stop listening."""
        if self._is_installed:
            from sqlalchemy import event, pool  # noqa: PLC0415 - loaded already

            event.remove(pool.Pool, "connect", self._switch_on)
            self._is_installed = False

    def _switch_on(self, connection: Any, _: Any) -> None:
        if file_of(connection) == Path(self._file).resolve():
            run(connection, "PRAGMA foreign_keys = ON")


def file_of(connection: Any) -> Path | None:
    """The file behind a DBAPI connection of SQLite; None for another one, or one in memory."""
    driver = getattr(connection, "driver_connection", connection)
    if not any(family.__module__.partition(".")[0] in _FAMILIES for family in type(driver).__mro__):
        return None
    with contextlib.suppress(Exception):  # a broken connection may refuse to say where it led
        for _, name, path in run(connection, "PRAGMA database_list"):
            if name == "main" and path:
                return Path(path).resolve()
    return None


def run(connection: Any, statement: str) -> list[Any]:
    """The rows of a statement, on the driver's own terms."""
    cursor = connection.cursor()
    try:
        cursor.execute(statement)
        return list(cursor.fetchall())
    finally:
        cursor.close()
