"""A SQLAlchemy `Session` for one test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from seatrial.postgres.sessions import scripts
from seatrial.postgres.sessions.outer import OuterTransaction
from seatrial.postgres.sessions.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection, Engine

    from seatrial.postgres.sessions.gate import Gate


class TestSession(Session):
    """A session that asks for its connection when it needs it, and not before.

    Args:
        default: where it connects, unless the caller says where.
        options: as for `Session`.
    """

    __test__ = False

    def __init__(self, *, default: Callable[[], Engine | Connection], **options: Any) -> None:
        super().__init__(**options)
        self._default = default

    def get_bind(self, *_: Any, bind: Engine | Connection | None = None, **__: Any) -> Engine | Connection:
        """See `Session.get_bind`."""
        return self._default() if bind is None else bind


class SyncTestSession:
    """The session of one test, and what is to be said about it.

    Args:
        gate: of an engine that keeps at most one connection, which the next test uses again.
        rollback: whether the test runs inside one transaction.
    """

    def __init__(self, gate: Gate, *, rollback: bool) -> None:
        self.problems = Problems()
        self._gate = gate
        self._used = False
        self._outer = OuterTransaction(gate, self.problems) if rollback else None
        self.session = TestSession(default=self._bind, join_transaction_mode="create_savepoint")

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
        if self._used and self._outer is None:
            rinse_pooled(self._gate)

    def _bind(self) -> Engine | Connection:
        self._used = True
        return self._outer.connection() if self._outer is not None else self._gate.engine


def rinse_pooled(gate: Gate) -> None:
    """Clean the connection in the pool after a test that committed for real, or throw it away."""
    raw = gate.engine.raw_connection()
    try:
        scripts.rinse(raw, plain=False)
    except Exception:  # noqa: BLE001 - a connection that does not answer is of no use to the next test
        raw.invalidate()
    finally:
        raw.close()
