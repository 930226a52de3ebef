"""Sessions that stand in the way of a reset: who they are, and ending them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError
from seatrial.postgres.sql import literal

if TYPE_CHECKING:
    import psycopg

    from seatrial.postgres.cluster import Cluster

_GONE_POLL_S = 0.001
_GONE_LIMIT_S = 10.0
# The state of another role's session is hidden from us; that it holds the lock of a transaction is not. One
# that failed holds none any more, and refuses every statement until it is rolled back.
_IN_TRANSACTION = """
select a.pid, a.usename::text from pg_stat_activity a
where a.datname = current_database() and a.pid <> pg_backend_pid() and a.usename is not null
  and (a.state = 'idle in transaction (aborted)'
       or exists (select from pg_locks l where l.pid = a.pid and l.locktype = 'virtualxid' and l.granted
                  and l.mode = 'ExclusiveLock'))
"""
_PREPARED = "select gid from pg_prepared_xacts where database = current_database() and owner = current_user"
_BLOCKERS = """
select format('session %s of %s, %s, %s: %s', pid, usename, coalesce(nullif(application_name, ''), 'unnamed'),
              coalesce(state, 'state unknown'), left(query, 200))
from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
  and usename is not null and pid in (select pid from pg_locks where relation is not null)
"""


def ask_transactions(connection: psycopg.Connection[Any]) -> psycopg.Cursor[Any]:
    """Ask whether any other session of this database is inside a transaction, prepared ones included."""
    return connection.execute(
        f"select exists ({_IN_TRANSACTION}) or exists ({_PREPARED})".encode(), prepare=True
    )


def end_transactions(connection: psycopg.Connection[Any], cluster: Cluster, database: str) -> None:
    """End the sessions that are inside a transaction, and roll prepared ones back.

    Raises:
        IsolationError: one belongs to a role that this one may not interrupt.
    """
    for (gid,) in connection.execute(_PREPARED.encode()).fetchall():
        connection.execute(f"rollback prepared {literal(gid)}".encode())
    _end(connection, cluster, database, _IN_TRANSACTION)


def end_sessions(connection: psycopg.Connection[Any], cluster: Cluster, database: str, *, keep: int) -> None:
    """End every session of the tested roles but `keep`: what they know of the tables is about to be wrong."""
    ours = [cluster.owner.user, cluster.app.user]
    query = (
        "select pid, usename::text from pg_stat_activity where datname = current_database() "  # noqa: S608
        f"and pid not in (pg_backend_pid(), {keep}) and usename in ({', '.join(map(literal, ours))})"
    )
    _end(connection, cluster, database, query)


def _end(connection: psycopg.Connection[Any], cluster: Cluster, database: str, query: str) -> None:
    """A role may end its own sessions, so those of the application's role are ended by that role."""
    deadline = time.monotonic() + _GONE_LIMIT_S
    while found := connection.execute(query.encode()).fetchall():
        by_role: dict[str, list[int]] = {}
        for pid, role in found:
            by_role.setdefault(role, []).append(pid)
        app = by_role.pop(cluster.app.user, []) if cluster.app.user != cluster.owner.user else []
        if app:
            with cluster.connect(database, login="app") as as_app:
                _terminate(as_app, app)
        if own := by_role.pop(cluster.owner.user, []):
            _terminate(connection, own)
        if by_role or time.monotonic() > deadline:
            raise IsolationError(
                "a session of the tested database is in the way, and could not be ended",
                code="isolation.sessions",
                detail=blockers(connection),
                remedy="end it; only the tested application and its tests should use this database",
            )
        time.sleep(_GONE_POLL_S)


def _terminate(connection: psycopg.Connection[Any], pids: list[int]) -> None:
    connection.execute("select pg_terminate_backend(pid) from unnest(%s::int[]) pid", [pids])


def blockers(connection: psycopg.Connection[Any]) -> str:
    """The other sessions that hold locks on relations of this database, one line each."""
    return "\n".join(str(line) for (line,) in connection.execute(_BLOCKERS.encode()).fetchall())
