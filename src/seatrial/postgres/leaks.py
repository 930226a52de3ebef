"""What sessions of the tested database hold: transactions, statements, locks; and how to end that."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from seatrial.postgres.sql import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import psycopg

    from seatrial.postgres.cluster import Cluster

Kind = Literal["transaction", "statement", "lock", "prepared"]
Key: TypeAlias = tuple[int, str]
"""Equal as long as the same session holds the same thing."""

_GONE_LIMIT_S = 5.0
_GONE_POLL_S = 0.001
_BOUNDED = b"set lock_timeout = '2s'; set statement_timeout = '10s'"
_PLANNED_ONCE = b"set plan_cache_mode = force_generic_plan"

# What is asked after every test, in one round trip. The functions behind the views: their joins with all
# roles and databases take longer than everything else. Locks of transactions are those of the transaction,
# so only what outlives one is asked for: advisory locks of sessions. An aborted transaction has no xact_start
# any more.
_HELD = """
with tested as materialized (select oid from pg_database where datname = %(database)s)
select case state when 'active' then 'statement' else 'transaction' end, pid,
       coalesce(xact_start, state_change)::text,
       state, query, pg_get_userbyid(usesysid)::text, application_name, client_port,
       extract(epoch from clock_timestamp() - coalesce(xact_start, state_change))::float8
  from pg_stat_get_activity(null)
 where (datid = (select oid from tested) or %(alone)s and usesysid <> current_user::regrole)
   and backend_type = 'client backend' and state <> 'idle' and pid <> pg_backend_pid()
union all
select 'lock', l.pid, concat_ws(' ', l.classid, l.objid, l.objsubid, l.mode),
       a.state, a.query, pg_get_userbyid(a.usesysid), a.application_name, a.client_port, null
  from pg_lock_status() l cross join lateral pg_stat_get_activity(l.pid) a
 where l.locktype = 'advisory' and l.granted and a.state = 'idle'
   and (a.datid = (select oid from tested) or %(alone)s and a.usesysid <> current_user::regrole)
union all
select 'prepared', 0, gid, null, null, pg_get_userbyid(ownerid), null, null,
       extract(epoch from clock_timestamp() - prepared)
  from pg_prepared_xact() where dbid = (select oid from tested)
"""
_STATEMENTS = """
select pid, query_start::text, query, client_port from pg_stat_activity
 where datname = %s and backend_type = 'client backend' and query_start is not null
   and pid <> pg_backend_pid()
"""
_END = """
select count(pg_terminate_backend(pid)) from pg_stat_activity where pid = any(%s)
"""


@dataclass(frozen=True, kw_only=True)
class Held:
    """Something a session holds, or a prepared transaction that nobody finished.

    Args:
        kind: a `statement` is running; a `transaction` is open and idle; a `lock` outlives transactions.
        pid: the server process of the session; 0 for a prepared transaction.
        mark: what tells it from others of the same session: when it began, which lock, which name.
        state: of the session, as `pg_stat_activity` has it.
        query: the session's latest statement.
        port: the client's; None for a unix socket that nobody's proxy is behind.
        seconds: its age; None where the server does not know.
    """

    kind: Kind
    pid: int
    mark: str
    state: str | None = None
    query: str | None = None
    user: str | None = None
    application: str | None = None
    port: int | None = None
    seconds: float | None = None

    @property
    def key(self) -> Key:
        """Its identity."""
        return self.pid, self.mark


@dataclass(frozen=True, kw_only=True)
class Statement:
    """The latest statement of a session."""

    pid: int
    started: str
    text: str
    port: int | None


class SessionWatch:
    """Looks at the sessions of one database from a session of our own in another.

    On a server of ours all sessions but our own belong to the tests, whatever their database is: one that
    holds a lock elsewhere can keep a database from being renamed.

    Args:
        cluster: where the database is.
        database: its name.
        client_port: where a client really comes from, for the port from which the server sees it come, or for
            minus the number of the server process where that is a unix socket.
    """

    def __init__(self, cluster: Cluster, database: str, *, client_port: Callable[[int], int]) -> None:
        self._cluster = cluster
        self._database = database
        self._client_port = client_port
        self._admin: psycopg.Connection[Any] | None = None

    def look(self) -> dict[Key, Held]:
        """Everything that is held now."""
        values = {"database": self._database, "alone": self._cluster.kind == "embedded"}
        import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

        try:
            rows = self._connection().execute(_HELD.encode(), values, prepare=True)
        except psycopg.OperationalError:
            # In a named database it may end with all others; or the server was started again.
            self.close()
            rows = self._connection().execute(_HELD.encode(), values, prepare=True)
        found = [
            Held(
                kind=kind,
                pid=pid,
                mark=mark,
                state=state,
                query=query,
                user=user,
                application=application,
                port=self._told(port, pid),
                seconds=seconds,
            )
            for kind, pid, mark, state, query, user, application, port, seconds in rows
        ]
        return {held.key: held for held in found}

    def statements(self) -> dict[int, Statement]:
        """The latest statement of every session, by its server process."""
        rows = self._connection().execute(_STATEMENTS.encode(), [self._database])
        return {
            pid: Statement(pid=pid, started=started, text=text, port=self._told(port, pid))
            for pid, started, text, port in rows
        }

    def end(self, pids: Collection[int]) -> bool:
        """End sessions and wait until the server has forgotten them; tell whether it has."""
        deadline = time.monotonic() + _GONE_LIMIT_S
        while True:
            row = self._connection().execute(_END.encode(), [list(pids)]).fetchone()
            if row is None or row[0] == 0:
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(_GONE_POLL_S)

    def roll_back(self, name: str) -> None:
        """Roll a prepared transaction back, which the server allows in its own database only."""
        with self._cluster.connect(self._database) as connection:
            connection.execute(_BOUNDED)
            connection.execute(f"ROLLBACK PREPARED {literal(name)}".encode())

    def close(self) -> None:
        """Close our session."""
        if self._admin is not None:
            self._admin.close()

    def _told(self, port: int | None, pid: int) -> int | None:
        if port is None:
            return None
        # The server says -1 of a unix socket.
        known = self._client_port(port if port > 0 else -pid)
        return known if known > 0 else None

    def _connection(self) -> psycopg.Connection[Any]:
        if self._admin is None or self._admin.closed:
            self._admin = self._cluster.connect(self._cluster.admin["dbname"])
            self._admin.execute(_BOUNDED)
            self._admin.execute(_PLANNED_ONCE)
        return self._admin
