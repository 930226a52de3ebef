"""All hooks together: each is installed when its library is imported, and none of them stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.ledger.sql import asyncpg, psycopg, psycopg2, sqlalchemy
from seatrial.ledger.sql.imports import ImportWatch
from seatrial.ledger.sql.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.ledger.recorder import Recorder, Sender

_LIBRARIES = {
    "sqlalchemy": sqlalchemy.install,
    "psycopg": psycopg.install,
    "asyncpg": asyncpg.install,
    "psycopg2": psycopg2.install,
}
"""The name of a package -> what installs its hook, which imports no more than the package has imported."""


class SqlHooks:
    """Hears of every statement that SQLAlchemy, psycopg, asyncpg or psycopg2 sends in this process.

    Not heard: transactions that begin and end, other drivers without SQLAlchemy (`sqlite3`, `aiosqlite`,
    `pg8000`), other processes.

    Args:
        recorder: where statements are recorded.
        sender: tells who sends statements in the running thread and context.
    """

    def __init__(self, recorder: Recorder, sender: Callable[[], Sender]) -> None:
        self._sink = Sink(recorder, sender)
        self._pooled = sqlalchemy.Pooled()
        self._enders: list[Callable[[], None]] = []
        self._watch = ImportWatch({name: self._installer(name) for name in _LIBRARIES})

    def install(self) -> None:
        """Begin, now for what is imported and later for the rest."""
        self._watch.install()

    def remove(self) -> None:
        """Take every hook out again."""
        self._watch.remove()
        while self._enders:
            self._enders.pop()()

    def _installer(self, name: str) -> Callable[[], None]:
        return lambda: self._enders.append(_LIBRARIES[name](self._sink, self._pooled))
