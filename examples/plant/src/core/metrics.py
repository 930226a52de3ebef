"""The figures of a pool."""

from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool


@dataclass(frozen=True, kw_only=True)
class PoolMetrics:
    """How many connections there are now, and what happened since the start."""

    size: int
    max_overflow: int
    in_use: int
    idle: int
    opened: int
    checkouts: int
    lost: int
    """Connections that turned out to be broken."""
    exhausted: int
    """Transactions that found no connection in time."""
    retries: int
    """Transactions that were tried again."""


class PoolCounters:
    """Counts what happens in the pool of an engine."""

    def __init__(self, pool: QueuePool, max_overflow: int) -> None:
        self._pool = pool
        self._max_overflow = max_overflow
        self.opened = self.checkouts = self.lost = self.exhausted = self.retries = 0

    @classmethod
    def of(cls, engine: AsyncEngine) -> Self:
        pool = engine.pool
        assert isinstance(pool, QueuePool)
        counters = cls(pool, pool._max_overflow)  # noqa: SLF001 - SQLAlchemy tells it nowhere else
        event.listen(engine.sync_engine, "connect", counters._opened)
        event.listen(engine.sync_engine, "checkout", counters._checked_out)
        event.listen(engine.sync_engine, "invalidate", counters._lost)
        return counters

    def read(self) -> PoolMetrics:
        return PoolMetrics(
            size=self._pool.size(),
            max_overflow=self._max_overflow,
            in_use=self._pool.checkedout(),
            idle=self._pool.checkedin(),
            opened=self.opened,
            checkouts=self.checkouts,
            lost=self.lost,
            exhausted=self.exhausted,
            retries=self.retries,
        )

    def _opened(self, *_: Any) -> None:
        self.opened += 1

    def _checked_out(self, *_: Any) -> None:
        self.checkouts += 1

    def _lost(self, *_: Any) -> None:
        self.lost += 1
