"""Rows that outlive a test: what a fixture of a wider scope adds is there until that scope ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.errors import IsolationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.postgres.isolation import Replacing
    from seatrial.postgres.isolation.layers import Layer
    from seatrial.trial.database import TestDatabase
    from seatrial.trial.sqlite_database import SqliteDatabase


@dataclass(frozen=True)
class Watch:
    """What was known when a fixture's set-up began."""

    mark: object
    clean: bool
    """Whether the database was at its baseline."""


class SharedRows:
    """Finds out whether a fixture's set-up wrote, and makes what it wrote a layer of the baseline.

    Args:
        database: the tested database.
        replacing: opens the block in which its sessions may end.
        settle: waits for work that requests left running.
        starts_clean: whether the running test began with the database at its baseline.
    """

    def __init__(
        self,
        database: TestDatabase | SqliteDatabase,
        *,
        replacing: Replacing,
        settle: Callable[[], object],
        starts_clean: Callable[[], bool],
    ) -> None:
        self._database = database
        self._replacing = replacing
        self._settle = settle
        self._starts_clean = starts_clean

    def mark(self) -> object:
        """Equal to a later mark if nobody wrote in between."""
        self._settle()
        return self._database.mark()

    def watch(self, *, untouched: bool) -> Watch:
        """Begin to watch a fixture's set-up.

        Args:
            untouched: nobody else can have written since the test began; else the database is compared with
                its baseline.
        """
        if untouched and self._database.outdated:
            # Another value of a parametrised fixture has just ended.
            self._database.restore(self._replacing)
            self._database.hand_over()
        mark = self.mark()
        return Watch(mark, clean=(untouched and self._starts_clean()) or self._database.at_baseline())

    def adopt(self, watch: Watch, *, owner: str, test: str) -> Layer | None:
        """Keep what the watched set-up wrote until the fixture ends; None if it wrote nothing.

        Raises:
            IsolationError: the test had written before, so that nobody can tell whose rows are whose.
        """
        if self.mark() == watch.mark or (watch.clean and self._database.at_baseline()):
            return None
        if not watch.clean:
            raise IsolationError(
                f"{owner} wrote into the database in the middle of {test}, which had written before: its "
                "rows cannot be kept for other tests without those of this one",
                code="isolation.late-fixture",
                remedy="name the fixture among the parameters of the test, so that it is set up before "
                'anything else of it; or use it in this test only, with scope="function"',
            )
        layer = self._database.push(self._replacing, owner=owner)
        self._database.hand_over()
        return layer

    def before_teardown(self) -> None:
        """Let a fixture's teardown find its rows as it made them, whatever the tests did to them."""
        if not self._database.pristine:
            self._database.restore(self._replacing)
        self._database.hand_over()

    def end(self, layer: Layer) -> None:
        """The fixture has been torn down: what it added is gone for the tests that follow.

        Raises:
            IsolationError: a fixture that lives on added rows that cannot be without them.
        """
        self._database.end(layer, self._replacing)
        self._database.hand_over()
