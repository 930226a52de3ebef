"""`db` on SQLite: the handle of PostgreSQL, method for method."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote
from uuid import UUID

from seatrial.errors import FakeError
from seatrial.sqlite.statements import split, with_question_marks

if TYPE_CHECKING:
    from collections.abc import Callable

_WAIT_S = 5.0


class Handle:
    """Statements against the file of the running test, each committed at once, foreign keys enforced.

    Parameters are `%s`, as on PostgreSQL, or `?`. Values come back as SQLite keeps them: numbers, text,
    bytes and None; a boolean is 0 or 1, a time or a UUID is the text that was stored.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], url: Callable[[str], str]) -> None:
        self._connect = connect
        self._url = url
        self._connection: sqlite3.Connection | None = None

    @classmethod
    def of_url(cls, url: str) -> Handle:
        """A handle on the file behind a `sqlite:///` URL."""
        path = unquote(url.partition(":///")[2])
        return cls(lambda: connect(path), lambda scheme: url.replace("sqlite", scheme or "sqlite", 1))

    def execute(self, statement: str, *values: Any) -> int:
        """Run a statement; the number of rows it touched, -1 where that means nothing.

        Without values it may be several, separated by semicolons.
        """
        touched = -1
        for part in [statement] if values else [sql for _, sql in split(statement)]:
            cursor = self._run(part, values)
            touched = cursor.rowcount
            cursor.close()
        return touched

    def scalar(self, statement: str, *values: Any) -> Any:
        """The first column of the first row, or None where there is no row."""
        cursor = self._run(statement, values)
        row = cursor.fetchone()
        # A cursor that was not read to its end would keep the file locked.
        cursor.close()
        return row[0] if row else None

    def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """All rows, each as a dictionary of column name to value."""
        cursor = self._run(statement, values)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def url(self, driver: str = "") -> str:
        """The application's URL of this database: `async`, `sync` or a driver like `sqlite+aiosqlite`."""
        return self._url(driver)

    @property
    def faults(self) -> NoReturn:
        """Not here.

        Raises:
            FakeError: always.
        """
        raise FakeError(
            "db.faults needs a connection that can break, and SQLite's database is a file.",
            code="faults.sqlite",
            remedy="Run this test on PostgreSQL.",
        )

    def close(self) -> None:
        """Close the connection; the next statement opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _run(self, statement: str, values: tuple[Any, ...]) -> sqlite3.Cursor:
        if self._connection is None:
            self._connection = self._connect()
        if values:
            return self._connection.execute(
                with_question_marks(statement), tuple(_storable(value) for value in values)
            )
        return self._connection.execute(statement)


def connect(path: str) -> sqlite3.Connection:
    """An autocommit connection of our own, with foreign keys enforced."""
    # The handle of a fixture may be closed in another thread than the one of the test.
    connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _storable(value: Any) -> Any:
    """What psycopg takes and SQLite does not, as the text that is usual for it."""
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    return value
