"""Isolation by clones: every test gets a fresh copy of the baseline, always under the same name."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.base import Tally
from seatrial.postgres.isolation.blockers import bound
from seatrial.postgres.isolation.pool import ClonePool, create_clone, drop
from seatrial.postgres.isolation.swap import NamedDatabase
from seatrial.postgres.template.verify import clone_statements

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
        self._template = template
        self._baselines = [(template, tuple(statements))]
        self._numbers = itertools.count(1)
        self._admin: psycopg.Connection[Any] = cluster.connect(
            cluster.admin["dbname"], application_name=run_name(database)
        )
        bound(self._admin)
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
            baseline=self._template,
            statements=self._baselines[0][1],
        )
        self._pristine = True

    @property
    def baselines(self) -> Sequence[str]:
        """The template, and a copy for each push, once nothing is being made from them."""
        self._await_pool()
        return tuple(name for name, _ in self._baselines)

    def position(self) -> object:
        """Which transactions of the server have ended, once no clone is being made.

        Only transactions that wrote have a number and are in it.
        """
        self._await_pool()
        row = self._admin.execute("select pg_current_snapshot()::text").fetchone()
        return row[0] if row else None

    def push(self, replacing: Replacing) -> None:
        """Make the present state the baseline: what an application's start-up wrote belongs to every test.

        All sessions of the database end.
        """
        baseline = f"{self._database}_baseline_{next(self._numbers)}"
        with self._cluster.connect(self._database) as inside:
            statements = clone_statements(inside)
        self.keep(baseline, replacing)
        self._baselines.append((baseline, statements))
        self._pristine = True
        self._end_pool()

    def keep(self, name: str, replacing: Replacing) -> None:
        """Copy the present state into a database of this name; all sessions end."""
        with replacing():
            self._named.copy_to(name)

    def pop(self, replacing: Replacing) -> None:
        """Go back to the baseline before the latest one; all sessions end."""
        outdated, _ = self._baselines.pop()
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
            baseline, statements = self._baselines[-1]
            self._pool = ClonePool(self._cluster, baseline=baseline, statements=statements, prefix=prefix)

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

    def renew(self, replacing: Replacing) -> None:
        """The same, unless the copy in place is fresh."""
        if not self._pristine:
            self.restore(replacing)

    def close(self, *, drop_databases: bool) -> None:
        """Stop the background work; on a server that lives on, drop all we made but the template."""
        remaining = self._pool.close() if self._pool else []
        if drop_databases:
            for name in (*remaining, self._database, *self.baselines[1:]):
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

    def _await_pool(self) -> None:
        if self._pool is not None:
            self._pool.wait_idle()

    def _end_pool(self) -> None:
        if self._pool is not None:
            for unused in self._pool.close():
                drop(self._admin, unused)
            self._pool = None
