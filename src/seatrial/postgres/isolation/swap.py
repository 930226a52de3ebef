"""Putting a database in the place of another, or copying one, while pools try to connect to it."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

from seatrial.postgres.isolation.pool import create_clone, end_sessions
from seatrial.postgres.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import psycopg

    from seatrial.postgres.cluster import Cluster

_SWAP_LIMIT_S = 10.0
# A step takes some milliseconds; only one that is held up is worth a second connection.
_SENTRY_DELAY_S = 0.15
_SENTRY_STEP_S = 0.02


class NamedDatabase:
    """The constant name of the tested database. Whatever is done here ends all its sessions.

    Args:
        cluster: where.
        admin: gives the connection that copies and renames.
        name: the constant name.
        statements: what a copy leaves out, see `create_clone`.
    """

    def __init__(
        self,
        cluster: Cluster,
        admin: Callable[[], psycopg.Connection[Any]],
        name: str,
        statements: Sequence[str],
    ) -> None:
        self._cluster = cluster
        self._admin = admin
        self._name = name
        self._statements = statements

    def exchange(self, clone: str, *, aside: str) -> None:
        """Give the name to `clone`; what had it is called `aside` then.

        Both happen in one transaction, so that no moment exists without a database of that name.
        """
        name = identifier(self._name)

        def rename() -> None:
            admin = self._admin()
            with admin.transaction():
                admin.execute(f"ALTER DATABASE {name} RENAME TO {identifier(aside)}".encode())
                admin.execute(f"ALTER DATABASE {identifier(clone)} RENAME TO {name}".encode())

        self._retrying(rename)

    def copy_to(self, copy: str) -> None:
        """Make a copy of the present state."""
        self._retrying(
            lambda: create_clone(
                self._admin(), self._cluster, name=copy, baseline=self._name, statements=self._statements
            )
        )

    def _retrying(self, step: Callable[[], None]) -> None:
        """Run a step that needs the database without sessions; a pool may reconnect meanwhile."""
        import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

        self.forget_prepared()
        deadline = time.monotonic() + _SWAP_LIMIT_S
        while True:
            end_sessions(self._admin(), self._name)
            try:
                with self._sentry():
                    step()
            except psycopg.errors.ObjectInUse:
                if time.monotonic() > deadline:
                    raise
            else:
                return

    def forget_prepared(self) -> None:
        """Roll back what was prepared for a second phase: it holds the database as a session does."""
        rows = self._admin().execute("select gid from pg_prepared_xacts where database = %s", [self._name])
        if prepared := rows.fetchall():
            with self._cluster.connect(self._name) as inside:
                for (gid,) in prepared:
                    inside.execute(f"ROLLBACK PREPARED {literal(gid)}".encode())

    @contextlib.contextmanager
    def _sentry(self) -> Iterator[None]:
        """End sessions that come while a step runs: the server would wait five seconds for them to leave."""
        over = threading.Event()

        def watch() -> None:
            with self._cluster.connect(self._cluster.admin["dbname"]) as connection:
                while not over.wait(_SENTRY_STEP_S):
                    end_sessions(connection, self._name)

        timer = threading.Timer(_SENTRY_DELAY_S, watch)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            over.set()
            timer.cancel()
            timer.join()
