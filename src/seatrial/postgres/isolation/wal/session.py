"""One connection of the engine's own, driven at the level of libpq: a reset is a few round trips long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import psycopg
    from psycopg.pq.abc import PGconn, PGresult

    from seatrial.postgres.cluster import Cluster

Row = tuple["str | None", ...]
Rows = list[Row]

# Given at the start of a session, these win over whatever ALTER ROLE or ALTER DATABASE says.
_SETTINGS = {
    "session_replication_role": "replica",
    "event_triggers": "off",
    "search_path": "",
    "row_security": "off",
    "default_transaction_read_only": "off",
    "default_transaction_isolation": "read\\ committed",
    "lock_timeout": "3s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "transaction_timeout": "0",
    "plan_cache_mode": "force_generic_plan",
    "datestyle": "ISO",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "xmloption": "content",
    "client_encoding": "UTF8",
}


class Session:
    """Statements as text in, rows as text out.

    Triggers, rules and row-level security of the user do not apply. No statement waits longer than 30 s,
    and none waits longer than 3 s for a lock. After an error in a pipeline the session is of no further use.

    Args:
        cluster: where.
        database: what to connect to.
        application_name: how it shows in pg_stat_activity.
        prepared: statements for `pipeline`, planned once, by name.
    """

    def __init__(
        self,
        cluster: Cluster,
        database: str,
        *,
        application_name: str = "seatrial",
        prepared: Mapping[str, str] | None = None,
    ) -> None:
        options = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
        # Statements that the driver prepared on its own would be forgotten together with ours.
        self.connection: psycopg.Connection[Any] = cluster.connect(
            database, options=options, application_name=application_name, prepare_threshold=None
        )
        self._pgconn: PGconn = self.connection.pgconn
        self.pid = self._pgconn.backend_pid
        for name, statement in (prepared or {}).items():
            self._pgconn.send_prepare(name.encode(), statement.encode())
            self._results()

    def close(self) -> None:
        """End the session."""
        self.connection.close()

    def query(self, statements: str) -> list[Rows]:
        """Run statements separated by semicolons as one transaction, in one round trip; the rows of each.

        Raises:
            psycopg.Error: one failed; nothing of them happened.
        """
        self._pgconn.send_query(statements.encode())
        return [_rows(result) for result in self._results()]

    def pipeline(self, calls: Sequence[tuple[str, Sequence[str]]]) -> list[Rows]:
        """Run prepared statements as one transaction, in one round trip; the rows of each.

        Raises:
            psycopg.Error: one failed; nothing of them happened.
        """
        self._pgconn.enter_pipeline_mode()
        for name, values in calls:
            self._pgconn.send_query_prepared(name.encode(), [value.encode() for value in values])
        self._pgconn.pipeline_sync()
        rows = [_rows(result) for _ in calls for result in self._results()]
        self._pgconn.get_result()
        self._pgconn.exit_pipeline_mode()
        return rows

    def _results(self) -> list[PGresult]:
        """What the server answers to one request; reading to its end keeps the connection usable."""
        results = []
        while (result := self._pgconn.get_result()) is not None:
            results.append(result)
        for result in results:
            _raise_failure(result)
        if not results:
            _raise_loss(self._pgconn)
        return results


def _rows(result: PGresult) -> Rows:
    value: Callable[[int, int], bytes | None] = result.get_value
    columns = range(result.nfields)
    return [tuple(_text(value(row, column)) for column in columns) for row in range(result.ntuples)]


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def _raise_failure(result: PGresult) -> None:
    from psycopg import errors, pq  # noqa: PLC0415 - an extra; loaded only when a server is used

    if result.status not in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK, pq.ExecStatus.EMPTY_QUERY):
        raise errors.error_from_result(result)


def _raise_loss(pgconn: PGconn) -> None:
    from psycopg import OperationalError  # noqa: PLC0415

    raise OperationalError(pgconn.get_error_message())
