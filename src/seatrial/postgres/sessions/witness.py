"""Who else wrote to a database while a test had it to itself: the server knows of every commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from seatrial.postgres.sessions.kit import APPLICATION_NAME

if TYPE_CHECKING:
    import psycopg

    from seatrial.postgres.cluster import Cluster

Testimony = Literal["nobody", "somebody", "unknown"]

_WALINSPECT_TELLS_IDS = 160000
# What is asked of every test, in one round trip. A transaction that began after the snapshot has an id that
# is not below its end, and belongs to the next look.
_LOOK = """
select next, running, pg_current_wal_insert_lsn()::text,
  array(
    select x from (
      select unnest(%(running)s::bigint[]) union all select generate_series(%(since)s::bigint, next - 1)
    ) t (x)
    where pg_xact_status(x::text::xid8) = 'committed'
  ),
  %(open)s and (
    exists (
      select from pg_stat_get_activity(null)
      where datid = (select oid from pg_database where datname = %(name)s) and backend_xid is not null
    ) or exists (
      select from pg_prepared_xact()
      where dbid = (select oid from pg_database where datname = %(name)s)
    )
  )
from (
  select pg_snapshot_xmax(s)::text::bigint, array(select x::text::bigint from pg_snapshot_xip(s) x)
  from pg_current_snapshot() s
) now (next, running)
"""
# No id is above it, so there is nothing to look at.
_NOTHING = 1 << 62
_OF_DATABASE = """
select exists (
  select from pg_get_wal_block_info(%(start)s::pg_lsn, pg_current_wal_flush_lsn()) b
  where b.reldatabase = (select oid from pg_database where datname = %(name)s)
  and b.xid = any (select (x & 4294967295)::text::xid from unnest(%(ids)s::bigint[]) x)
)
"""


class Mark(NamedTuple):
    """A moment of a server: the next transaction id, the running ones before it, and the log's position."""

    next_id: int
    running: list[int]
    position: str


class Account(NamedTuple):
    """What was found since a mark, and the moment up to which it was looked for."""

    testimony: Testimony
    until: Mark


class Witness:
    """Looks at the transactions of the whole server since a moment, and at the database they wrote to.

    Transaction ids tell for certain when nobody wrote. Where somebody did, the server's log tells whether
    that was in this database; it is read on an embedded server of version 16 or newer only.

    Args:
        cluster: the server.
        database: the name of the tested database.
    """

    def __init__(self, cluster: Cluster, *, database: str) -> None:
        self._cluster = cluster
        self._database = database
        self._connection: psycopg.Connection[Any] | None = None
        self._reads_log: bool | None = None

    def mark(self) -> Mark:
        """The present moment."""
        return self._look(Mark(_NOTHING, [], ""), open_counts=False)[0]

    def testimony(self, since: Mark, *, open_counts: bool) -> Account:
        """Whether somebody has written to the database and did not roll that back.

        Args:
            since: the moment from which on.
            open_counts: whether to count what may still be committed, too. The caller's own transactions must
                be over then.
        """
        now, committed, is_open = self._look(since, open_counts=open_counts)
        return Account("somebody" if is_open else self._of_these(committed, since), now)

    def _of_these(self, committed: list[int], since: Mark) -> Testimony:
        """Whether one of these transactions has written to the database."""
        if not committed:
            return "nobody"
        if not self._can_read_log():
            return "unknown"
        # Reading the log stops where it was flushed; a commit that waits for it flushes all before it.
        self._admin().execute("select pg_logical_emit_message(true, 'seatrial', '')")
        values = {"start": since.position, "name": self._database, "ids": committed}
        return "somebody" if self._tells(_OF_DATABASE, values) else "nobody"

    def sessions(self) -> list[str]:
        """The sessions in the database, but for those that tests are given, and what each did last."""
        rows = self._admin().execute(
            "select pid, application_name, state, left(regexp_replace(query, '\\s+', ' ', 'g'), 80) "
            "from pg_stat_activity where datname = %s and application_name <> %s order by pid",
            [self._database, APPLICATION_NAME],
        )
        return [f"session {pid} {name!r} ({state}): {query}" for pid, name, state, query in rows]

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _look(self, since: Mark, *, open_counts: bool) -> tuple[Mark, list[int], bool]:
        """The present moment, which transactions were committed before it, and whether one is open."""
        values = {
            "running": since.running,
            "since": since.next_id,
            "open": open_counts,
            "name": self._database,
        }
        row = self._admin().execute(_LOOK.encode(), values, prepare=True).fetchone()
        assert row is not None  # the statement has no condition
        next_id, running, position, committed, is_open = row
        return Mark(next_id, running, position), committed, is_open

    def _tells(self, question: str, values: dict[str, Any]) -> bool:
        row = self._admin().execute(question.encode(), values).fetchone()
        return bool(row and row[0])

    def _can_read_log(self) -> bool:
        if self._reads_log is None:
            # On a server of the team we install nothing.
            ours = self._cluster.kind == "embedded" and self._cluster.version >= _WALINSPECT_TELLS_IDS
            self._reads_log = ours and self._make_extension()
        return self._reads_log

    def _make_extension(self) -> bool:
        import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

        try:
            self._admin().execute("create extension if not exists pg_walinspect")
        except psycopg.Error:
            return False
        return True

    def _admin(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = self._cluster.connect(self._cluster.admin["dbname"])
            # Planned anew for each test, the look would take twice as long.
            self._connection.execute(
                "set synchronous_commit = on; set plan_cache_mode = force_generic_plan", prepare=False
            )
        return self._connection
