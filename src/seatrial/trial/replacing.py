"""What wraps the end of all sessions of the tested database, so that nobody notices it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.app.pools import PoolHealer
    from seatrial.postgres.handle import Handle
    from seatrial.sqlite.handle import Handle as SqliteHandle
    from seatrial.trial.database import TestDatabase
    from seatrial.trial.running import Running
    from seatrial.trial.sqlite_database import SqliteDatabase


class Replacing:
    """Opens the block in which the sessions may be ended.

    Args:
        running: the application, when it runs.
        healer: makes its pools connect anew.
    """

    def __init__(self, running: Running, healer: PoolHealer) -> None:
        self._running = running
        self._healer = healer
        self.places: set[tuple[str, int]] = set()
        """Where connections to the database lead."""
        self._long_lived: list[Handle | SqliteHandle] = []

    def handle(self, database: TestDatabase | SqliteDatabase) -> Handle | SqliteHandle:
        """A handle for longer than one test: it connects anew after the sessions of the database ended."""
        handle = database.handle()
        self._long_lived.append(handle)
        return handle

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Wrap it."""
        for handle in self._long_lived:
            handle.close()
        # A pool that is just connecting anew, after the replacement before, would lose that connection.
        self._running.wait_quiet()
        with self._healer.replacing(self.places):
            yield
