"""`db`: a small synchronous handle on a test's database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from seatrial.postgres.faults import DatabaseFaults


class Handle:
    """Statements against the database of the running test, each committed at once.

    It connects at first use, as the owner of the database: what it reads is what was committed, and
    row-level security applies to it as it does to any owner. Parameters are psycopg's: `%s` in the
    statement, values after it.
    """

    def __init__(
        self,
        connect: Callable[[], psycopg.Connection[Any]],
        url: Callable[[str], str],
        *,
        faults: DatabaseFaults | None = None,
    ) -> None:
        self._connect = connect
        self._url = url
        self._faults = faults
        self._connection: psycopg.Connection[Any] | None = None

    @classmethod
    def of_url(cls, url: str) -> Handle:
        """A handle on the database behind a `postgresql://` URL."""
        return cls(lambda: _open(url), lambda scheme: url.replace("postgresql", scheme or "postgresql", 1))

    def execute(self, statement: str, *values: Any) -> int:
        """Run a statement; the number of rows it touched."""
        return self._run(statement, values).rowcount

    def scalar(self, statement: str, *values: Any) -> Any:
        """The first column of the first row, or None where there is no row."""
        row = self._run(statement, values).fetchone()
        return row[0] if row else None

    def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """All rows, each as a dictionary of column name to value."""
        cursor = self._run(statement, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def url(self, driver: str = "") -> str:
        """The application's URL of this database: `async`, `sync` or a driver like `postgresql+psycopg`."""
        return self._url(driver)

    @property
    def faults(self) -> DatabaseFaults:
        """What the application's next uses of the database meet; this handle meets nothing of it.

        Raises:
            FakeError: the setting is off.
        """
        if self._faults is None:
            raise FakeError(
                "db.faults needs a proxy between the application and its database, and the setting is off.",
                code="faults.off",
                remedy="Set faults = true in [tool.seatrial.database].",
            )
        return self._faults

    def close(self) -> None:
        """Close the connection; the next statement opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _run(self, statement: str, values: tuple[Any, ...]) -> psycopg.Cursor[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        # Without values psycopg leaves percent signs alone, so `like '%x'` needs no doubling.
        return self._connection.execute(statement.encode(), values or None)


def _open(url: str) -> psycopg.Connection[Any]:
    import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

    return psycopg.connect(url, autocommit=True, application_name="seatrial")
