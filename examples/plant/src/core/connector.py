"""The database as the application holds it: two pools, transactions for an agent, and their figures."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Isolation, connecting, make_engine, make_sessions, translated
from core.errors import PoolExhaustedError, TransientError
from core.metrics import PoolCounters, PoolMetrics
from core.settings import Settings
from security.rls import require_restricted_role

T = TypeVar("T")


class DatabaseConnector:
    """Connections for writing and for reading. Use it as an asynchronous context, or `close` it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.read_write = make_engine(settings)
        self.read_only = make_engine(settings, read_only=True)
        self._writers = make_sessions(self.read_write)
        self._readers = make_sessions(self.read_only)
        self._counters = {
            "read_write": PoolCounters.of(self.read_write),
            "read_only": PoolCounters.of(self.read_only),
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections that are not in use."""
        await self.read_write.dispose()
        await self.read_only.dispose()

    async def check(self) -> None:
        """Refuse to work as a role that row-level security does not apply to.

        Raises:
            UnrestrictedRoleError: it is one.
            PoolExhaustedError, DatabaseUnavailableError: there is no connection.
        """
        async with self.transaction(None, read_only=True) as session:
            await require_restricted_role(session)

    def session(self, agent_id: str | None, *, read_only: bool = False) -> AsyncSession:
        """A session whose transactions are the caller's to commit; with the database's own errors."""
        sessions = self._readers if read_only else self._writers
        return sessions(info={"agent_id": agent_id})

    @asynccontextmanager
    async def transaction(
        self, agent_id: str | None, *, read_only: bool = False, isolation: Isolation | None = None
    ) -> AsyncIterator[AsyncSession]:
        """One transaction for an agent, None for nobody: committed at the end, rolled back by an error.

        Raises:
            PoolExhaustedError, DatabaseUnavailableError: there is no connection.
            TransientError, ConstraintError, NotAllowedError: see there.
        """
        options = {"isolation_level": isolation} if isolation else {}
        async with self.session(agent_id, read_only=read_only) as session:
            try:
                with connecting(), translated():
                    await session.connection(execution_options=options)
            except PoolExhaustedError:
                self._counters["read_only" if read_only else "read_write"].exhausted += 1
                raise
            with translated():
                yield session
                await session.commit()

    async def run(
        self,
        work: Callable[[AsyncSession], Awaitable[T]],
        *,
        agent_id: str,
        isolation: Isolation | None = None,
    ) -> T:
        """Do `work` in a transaction, again from the start where another one got in the way.

        Raises:
            TransientError: it was in the way at the last attempt, too.
        """
        for _ in range(self.settings.transaction_attempts - 1):
            try:
                return await self._once(work, agent_id, isolation)
            except TransientError:
                self._counters["read_write"].retries += 1
        return await self._once(work, agent_id, isolation)

    async def _once(
        self, work: Callable[[AsyncSession], Awaitable[T]], agent_id: str, isolation: Isolation | None
    ) -> T:
        async with self.transaction(agent_id, isolation=isolation) as session:
            return await work(session)

    def metrics(self) -> dict[str, PoolMetrics]:
        """The figures of both pools at this moment."""
        return {name: counters.read() for name, counters in self._counters.items()}
