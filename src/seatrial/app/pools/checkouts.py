"""Which connections are out of SQLAlchemy's pools, and where they were taken; told by its own events."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import sys
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.app.places import Trace, places, trace_of_caller
from seatrial.app.pools.sqlalchemy import leads_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.app.pools.addresses import Addresses
    from seatrial.app.runner import AppRunner

_LOG = logging.getLogger("sqlalchemy.pool")


@dataclass(frozen=True, eq=False)
class Checkout:
    """A connection that somebody took from a pool and has not given back.

    Args:
        number: rises from one checkout to the next.
        record: SQLAlchemy's entry in its pool.
        fairy: what the caller holds; weakly, since SQLAlchemy takes back what is dropped.
        task: the asyncio task that took it, if one did.
    """

    number: int
    record: Any
    fairy: weakref.ref[Any]
    trace: Trace
    task: asyncio.Task[Any] | None

    @property
    def pid(self) -> int | None:
        """The server process of the connection, where its driver tells."""
        driver = self.record.driver_connection
        for tell in (_of_psycopg, _of_asyncpg):
            with contextlib.suppress(Exception):  # a broken connection, or another driver
                return tell(driver)
        return None

    @property
    def pool(self) -> str:
        """How a message names its pool."""
        pool = getattr(self.fairy(), "_pool", None)
        return f"{type(pool).__name__} of SQLAlchemy" if pool is not None else "of SQLAlchemy"

    def places(self) -> list[str]:
        """Where it was taken, innermost first."""
        return places(self.trace)


class Checkouts:
    """Listens to all pools of SQLAlchemy while installed; costs a few microseconds per checkout."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._out: dict[int, Checkout] = {}
        self._installed = False

    def install(self) -> None:
        """Begin to listen, if SQLAlchemy is loaded; may be called again and again."""
        if self._installed or "sqlalchemy.pool" not in sys.modules:
            return
        from sqlalchemy import event, pool  # noqa: PLC0415 - loaded already

        for name, listener in self._listeners():
            event.listen(pool.Pool, name, listener)
        self._installed = True

    def remove(self) -> None:
        """Stop listening."""
        if self._installed:
            from sqlalchemy import event, pool  # noqa: PLC0415 - loaded already

            for name, listener in self._listeners():
                event.remove(pool.Pool, name, listener)
            self._installed = False

    def out(self, addresses: Addresses) -> dict[int, Checkout]:
        """What is out now and leads to one of these servers, by number."""
        self.install()
        return {
            checkout.number: checkout
            for checkout in list(self._out.values())
            if leads_to(checkout.record.dbapi_connection, addresses)
        }

    def give_back(self, checkout: Checkout, runner: AppRunner | None) -> None:
        """Take a connection from its holder and throw it away, so that its pool makes another."""
        self._out.pop(id(checkout.record), None)
        fairy = checkout.fairy()
        if fairy is None:
            return
        ours = runner is not None and hasattr(checkout.record.dbapi_connection, "run_async")
        with contextlib.suppress(Exception), _silent():  # the loop it belongs to may be closed already
            if ours and runner is not None and runner.owns_loop_of(checkout.task):
                runner.run(_invalidate(fairy))
            else:
                fairy.invalidate()

    def _listeners(self) -> tuple[tuple[str, Any], ...]:
        return ("checkout", self._note), ("checkin", self._forget), ("detach", self._forget)

    def _note(self, _: Any, record: Any, fairy: Any) -> None:
        self._out[id(record)] = Checkout(
            next(self._numbers), record, weakref.ref(fairy), trace_of_caller(), _current_task()
        )

    def _forget(self, _: Any, record: Any) -> None:
        self._out.pop(id(record), None)


async def _invalidate(fairy: Any) -> None:
    fairy.invalidate()


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # a thread without an event loop
        return None


def _of_psycopg(driver: Any) -> int:
    return int(driver.info.backend_pid)


def _of_asyncpg(driver: Any) -> int:
    return int(driver.get_server_pid())


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep SQLAlchemy from telling that the connection is broken: that was us."""
    disabled, _LOG.disabled = _LOG.disabled, True
    try:
        yield
    finally:
        _LOG.disabled = disabled
