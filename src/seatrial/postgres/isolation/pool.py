"""A pool of fresh clones, made in the background so that no test waits for CREATE DATABASE."""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
import time
from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError
from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from seatrial.postgres.cluster import Cluster

_DEPTH = 2
_WAIT_S = 60.0
_GONE_POLL_S = 0.0003
_GONE_LIMIT_S = 10.0


class ClonePool:
    """Clones of one baseline database, always a few ahead.

    One thread with one connection makes clones and drops used databases, so that the two never compete.

    Args:
        cluster: where.
        baseline: the database to copy; nobody is connected to it.
        statements: what a copy leaves out, see `create_clone`.
        prefix: how the names of the clones begin.
        depth: how many to keep ready.
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
        self._depth = depth
        self._numbers = itertools.count(1)
        self._ready: queue.Queue[str | BaseException] = queue.Queue()
        self._used: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="seatrial-clones", daemon=True)
        self._thread.start()

    def take(self) -> str:
        """The name of a fresh clone that nobody has used.

        Raises:
            IsolationError: the server could not make one.
        """
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
                while not self._stopping:
                    self._wake.clear()
                    if not self._one_task(connection):
                        self._wake.wait()
                while not self._used.empty():
                    drop(connection, self._used.get())
        except BaseException as error:  # noqa: BLE001 - handed to the test that asks for a clone
            self._ready.put(error)

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
    strategy = " STRATEGY FILE_COPY" if cluster.kind == "embedded" and cluster.version >= 150000 else ""  # noqa: PLR2004
    connection.execute(
        f"CREATE DATABASE {quoted} OWNER {identifier(cluster.owner.user)} "
        f"TEMPLATE {identifier(baseline)}{strategy}".encode()
    )
    for statement in statements:
        connection.execute(statement.format(database=quoted).encode())


def end_sessions(connection: psycopg.Connection[Any], database: str) -> None:
    """End every session of a database and wait until the server has forgotten them.

    DROP and RENAME right after a session ended cost 100 ms, because the server sleeps while the backend
    is still leaving; polling costs a few milliseconds.
    """
    deadline = time.monotonic() + _GONE_LIMIT_S
    while True:
        row = connection.execute(
            "select count(*), count(pg_terminate_backend(pid)) from pg_stat_activity "
            "where datname = %s and pid <> pg_backend_pid()",
            [database],
        ).fetchone()
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
