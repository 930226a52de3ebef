"""A SQLAlchemy `AsyncSession` for one test, on whatever event loop that runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.util import await_only, greenlet_spawn

from seatrial.errors import IsolationError
from seatrial.postgres.sessions.breakouts import text_of
from seatrial.postgres.sessions.outer import OuterTransaction
from seatrial.postgres.sessions.problems import Problems
from seatrial.postgres.sessions.synchronous import session_class

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine

    from sqlalchemy.engine import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

_LIMIT_S = 10.0


class AsyncTestSession:
    """The session of one test. It connects at the first await, in the loop where that happens.

    A connection can only be closed properly in its own loop, and that loop may be gone when fixtures are torn
    down. So an asynchronous generator holds it: every loop closes those it has seen before it ends itself.

    Args:
        engine: keeps no connection from one test to the next.
        rollback: whether the test runs inside one transaction.
    """

    def __init__(self, engine: AsyncEngine, *, rollback: bool) -> None:
        self.problems = Problems()
        self._engine = engine
        self._outer = OuterTransaction(engine.sync_engine, self.problems) if rollback else None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._guard: AsyncGenerator[None, None] | None = None
        self.session = AsyncSession(
            sync_session_class=session_class(self._bind),
            join_transaction_mode="create_savepoint",
            # An expired attribute cannot be loaded where nothing is awaited.
            expire_on_commit=False,
        )

    def check(self) -> None:
        """Look at the test's work before its clean-up begins, if its loop is still there."""
        if self._outer is not None and self._loop is not None and not self._loop.is_closed():
            outer = self._outer
            self._in_loop(lambda: greenlet_spawn(outer.check))

    def close(self) -> None:
        """End the session, if the end of its loop has not done so already."""
        guard = self._guard
        if guard is None or self._loop is None:
            return
        if self._loop.is_closed():
            self._abandon()
        else:
            self._in_loop(guard.aclose)

    def _bind(self) -> Engine | Connection:
        self._arrive()
        return self._outer.connection() if self._outer is not None else self._engine.sync_engine

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
        if self._loop is None:
            guard = self._guarded()
            await_only(guard.__anext__())
            self._loop, self._guard = loop, guard
        elif loop is not self._loop:
            raise IsolationError(
                "`async_db_session` was first used on another event loop than the one that runs now",
                code="session.other-loop",
                remedy="give the test and the fixtures that use the session the same loop scope",
            )

    async def _guarded(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await self._finish()
            self._loop = self._guard = None

    async def _finish(self) -> None:
        try:
            if self._outer is not None:
                # First: a session would try to roll back to a savepoint that may be gone.
                await greenlet_spawn(self._outer.end)
            await self.session.close()
        except Exception as error:  # noqa: BLE001 - a loop that ends would only log it
            self.problems.add(_unclean(error))
        finally:
            await self._engine.dispose()

    def _in_loop(self, work: Callable[[], Any]) -> None:
        async def awaited() -> None:
            await work()

        assert self._loop is not None  # callers looked
        coroutine: Coroutine[Any, Any, None] = awaited()
        if self._loop.is_running():
            asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_LIMIT_S)
        else:
            self._loop.run_until_complete(coroutine)

    def _abandon(self) -> None:
        """The loop was closed without `shutdown_asyncgens`: nobody can close the connection properly now."""
        self._guard = None
        self._engine.sync_engine.dispose(close=False)
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
