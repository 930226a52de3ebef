"""What the application writes when it starts: part of the state every test begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from seatrial.postgres.isolation.layers import Layer
    from seatrial.trial.database import TestDatabase
    from seatrial.trial.sqlite_database import SqliteDatabase

START_UP = "the start-up of the application"


class StartUpRows:
    """Keeps them as a baseline of their own, until the application starts again.

    Args:
        replacing: wraps what ends the sessions of the database.
    """

    def __init__(self, replacing: Callable[[], AbstractContextManager[None]]) -> None:
        self._replacing = replacing
        self._layer: Layer | None = None

    @property
    def are_there(self) -> bool:
        """Whether an earlier start-up has written something that is still there."""
        return self._layer is not None

    def adopt(self, database: TestDatabase | SqliteDatabase, *, before: object) -> None:
        """What was written until now belongs to the state every test starts from.

        Args:
            database: where.
            before: its position before the start-up; None where that was not known.
        """
        quiet = before is not None and database.position() == before
        if database.touched or not quiet:
            self._layer = database.push(self._replacing, owner=START_UP)

    def take_back(self, database: TestDatabase | SqliteDatabase) -> None:
        """What an earlier start-up wrote must not be there when the application starts again.

        Where a fixture has added a baseline of its own since, it stays, as it would when a service restarts.
        """
        layer = self._layer
        if layer is not None and database.is_topmost(layer):
            database.end(layer, self._replacing)
            database.restore(self._replacing)
            self._layer = None
