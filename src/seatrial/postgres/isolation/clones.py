"""Isolation by clones: every test gets a fresh copy of the baseline, always under the same name."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.base import Tally
from seatrial.postgres.isolation.blockers import bound, unblocked
from seatrial.postgres.isolation.pool import ClonePool, create_clone, drop, end_sessions
from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import psycopg

    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.isolation.base import Replacing

_SWAP_LIMIT_S = 10.0
# A step takes some milliseconds; only one that is held up is worth a second connection.
_SENTRY_DELAY_S = 0.15
_SENTRY_STEP_S = 0.02


def run_name(database: str) -> str:
    """The application_name under which a run holds a session for as long as its databases live."""
    return f"seatrial run {database}"


class Clones:
    """The constant database name, and what stands behind it.

    Applications keep their address and their pools; a swap ends the sessions of the used database and
    renames a fresh clone in its place, in one transaction, so that no moment exists without a database
    of that name.
    """

    def __init__(
        self, cluster: Cluster, *, database: str, template: str, statements: Sequence[str] = ()
    ) -> None:
        self._cluster = cluster
        self._database = database
        self._baselines = [template]
        self._statements = statements
        self._numbers = itertools.count(1)
        self._admin: psycopg.Connection[Any] = cluster.connect(
            cluster.admin["dbname"], application_name=run_name(database)
        )
        bound(self._admin)
        self._pool: ClonePool | None = None
        self._pristine = False
        self.tally = Tally()

    def open(self) -> None:
        """Put a first copy of the template under the constant name."""
        create_clone(
            self._admin,
            self._cluster,
            name=self._database,
            baseline=self._baselines[0],
            statements=self._statements,
        )
        self._pristine = True

    def position(self) -> object:
        """How far the server's log of changes has come; None while clones are made in the background."""
        if self._pool is not None:
            return None
        row = self._admin.execute("select pg_current_wal_insert_lsn()").fetchone()
        return row[0] if row else None

    def push(self, replacing: Replacing) -> None:
        """Make the present state the baseline: what an application's start-up wrote belongs to every test.

        All sessions of the database end.
        """
        baseline = f"{self._database}_baseline_{next(self._numbers)}"
        with replacing():
            self._retrying(lambda: self._copy_present(baseline))
        self._baselines.append(baseline)
        self._pristine = True
        self._end_pool()

    def pop(self, replacing: Replacing) -> None:
        """Go back to the baseline before the latest one; all sessions end."""
        outdated = self._baselines.pop()
        self._end_pool()
        self.hand_over()
        self.restore(replacing)
        drop(self._admin, outdated)

    @property
    def pristine(self) -> bool:
        """Whether the database has been handed to nobody since it was made."""
        return self._pristine

    def hand_over(self) -> None:
        """Note that a test has the database now, so the next one needs another, made meanwhile."""
        self._pristine = False
        if self._pool is None:
            prefix = f"{self._database}_clone_{next(self._numbers)}"
            self._pool = ClonePool(
                self._cluster, baseline=self._baselines[-1], statements=self._statements, prefix=prefix
            )

    def restore(self, replacing: Replacing) -> None:
        """Replace the database behind the constant name by a fresh clone of the baseline."""
        started = time.perf_counter()
        used = f"{self._database}_used_{next(self._numbers)}"
        clone = self._living_pool().take()
        with replacing():
            self._retrying(lambda: self._rename(used, clone))
        self._living_pool().discard(used)
        self._pristine = True
        self.tally.replaced += 1
        self.tally.seconds += time.perf_counter() - started

    def close(self, *, drop_databases: bool) -> None:
        """Stop the background work; on a server that lives on, drop all we made but the template."""
        remaining = self._pool.close() if self._pool else []
        if drop_databases:
            for name in (*remaining, self._database, *self._baselines[1:]):
                drop(self._admin, name)
        self._admin.close()

    def _living_pool(self) -> ClonePool:
        if self._pool is None:
            raise IsolationError(
                "the database was used before it was opened",
                code="isolation.closed",
                remedy="open() it first",
            )
        return self._pool

    def _end_pool(self) -> None:
        if self._pool is not None:
            for unused in self._pool.close():
                drop(self._admin, unused)
            self._pool = None

    def _copy_present(self, baseline: str) -> None:
        create_clone(
            self._admin, self._cluster, name=baseline, baseline=self._database, statements=self._statements
        )

    def _rename(self, aside: str, clone: str) -> None:
        name = identifier(self._database)
        with self._admin.transaction():
            self._admin.execute(f"ALTER DATABASE {name} RENAME TO {identifier(aside)}".encode())
            self._admin.execute(f"ALTER DATABASE {identifier(clone)} RENAME TO {name}".encode())

    def _retrying(self, step: Callable[[], None]) -> None:
        """Run a step that needs the database without sessions; a pool may reconnect meanwhile."""
        import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

        deadline = time.monotonic() + _SWAP_LIMIT_S
        while True:
            end_sessions(self._admin, self._database)
            try:
                with self._sentry():
                    unblocked(step, connection=self._admin, connect=self._connect)
            except psycopg.errors.ObjectInUse:
                if time.monotonic() > deadline:
                    raise
            else:
                return

    @contextlib.contextmanager
    def _sentry(self) -> Iterator[None]:
        """End sessions that come while a step runs: the server would wait five seconds for them to leave."""
        over = threading.Event()

        def watch() -> None:
            with self._connect() as connection:
                while not over.wait(_SENTRY_STEP_S):
                    end_sessions(connection, self._database)

        timer = threading.Timer(_SENTRY_DELAY_S, watch)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            over.set()
            timer.cancel()
            timer.join()

    def _connect(self) -> psycopg.Connection[Any]:
        return self._cluster.connect(self._cluster.admin["dbname"])
