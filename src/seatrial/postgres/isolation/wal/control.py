"""The engine's session outside the tested database: it reads the log, and makes and renames databases."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from seatrial.postgres.isolation.wal.log_statements import STATEMENTS
from seatrial.postgres.isolation.wal.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.isolation.wal.session import Rows

_RECOVERY_S = 30.0
_POLL_S = 0.05


class Control:
    """A session that outlives a restart of the server."""

    def __init__(self, cluster: Cluster, *, application_name: str) -> None:
        self._cluster = cluster
        self._application_name = application_name
        self._session = self._connect()

    @property
    def connection(self) -> psycopg.Connection[Any]:
        """The connection, for statements outside a transaction."""
        return self._session.connection

    def query(self, statements: str) -> list[Rows]:
        """See `Session.query`."""
        return self._session.query(statements)

    def pipeline(self, calls: Sequence[tuple[str, Sequence[str]]]) -> list[Rows]:
        """See `Session.pipeline`; the prepared statements are those of the log."""
        return self._session.pipeline(calls)

    def reconnect(self) -> None:
        """Connect anew; a server that is just recovering has 30 s.

        Raises:
            psycopg.OperationalError: it does not accept connections.
        """
        import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

        self.close()
        deadline = time.monotonic() + _RECOVERY_S
        while True:
            try:
                self._session = self._connect()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_POLL_S)
            else:
                return

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def _connect(self) -> Session:
        return Session(
            self._cluster,
            self._cluster.admin["dbname"],
            application_name=self._application_name,
            prepared=STATEMENTS,
        )
