"""All hooks together: each is installed when its library is imported, and none of them stays."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from seatrial.ledger.sql import asyncpg, psycopg, psycopg2, sqlalchemy
from seatrial.ledger.sql.imports import ImportWatch
from seatrial.ledger.sql.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.ledger.recorder import Sender
    from seatrial.ledger.sql.sink import Listener

_LIBRARIES = {
    "sqlalchemy": sqlalchemy.install,
    "psycopg": psycopg.install,
    "asyncpg": asyncpg.install,
    "psycopg2": psycopg2.install,
}
"""The name of a package -> what installs its hook, which imports no more than the package has imported."""


class SqlHooks:
    """Hears of every statement that SQLAlchemy, psycopg, asyncpg or psycopg2 sends in this process.

    Several may listen at the same time: the hooks in the libraries are there once, until `take_out`.
    Not heard: transactions that begin and end, other drivers without SQLAlchemy (`sqlite3`, `aiosqlite`,
    `pg8000`), other processes.

    Args:
        listener: who is told.
        sender: tells who sends statements in the running thread and context.
    """

    def __init__(self, listener: Listener, sender: Callable[[], Sender]) -> None:
        self._listener = listener
        self._sender = sender

    def install(self) -> None:
        """Begin, now for what is imported and later for the rest."""
        with _CHANGING:
            _HOOKS.sink.add(self._listener, self._sender)
            _HOOKS.install()

    def remove(self) -> None:
        """Hear nothing more."""
        with _CHANGING:
            _HOOKS.sink.drop(self._listener)


def take_out() -> None:
    """Take every hook out of the libraries again, unless somebody listens still.

    Not while the application works: SQLAlchemy fails where a listener is taken out during another thread's
    statement.
    """
    with _CHANGING:
        if not _HOOKS.sink.is_heard:
            _HOOKS.remove()


class _Hooks:
    """What stands in the libraries of this process."""

    def __init__(self) -> None:
        self.sink = Sink()
        self._pooled = sqlalchemy.Pooled()
        self._enders: list[Callable[[], None]] = []
        self._watch: ImportWatch | None = None

    def install(self) -> None:
        if self._watch is None:
            self._watch = ImportWatch({name: self._installer(name) for name in _LIBRARIES})
            self._watch.install()

    def remove(self) -> None:
        if self._watch is not None:
            self._watch.remove()
            self._watch = None
        while self._enders:
            self._enders.pop()()
        # Both stay: connections of psycopg2 that are open keep telling, should anybody listen again.
        self.sink.clear()
        self._pooled.clear()

    def _installer(self, name: str) -> Callable[[], None]:
        return lambda: self._enders.append(_LIBRARIES[name](self.sink, self._pooled))


_HOOKS = _Hooks()
_CHANGING = threading.RLock()
