"""A SQLAlchemy `AsyncSession` for one test, on whatever event loop that runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.util import greenlet_spawn

from seatrial.errors import IsolationError
from seatrial.postgres.sessions.breakouts import text_of
from seatrial.postgres.sessions.outer import OuterTransaction
from seatrial.postgres.sessions.problems import Problems
from seatrial.postgres.sessions.synchronous import TestSession, rinse_pooled

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

    from seatrial.postgres.sessions.gate import Gate
    from seatrial.postgres.sessions.loops import Home, Loops


class AsyncTestSession:
    """The session of one test. It connects at the first await, in the loop where that happens.

    A connection can only be used and closed in its own loop, and that loop may be gone when fixtures are torn
    down. So the session ends with its loop at the latest; the connection lives as long as the loop.

    Args:
        gate: of an asynchronous engine.
        loops: the connections of that engine.
        rollback: whether the test runs inside one transaction.
    """

    def __init__(self, gate: Gate, loops: Loops, *, rollback: bool) -> None:
        self.problems = Problems()
        self._gate = gate
        self._loops = loops
        self._outer = OuterTransaction(gate, self.problems) if rollback else None
        self._home: Home | None = None
        self.session = AsyncSession(
            sync_session_class=TestSession,
            default=self._bind,
            join_transaction_mode="create_savepoint",
            # An expired attribute cannot be loaded where nothing is awaited.
            expire_on_commit=False,
        )

    def check(self) -> None:
        """Look at the test's work before its clean-up begins, if its loop is still there."""
        outer, home = self._outer, self._home
        if outer is not None and home is not None and not home.loop.is_closed():
            home.run(lambda: greenlet_spawn(outer.check))

    def close(self) -> None:
        """End the session, if the end of its loop has not done so already."""
        home = self._home
        if home is None:
            return
        if home.loop.is_closed():
            self._abandon(home)
            return
        home.run(self.finish)
        if not self._loops.keeps:
            home.close()

    async def finish(self) -> None:
        """End the session, in its loop."""
        if self._home is None:
            return
        self._loops.enter(self._home.loop).guests.remove(self)
        self._home = None
        try:
            if self._outer is not None:
                # First: a session would try to roll back to a savepoint that may be gone.
                await greenlet_spawn(self._outer.end)
            await self.session.close()
            if self._outer is None and self._loops.keeps:
                await greenlet_spawn(rinse_pooled, self._gate)
        except Exception as error:  # noqa: BLE001 - a loop that ends would only log it
            self.problems.add(_unclean(error))

    def _bind(self) -> Engine | Connection:
        self._arrive()
        return self._outer.connection() if self._outer is not None else self._gate.engine

    def _arrive(self) -> None:
        """Make sure that this is the loop of the connection; at first use it becomes that."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise IsolationError(
                "`async_db_session` needs asyncio, and this test runs on another kind of event loop",
                code="session.not-asyncio",
                remedy="run the test on asyncio, or use `db_session`",
            ) from None
        if self._home is None:
            self._home = self._loops.enter(loop)
            self._home.guests.append(self)
            self._gate.all_plain = True
        elif loop is not self._home.loop:
            raise IsolationError(
                "`async_db_session` was first used on another event loop than the one that runs now",
                code="session.other-loop",
                remedy="give the test and the fixtures that use the session the same loop scope",
            )

    def _abandon(self, home: Home) -> None:
        """The loop was closed without `shutdown_asyncgens`: nobody can close the connection properly now."""
        self._home = None
        self._loops.abandon(home)
        self.problems.add(
            IsolationError(
                "the event loop on which `async_db_session` was used has been closed without a proper end",
                code="session.loop-closed",
                remedy="use asyncio.run or asyncio.Runner, or await loop.shutdown_asyncgens() before the end",
            )
        )


def _unclean(error: Exception) -> IsolationError:
    return IsolationError(
        f"`async_db_session` could not be closed ({type(error).__name__}: {text_of(error)})",
        code="session.not-closed",
        remedy="look for what ended its connection; a session is used by one task at a time",
    )
