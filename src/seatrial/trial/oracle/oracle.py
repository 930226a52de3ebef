"""One test at a time: what was there before it, and what is there after it that was not."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from seatrial.trial.oracle import wording
from seatrial.trial.oracle.database import DatabaseOracle
from seatrial.trial.oracle.environ import EnvironWatch
from seatrial.trial.oracle.threads import ThreadWatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.app.pools import PoolHealer
    from seatrial.errors import LeakError
    from seatrial.trial.database import TestDatabase


class Oracle:
    """Watches what tests leave in the database, in pools, in threads and in the environment.

    Args:
        healer: tells the pools that sessions have ended, and knows the application, if one runs.

    Attributes:
        database: the tested database, if there is one.
    """

    def __init__(self, *, healer: PoolHealer) -> None:
        self.database: TestDatabase | None = None
        self._healer = healer
        self._of_database: DatabaseOracle | None = None
        self._environ = EnvironWatch()
        self._threads = ThreadWatch()

    def forget(self) -> None:
        """Something else than a watched test ran: what there is in sessions now is nobody's we could name."""
        if database := self._started():
            database.forget()

    def begin(self) -> None:
        """A test's own fixtures are about to be set up: what there is now is not its doing."""
        self._environ.begin()
        self._threads.begin()
        if database := self._started():
            database.begin()

    @contextlib.contextmanager
    def shared(self, whose: str | None) -> Iterator[None]:
        """Wrap the set-up of something that outlives the test; what it leaves is its own.

        A transaction it leaves open is reported once, under its name: no test could be given a pristine
        database as long as it lasts.

        Args:
            whose: how a message names it; None for the application, which may keep what it likes.
        """
        environ, database = self._environ.snapshot(), self._started()
        try:
            with database.shared(whose) if database else contextlib.nullcontext():
                yield
        finally:
            self._environ.forgive(environ)

    def end(self) -> list[LeakError]:
        """The test is over, its fixtures are closed: what it left, taken away already."""
        changed, database = self._environ.put_back(), self._started()
        leaks = [wording.environment(changed)] if changed else []
        return leaks + (database.end(self._threads.started) if database else [])

    def close(self) -> None:
        """Stop watching."""
        if self._of_database is not None:
            self._of_database.close()

    def _started(self) -> DatabaseOracle | None:
        """The watch over the database, as soon as its server runs."""
        if self._of_database is None and self.database is not None and self.database.prepared is not None:
            self._of_database = DatabaseOracle(
                self.database.prepared.cluster,
                name=self.database.name,
                addresses=self.database.places,
                healer=self._healer,
                client_port=self.database.client_port,
            )
        return self._of_database
