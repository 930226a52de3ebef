"""Pools of the libraries, all used in one way."""

from __future__ import annotations

import asyncio
import contextlib
import math
from typing import TYPE_CHECKING, Any, Protocol

from seatrial.checks.pool.engines import EngineUse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.app import AppRunner

REFUSES_S = 0.2
"""How long whoever finds a pool empty waits, instead of the time the pool was given."""
OPENS_S = 5.0
"""How long whoever a pool has to open a connection for waits; it may not come by another way."""


class Pool(Protocol):
    """One pool.

    Attributes:
        name: as findings have it.
        size: how many connections it may have; None without a limit.
        waits: how many seconds it lets somebody wait, infinite without a limit; None where whoever asks says
            how long.
    """

    name: str
    size: int | None
    waits: float | None

    def opened(self) -> int:
        """How many connections it has at this moment, taken or not; those it is about to open count."""

    def take(self) -> Any:
        """Take a connection, and use it once."""

    def give(self, connection: Any) -> None:
        """Give one back."""

    def hurried(self, seconds: float) -> contextlib.AbstractContextManager[None]:
        """Let nobody wait longer inside the `with` block, where the pool has a time of its own."""

    def is_refusal(self, error: BaseException) -> bool:
        """Whether this is how the library says that nobody gave one back in time."""


class SqlAlchemyPool:
    """A `QueuePool`, of a synchronous engine or an asynchronous one."""

    def __init__(self, engine: Any, runner: AppRunner) -> None:
        self._use = EngineUse(engine, runner)
        self._pool = engine.pool
        self.name = f"SQLAlchemy engine ({engine.dialect.driver})"
        overflow = self._pool._max_overflow  # noqa: SLF001 - it is offered nowhere
        unlimited = overflow < 0 or self._pool.size() == 0
        self.size: int | None = None if unlimited else self._pool.size() + overflow
        seconds = self._pool.timeout()
        self.waits: float | None = math.inf if seconds is None else seconds

    def opened(self) -> int:
        """See `Pool`."""
        count: int = self._pool.checkedin() + self._pool.checkedout()
        return count

    def take(self) -> Any:
        """See `Pool`."""
        return self._use.take()

    def give(self, connection: Any) -> None:
        """See `Pool`."""
        self._use.give(connection)

    @contextlib.contextmanager
    def hurried(self, seconds: float) -> Iterator[None]:
        """See `Pool`."""
        before = self._pool._timeout  # noqa: SLF001 - it is offered nowhere
        self._pool._timeout = seconds if before is None else min(before, seconds)  # noqa: SLF001 - as above
        try:
            yield
        finally:
            self._pool._timeout = before  # noqa: SLF001 - as above

    def is_refusal(self, error: BaseException) -> bool:
        """See `Pool`."""
        from sqlalchemy.exc import TimeoutError as Refused  # noqa: PLC0415 - loaded already

        return isinstance(error, Refused)


class PsycopgPool:
    """A pool of psycopg_pool, asynchronous or not."""

    def __init__(self, pool: Any, runner: AppRunner) -> None:
        self._pool = pool
        self._runner = runner
        self.name = f"psycopg_pool {pool.name}"
        self.size: int | None = pool.max_size or None
        self.waits: float | None = pool.timeout

    def opened(self) -> int:
        """See `Pool`."""
        count: int = self._pool.get_stats()["pool_size"]
        return count

    def take(self) -> Any:
        """See `Pool`."""
        connection = self._done(self._pool.getconn())
        try:
            self._done(connection.execute("select 1"))
            self._done(connection.rollback())
        except BaseException:
            self._done(self._pool.putconn(connection))
            raise
        return connection

    def give(self, connection: Any) -> None:
        """See `Pool`."""
        self._done(self._pool.putconn(connection))

    @contextlib.contextmanager
    def hurried(self, seconds: float) -> Iterator[None]:
        """See `Pool`."""
        before = self._pool.timeout
        self._pool.timeout = min(before, seconds)
        try:
            yield
        finally:
            self._pool.timeout = before

    def is_refusal(self, error: BaseException) -> bool:
        """See `Pool`."""
        from psycopg_pool import PoolTimeout, TooManyRequests  # noqa: PLC0415 - loaded already

        return isinstance(error, (PoolTimeout, TooManyRequests))

    def _done(self, made: Any) -> Any:
        return self._runner.run(made) if hasattr(made, "__await__") else made


class AsyncpgPool:
    """A pool of asyncpg, which lets everybody wait for ever unless `acquire` is told otherwise."""

    def __init__(self, pool: Any, runner: AppRunner) -> None:
        self._pool = pool
        self._runner = runner
        self._seconds = OPENS_S
        self.name = "asyncpg pool"
        self.size: int | None = pool.get_max_size()
        self.waits: float | None = None

    def opened(self) -> int:
        """See `Pool`."""
        count: int = self._pool.get_size()
        return count

    def take(self) -> Any:
        """See `Pool`."""
        return self._runner.run(self._take())

    def give(self, connection: Any) -> None:
        """See `Pool`."""
        self._runner.run(self._pool.release(connection))

    @contextlib.contextmanager
    def hurried(self, seconds: float) -> Iterator[None]:
        """See `Pool`: this is the time of our own connections, since the pool has none."""
        before, self._seconds = self._seconds, seconds
        try:
            yield
        finally:
            self._seconds = before

    def is_refusal(self, error: BaseException) -> bool:
        """See `Pool`."""
        return isinstance(error, TimeoutError)

    async def _take(self) -> Any:
        connection = await self._pool.acquire(timeout=self._seconds)
        try:
            await connection.execute("select 1")
        except BaseException:
            await asyncio.shield(self._pool.release(connection))
            raise
        return connection
