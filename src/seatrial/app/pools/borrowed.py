"""Connections that are out of the pools of psycopg_pool and asyncpg."""

from __future__ import annotations

import contextlib
import sys
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.app.pools.instances import Instances

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.app.pools.psycopg import PsycopgHealer
    from seatrial.app.runner import AppRunner


@dataclass(frozen=True)
class Lent:
    """A connection that is not in its pool; neither library tells who has it."""

    pool: Any
    connection: Any

    @property
    def pid(self) -> int | None:
        """The server process of the connection; None for one that is closed."""
        with contextlib.suppress(Exception):
            if _is_asyncpgs(self.pool):
                return int(self.connection.get_server_pid())
            return int(self.connection.info.backend_pid)
        return None

    def __str__(self) -> str:
        return "asyncpg" if _is_asyncpgs(self.pool) else f"{self.pool.name!r} of psycopg_pool"


class Borrowed:
    """Tells what is lent: by all pools of psycopg_pool, and by asyncpg's in the application's loop."""

    def __init__(self, psycopg: PsycopgHealer) -> None:
        self._psycopg = psycopg
        self._known: weakref.WeakKeyDictionary[Any, list[weakref.ref[Any]]] = weakref.WeakKeyDictionary()

    def lent(self, runner: AppRunner | None) -> dict[int, Lent]:
        """The connections that are out now, by identity."""
        found = [lent for pool in self._psycopg.pools() for lent in self._of_psycopg(pool)]
        if runner is not None:
            found += [lent for pool in runner.outgoing.pools() for lent in _of_asyncpg(pool)]
        return {id(lent.connection): lent for lent in found}

    def give_back(self, lent: Lent, runner: AppRunner | None) -> None:
        """Return a connection, whose session has ended, to its pool, which makes another one."""
        with contextlib.suppress(Exception):  # given back in the meantime, or of a loop that is gone
            if type(lent.pool).__name__ == "ConnectionPool":
                lent.pool.putconn(lent.connection)
            elif runner is not None:
                give_back = lent.pool.release if _is_asyncpgs(lent.pool) else lent.pool.putconn
                runner.run(give_back(lent.connection))

    def _of_psycopg(self, pool: Any) -> Iterator[Lent]:
        """The pool tells how many are missing; which ones, only a walk over the heap does (20 ms)."""
        stats = pool.get_stats()
        missing = stats.get("pool_size", 0) - stats.get("pool_available", 0)
        if missing <= 0:
            return
        inside = {id(connection) for connection in list(pool._pool)}  # noqa: SLF001 - psycopg_pool offers no other way
        known = (connection for ref in self._known.get(pool, ()) if (connection := ref()) is not None)
        out = [item for item in known if _is_out(item, pool, inside)]
        if len(out) != missing:  # connections the pool is just making are missing, too
            module = sys.modules["psycopg"]
            all_there_are = Instances().find((module.Connection, module.AsyncConnection), None)
            out = [item for item in all_there_are if _is_out(item, pool, inside)]
            self._known[pool] = [weakref.ref(item) for item in out]
        yield from (Lent(pool, item) for item in out)


def _is_out(connection: Any, pool: Any, inside: set[int]) -> bool:
    return (
        getattr(connection, "_pool", None) is pool and id(connection) not in inside and not connection.closed
    )


def _of_asyncpg(pool: Any) -> Iterator[Lent]:
    proxies = (holder._proxy for holder in pool._holders)  # noqa: SLF001 - asyncpg offers no other way
    return (Lent(pool, proxy) for proxy in proxies if proxy is not None)


def _is_asyncpgs(pool: Any) -> bool:
    return type(pool).__module__.startswith("asyncpg")
