"""Retire connections of psycopg's and psycopg2's pools."""

from __future__ import annotations

import contextlib
import heapq
import logging
import sys
from typing import TYPE_CHECKING, Any

from seatrial.app.pools.instances import Instances

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.app.runner import AppRunner

_LOG = logging.getLogger("psycopg.pool")
_ATTEMPT = "AddConnection"
"""The task of a pool that connects; one that failed is scheduled again, seconds later."""


class PsycopgHealer:
    """Finds the pools and lets each replace its broken connections before the application asks for one."""

    def __init__(self) -> None:
        self._pools = Instances()
        self._older_pools = Instances()

    def retire(self, runner: AppRunner | None) -> None:
        """Replace the connections the server has ended, in every pool of this process."""
        if module := sys.modules.get("psycopg_pool"):
            self._retire_pools(runner, module)
        if module := sys.modules.get("psycopg2.pool"):
            for pool in self._older_pools.find((module.AbstractConnectionPool,), None):
                _discard_idle(pool)

    def pools(self) -> list[Any]:
        """The open pools of psycopg_pool in this process."""
        module = sys.modules.get("psycopg_pool")
        if module is None:
            return []
        # The class counts its pools to name them; where it does not, every search walks the heap.
        made = getattr(module.base.BasePool, "_num_pool", None) if hasattr(module, "base") else None
        pools = self._pools.find((module.AsyncConnectionPool, module.ConnectionPool), made)
        return [pool for pool in pools if not pool.closed]

    def _retire_pools(self, runner: AppRunner | None, module: Any) -> None:
        usable = self.pools()
        with _silent():
            for pool in usable:
                if not isinstance(pool, module.AsyncConnectionPool):
                    pool.check()
                    _hurry(pool)
                elif runner is not None and runner.owns_loop_of(
                    next(iter(getattr(pool, "_workers", ())), None)
                ):
                    runner.run(_check(pool))


async def _check(pool: Any) -> None:
    await pool.check()
    async with pool._sched._lock:  # noqa: SLF001 - psycopg_pool offers no other way
        attempts = _waiting_attempts(pool)
    for attempt in attempts:
        await attempt()


def _hurry(pool: Any) -> None:
    """Let a pool that could not connect, and waits before it tries again, try now."""
    with pool._sched._lock:  # noqa: SLF001 - psycopg_pool offers no other way
        attempts = _waiting_attempts(pool)
    for attempt in attempts:
        attempt()


def _waiting_attempts(pool: Any) -> list[Any]:
    """Take the attempts to connect out of the pool's schedule."""
    schedule = pool._sched._queue  # noqa: SLF001 - psycopg_pool offers no other way
    found = [task for task in schedule if _is_attempt(task)]
    schedule[:] = [task for task in schedule if not _is_attempt(task)]
    heapq.heapify(schedule)
    return [task.action for task in found]


def _is_attempt(task: Any) -> bool:
    return type(getattr(task.action, "__self__", None)).__name__ == _ATTEMPT


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep psycopg from warning of connections that are discarded on purpose."""

    def refuse(_: logging.LogRecord) -> bool:
        return False

    _LOG.addFilter(refuse)
    try:
        yield
    finally:
        _LOG.removeFilter(refuse)


def _discard_idle(pool: Any) -> None:
    """Drop the idle connections of a psycopg2 pool that the server has ended."""
    idle = pool._pool  # noqa: SLF001 - psycopg2 offers no other way
    for connection in list(idle):
        if connection.closed or _is_broken(connection):
            with contextlib.suppress(ValueError):  # another thread has just taken it
                idle.remove(connection)
                connection.close()


def _is_broken(connection: Any) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
        connection.rollback()
    except Exception:  # noqa: BLE001 - whatever the driver calls it, the connection is of no use
        return True
    return False
