"""A session of the application: kept over resets like one of a pool, with transactions left as they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from psycopg.pq import ConnStatus, ExecStatus, PGconn, TransactionStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPTIONS = "-c lock_timeout=15 -c statement_timeout=20000 -c client_min_messages=error"
_FAILED = (ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE)


class SessionEndedError(AssertionError):
    """The server ended a session of the application while nobody had said so."""


class Session:
    """Speaks libpq directly: ten thousand programs are a quarter of a million statements."""

    def __init__(self, dsn: str) -> None:
        self._dsn = f"{dsn} options='{_OPTIONS}'"
        self._connection: PGconn | None = None
        self._excused = False

    def run(self, text: str) -> bool:
        """Run statements one by one until one fails; whether all went well.

        A transaction that failed is rolled back first, as pools and frameworks do.
        """
        return all(self._one(statement) for statement in split(text))

    def excuse(self) -> None:
        """The server was allowed to end it; whether it did shows at the next use, as in a pool."""
        self._excused = True

    def forget(self) -> None:
        """The session is gone: connect again at the next use."""
        if self._connection is not None:
            self._connection.finish()
            self._connection = None

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction was left open."""
        return self._connection is not None and self._connection.transaction_status in (
            TransactionStatus.INTRANS,
            TransactionStatus.INERROR,
        )

    def _one(self, statement: str) -> bool:
        went_well = self._send(statement)
        if went_well is None and self._excused:
            self.forget()
            went_well = self._send(statement)
        self._excused = False
        if went_well is None:
            raise SessionEndedError(f"nobody said that the session would end; it had to run {statement!r}")
        return went_well

    def _send(self, statement: str) -> bool | None:
        """Whether it went well; None where the session is gone."""
        connection = self._living()
        if connection.transaction_status == TransactionStatus.INERROR:
            connection.exec_(b"rollback")
        query, _, data = statement.partition("|")
        result = connection.exec_(query.encode())
        if result.status == ExecStatus.COPY_IN:
            connection.put_copy_data(data.encode())
            connection.put_copy_end()
            while (last := connection.get_result()) is not None:
                result = last
        return None if connection.status == ConnStatus.BAD else result.status not in _FAILED

    def _living(self) -> PGconn:
        if self._connection is None:
            self._connection = PGconn.connect(self._dsn.encode())
            if self._connection.status == ConnStatus.BAD:
                message = self._connection.error_message.decode()
                self.forget()
                raise AssertionError(f"the application cannot connect: {message}")
        return self._connection


def split(text: str) -> Iterator[str]:
    """Split a list of statements at semicolons outside of quotes."""
    start = 0
    for found in re.finditer("; ", text):
        if text.count("'", 0, found.start()) % 2 == 0:
            yield text[start : found.start()]
            start = found.end()
    yield text[start:]
