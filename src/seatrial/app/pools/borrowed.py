"""Connections that are out of the pools of psycopg_pool and asyncpg, as far as the pools themselves tell."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.app.pools.instances import Instances

if TYPE_CHECKING:
    from seatrial.app.pools.psycopg import PsycopgHealer
    from seatrial.app.runner import AppRunner


@dataclass(frozen=True, kw_only=True)
class Borrowing:
    """A pool, and how many of its connections are not in it.

    Neither library tells which ones, nor who has them.
    """

    pool: Any
    out: int
    size: int

    def __str__(self) -> str:
        name = getattr(self.pool, "name", "")
        family = type(self.pool).__module__.partition(".")[0]
        return (
            f"{family} {name!r}, {self.out} of {self.size} connections out"
            if name
            else (f"{family}, {self.out} of {self.size} connections out")
        )


def borrowings(psycopg: PsycopgHealer, runner: AppRunner | None) -> dict[int, Borrowing]:
    """The pools with connections out, by identity: all of psycopg_pool, and asyncpg's of the application."""
    found = [_of_psycopg(pool) for pool in psycopg.pools()]
    if runner is not None:
        found += [_of_asyncpg(pool) for pool in runner.outgoing.pools()]
    return {id(item.pool): item for item in found if item.out > 0}


def missing_connections(borrowing: Borrowing) -> dict[int, Any]:
    """The connections that are out, by server process; psycopg's by a walk over the heap, some 20 ms."""
    pool = borrowing.pool
    if type(pool).__module__.startswith("asyncpg"):
        proxies = [holder._proxy for holder in pool._holders]  # noqa: SLF001 - asyncpg offers no other way
        return {proxy.get_server_pid(): proxy for proxy in proxies if proxy is not None}
    module = sys.modules["psycopg"]
    inside = {id(connection) for connection in list(pool._pool)}  # noqa: SLF001 - psycopg_pool offers no other way
    connections = Instances().find((module.Connection, module.AsyncConnection), None)
    mine = [item for item in connections if getattr(item, "_pool", None) is pool and id(item) not in inside]
    return {item.info.backend_pid: item for item in mine if not item.closed}


def give_back(borrowing: Borrowing, connection: Any, runner: AppRunner | None) -> None:
    """Return a connection, whose session has ended, to its pool, which makes another one."""
    pool = borrowing.pool
    with contextlib.suppress(Exception):  # given back in the meantime, or of a loop that is gone
        if type(pool).__name__ == "ConnectionPool":
            pool.putconn(connection)
        elif runner is not None:
            asyncpgs = type(pool).__module__.startswith("asyncpg")
            runner.run(pool.release(connection) if asyncpgs else pool.putconn(connection))


def _of_psycopg(pool: Any) -> Borrowing:
    stats = pool.get_stats()
    size = stats.get("pool_size", 0)
    return Borrowing(pool=pool, out=size - stats.get("pool_available", 0), size=size)


def _of_asyncpg(pool: Any) -> Borrowing:
    size = pool.get_size()
    return Borrowing(pool=pool, out=size - pool.get_idle_size(), size=size)
