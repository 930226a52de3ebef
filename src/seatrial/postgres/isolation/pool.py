"""A pool of fresh clones, made in the background so that no test waits for CREATE DATABASE."""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
import time
from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.blockers import bound
from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from seatrial.postgres.cluster import Cluster

_DEPTH = 2
_DEEPEST = 6
_ROOM_BYTES = 512 << 20
"""What the clones that wait may take together, in one process."""
_WAIT_S = 60.0
_GONE_POLL_S = 0.0003
_GONE_LIMIT_S = 10.0
_IDLE_POLL_S = 0.0005
# Whoever is no superuser may not end everybody. Workers of the server itself, which have no role, make way by
# themselves when a database is dropped or renamed.
_END = """
select count(*), count(case when me.rolsuper or not other.rolsuper
  and (pg_has_role(other.oid, 'usage') or pg_has_role('pg_signal_backend', 'usage'))
  then pg_terminate_backend(pid) end)
from pg_stat_activity
  join pg_roles me on me.rolname = current_user
  left join pg_roles other on other.oid = usesysid
where datname = %s and pid <> pg_backend_pid() and (me.rolsuper or other.oid is not null)
"""


class ClonePool:
    """Clones of one baseline database, always a few ahead.

    One thread with one connection makes clones and drops used databases, so that the two never compete.

    Args:
        cluster: where.
        baseline: the database to copy; nobody is connected to it.
        statements: what a copy leaves out, see `create_clone`.
        prefix: how the names of the clones begin.
        depth: how many to keep ready at first. A test that has to wait raises it, up to six clones or half a
            gigabyte.
    """

    def __init__(
        self,
        cluster: Cluster,
        *,
        baseline: str,
        statements: Sequence[str],
        prefix: str,
        depth: int = _DEPTH,
    ) -> None:
        self._cluster = cluster
        self._baseline = baseline
        self._statements = statements
        self._prefix = prefix
        self._depth = self._deepest = depth
        self._numbers = itertools.count(1)
        self._ready: queue.Queue[str | BaseException] = queue.Queue()
        self._used: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._stopping = False
        self._working = True
        self._thread = threading.Thread(target=self._work, name="seatrial-clones", daemon=True)
        self._thread.start()

    def take(self) -> str:
        """The name of a fresh clone that nobody has used.

        Raises:
            IsolationError: the server could not make one.
        """
        if self._ready.empty():
            self._depth = min(self._depth + 1, self._deepest)
        try:
            clone = self._ready.get(timeout=_WAIT_S)
        except queue.Empty:
            raise IsolationError(
                f"no clone of {self._baseline!r} was ready within {_WAIT_S:.0f} s",
                code="isolation.no-clone",
                remedy="look at the server's load and free space",
            ) from None
        if isinstance(clone, BaseException):
            self._ready.put(clone)
            raise IsolationError(
                f"a clone of {self._baseline!r} could not be made: {clone}",
                code="isolation.no-clone",
                remedy="look at the server's free space and, on a server of yours, at the role's rights",
            ) from clone
        self._wake.set()
        return clone

    def discard(self, database: str) -> None:
        """Drop a used database in the background."""
        self._used.put(database)
        self._wake.set()

    def wait_idle(self) -> None:
        """Wait until as many clones are ready as shall be, and every used database is dropped."""
        deadline = time.monotonic() + _WAIT_S
        while self._thread.is_alive() and time.monotonic() < deadline:
            # In this order: only this side gives work, so whoever is found idle stays idle.
            enough = self._ready.qsize() >= self._depth and self._used.empty()
            if enough and not self._working:
                return
            time.sleep(_IDLE_POLL_S)

    def close(self) -> list[str]:
        """Stop making clones; the unused ones that remain on the server."""
        self._stopping = True
        self._wake.set()
        self._thread.join(_WAIT_S)
        remaining = []
        with contextlib.suppress(queue.Empty):
            while True:
                clone = self._ready.get_nowait()
                if isinstance(clone, str):
                    remaining.append(clone)
        return remaining

    def _work(self) -> None:
        try:
            with self._cluster.connect(self._cluster.admin["dbname"]) as connection:
                bound(connection)
                self._deepest = max(self._depth, self._affordable(connection))
                while not self._stopping:
                    self._wake.clear()
                    self._working = True
                    did_something = self._one_task(connection)
                    self._working = False
                    if not did_something:
                        self._wake.wait()
                while not self._used.empty():
                    drop(connection, self._used.get())
        except BaseException as error:  # noqa: BLE001 - handed to the test that asks for a clone
            self._ready.put(error)

    def _affordable(self, connection: psycopg.Connection[Any]) -> int:
        row = connection.execute("select pg_database_size(%s)", [self._baseline]).fetchone()
        return min(_DEEPEST, _ROOM_BYTES // row[0]) if row else 0

    def _one_task(self, connection: psycopg.Connection[Any]) -> bool:
        """Make a clone or drop a used database; False where there is nothing to do."""
        if self._ready.qsize() < self._depth:
            self._ready.put(self._make(connection))
            return True
        if not self._used.empty():
            drop(connection, self._used.get())
            return True
        return False

    def _make(self, connection: psycopg.Connection[Any]) -> str:
        name = f"{self._prefix}_{next(self._numbers)}"
        create_clone(
            connection, self._cluster, name=name, baseline=self._baseline, statements=self._statements
        )
        return name


def create_clone(
    connection: psycopg.Connection[Any],
    cluster: Cluster,
    *,
    name: str,
    baseline: str,
    statements: Sequence[str] = (),
) -> None:
    """CREATE DATABASE from a baseline nobody is connected to, with what the copy leaves out."""
    quoted = identifier(name)
    connection.execute(
        f"CREATE DATABASE {quoted} OWNER {identifier(cluster.owner.user)} "
        f"TEMPLATE {identifier(baseline)}{strategy(cluster)}".encode()
    )
    for statement in statements:
        connection.execute(statement.format(database=quoted).encode())


def strategy(cluster: Cluster) -> str:
    """The end of a CREATE DATABASE: files are copied where a checkpoint costs nothing, and little is logged.

    The other way writes every page to the server's log, which `reset` reads.
    """
    copies_files = cluster.kind == "embedded" and cluster.version >= 150000  # noqa: PLR2004
    return " STRATEGY FILE_COPY" if copies_files else ""


def end_sessions(connection: psycopg.Connection[Any], database: str) -> None:
    """End every session of a database and wait until the server has forgotten them.

    DROP and RENAME right after a session ended cost 100 ms, because the server sleeps while the backend
    is still leaving; polling costs a few milliseconds. Sessions that the role may not end are waited for.
    """
    deadline = time.monotonic() + _GONE_LIMIT_S
    while True:
        row = connection.execute(_END, [database]).fetchone()
        if row is None or row[0] == 0:
            return
        if time.monotonic() > deadline:
            raise IsolationError(
                f"{row[0]} sessions of {database!r} did not end within {_GONE_LIMIT_S:.0f} s",
                code="isolation.sessions",
                remedy="look in pg_stat_activity for what they are doing",
            )
        time.sleep(_GONE_POLL_S)


def drop(connection: psycopg.Connection[Any], database: str) -> None:
    """Drop a database once its sessions are gone."""
    end_sessions(connection, database)
    connection.execute(f"DROP DATABASE IF EXISTS {identifier(database)}".encode())
