"""Isolation by clones: every test gets a fresh copy of the baseline, always under the same name."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.base import Tally
from seatrial.postgres.isolation.pool import ClonePool, create_clone, drop
from seatrial.postgres.isolation.swap import NamedDatabase

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.isolation.base import Replacing


def run_name(database: str) -> str:
    """The application_name under which a run holds a session for as long as its databases live."""
    return f"seatrial run {database}"


class Clones:
    """The constant database name, and what stands behind it.

    Applications keep their address and their pools; a swap ends the sessions of the used database and
    renames a fresh clone in its place.
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
        self._named = NamedDatabase(cluster, lambda: self._admin, database, statements)
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
            self._named.copy_to(baseline)
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
            self._named.exchange(clone, aside=used)
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
