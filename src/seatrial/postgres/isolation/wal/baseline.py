"""A baseline: a database that nobody is connected to, and the copies made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.pool import ClonePool
from seatrial.postgres.isolation.wal.mirror import Mirror

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.isolation.wal.shared import SharedState

# A fresh copy is the exception here: one that is ready, and one as the mirror, made before it.
_DEPTH = 1


class Baseline:
    """A state of the tested database that can be gone back to.

    Args:
        cluster: where.
        database: the database that holds it.
        statements: what a copy leaves out.
        prefix: how the names of its copies begin.
        shared: what all databases of the server shared when it was made.
    """

    def __init__(
        self,
        cluster: Cluster,
        *,
        database: str,
        statements: Sequence[str],
        prefix: str,
        shared: SharedState,
    ) -> None:
        self.database = database
        self.shared = shared
        self._cluster = cluster
        self._statements = statements
        self._prefix = prefix
        self._pools: list[ClonePool] = []
        self._mirror: Mirror | None = None
        self._mirror_database: str | None = None

    @property
    def is_copied(self) -> bool:
        """Whether copies are made in the background."""
        return bool(self._pools)

    def prefetch(self) -> None:
        """Begin to make copies in the background."""
        if not self._pools:
            self._start_pool()

    def mirror(self) -> Mirror:
        """The copy that facts are taken from."""
        if self._mirror is None:
            if self._mirror_database is None:
                self._mirror_database = self.take()
            self._mirror = Mirror(self._cluster, self._mirror_database)
        return self._mirror

    def take(self) -> str:
        """The name of a fresh copy that nobody has used.

        Raises:
            IsolationError: the server could not make one, even after a second attempt.
        """
        self.prefetch()
        try:
            return self._pools[-1].take()
        except IsolationError:
            # Its session may have been lost with an earlier life of the server.
            self._start_pool()
            return self._pools[-1].take()

    def discard(self, database: str) -> None:
        """Drop a used database in the background."""
        self.prefetch()
        self._pools[-1].discard(database)

    def reconnect(self) -> None:
        """Leave the session in the mirror, which may be broken; the next use opens another."""
        if self._mirror is not None:
            self._mirror.close()
            self._mirror = None

    def close(self) -> list[str]:
        """Stop the background work; the names of the copies that remain on the server."""
        self.reconnect()
        remaining = [name for pool in self._pools for name in pool.close()]
        self._pools.clear()
        return remaining + ([self._mirror_database] if self._mirror_database else [])

    def _start_pool(self) -> None:
        prefix = f"{self._prefix}_{len(self._pools) + 1}"
        self._pools.append(
            ClonePool(
                self._cluster,
                baseline=self.database,
                statements=self._statements,
                prefix=prefix,
                depth=_DEPTH,
            )
        )
