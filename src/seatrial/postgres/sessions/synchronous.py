"""A SQLAlchemy `Session` for one test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from seatrial.postgres.sessions.outer import OuterTransaction
from seatrial.postgres.sessions.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection, Engine


def session_class(default: Callable[[], Engine | Connection]) -> type[Session]:
    """Sessions that ask for their connection when they need it, and not before."""

    class TestSession(Session):
        __test__ = False

        def get_bind(
            self, *_: Any, bind: Engine | Connection | None = None, **__: Any
        ) -> Engine | Connection:
            return default() if bind is None else bind

    return TestSession


class SyncTestSession:
    """The session of one test, and what is to be said about it.

    Args:
        engine: keeps at most one connection, which the next test uses again.
        rollback: whether the test runs inside one transaction.
    """

    def __init__(self, engine: Engine, *, rollback: bool) -> None:
        self.problems = Problems()
        self._engine = engine
        self._used = False
        self._outer = OuterTransaction(engine, self.problems) if rollback else None
        self.session = session_class(self._bind)(join_transaction_mode="create_savepoint")

    def check(self) -> None:
        """Look at the test's work before its clean-up begins."""
        if self._outer is not None:
            self._outer.check()

    def close(self) -> None:
        """End the session; undo its work if that is asked for."""
        if self._outer is not None:
            # First: a session would try to roll back to a savepoint that may be gone.
            self._outer.end()
        self.session.close()
        if self._used:
            self._rinse()

    def _bind(self) -> Engine | Connection:
        self._used = True
        return self._outer.connection() if self._outer is not None else self._engine

    def _rinse(self) -> None:
        """Take settings, temporary tables and locks off the connection that the next test will get."""
        raw = self._engine.raw_connection()
        try:
            driver: Any = raw.driver_connection
            driver.autocommit = True
            raw.cursor().execute("DISCARD ALL")
            driver.autocommit = False
        except Exception:  # noqa: BLE001 - a connection that does not answer is of no use to the next test
            raw.invalidate()
        finally:
            raw.close()
