"""The sessions of the libraries, all used in one way: begun, asked, committed, rolled back.

Everything here is a coroutine, also for libraries that block: `now` runs those to their end at once.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Protocol

from seatrial.errors import TransactionError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextlib import AsyncExitStack

_BEGIN = "BEGIN ISOLATION LEVEL {}"


class Link(Protocol):
    """One session.

    Attributes:
        session: what the team's functions are given.
    """

    session: Any

    async def begin(self, isolation: str | None) -> int:
        """Begin a transaction where none is open; the number of the server's process."""

    async def execute(self, statement: str) -> Any:
        """The rows of a statement as tuples, or how many it touched."""

    async def commit(self) -> None:
        """Commit."""

    async def rollback(self) -> None:
        """Roll back."""


class SqlAlchemyLink:
    """A `Session`, or an `AsyncSession`."""

    def __init__(self, session: Any) -> None:
        self.session = session

    async def begin(self, isolation: str | None) -> int:
        """See `Link`."""
        begun = self.session.in_transaction()
        options = {"isolation_level": isolation} if isolation and not begun else {}
        connection = await settled(self.session.connection(execution_options=options))
        connection = getattr(connection, "sync_connection", connection)
        return pid_of(connection.connection.driver_connection)

    async def execute(self, statement: str) -> Any:
        """See `Link`."""
        from sqlalchemy import text  # noqa: PLC0415 - loaded already

        result = await settled(self.session.execute(text(statement)))
        return [tuple(row) for row in result] if result.returns_rows else result.rowcount

    async def commit(self) -> None:
        """See `Link`."""
        await settled(self.session.commit())

    async def rollback(self) -> None:
        """See `Link`."""
        await settled(self.session.rollback())


class PsycopgLink:
    """A connection of psycopg, asynchronous or not."""

    def __init__(self, session: Any) -> None:
        self.session = session

    async def begin(self, isolation: str | None) -> int:
        """See `Link`."""
        from psycopg.pq import TransactionStatus  # noqa: PLC0415 - loaded already

        if self.session.info.transaction_status == TransactionStatus.IDLE:
            if self.session.autocommit:
                await self.execute(_BEGIN.format(isolation) if isolation else "BEGIN")
            elif isolation:
                await self.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
        return pid_of(self.session)

    async def execute(self, statement: str) -> Any:
        """See `Link`."""
        cursor = await settled(self.session.execute(statement.encode()))
        if cursor.description is None:
            return cursor.rowcount
        return [tuple(row) for row in await settled(cursor.fetchall())]

    async def commit(self) -> None:
        """See `Link`."""
        await settled(self.session.commit())

    async def rollback(self) -> None:
        """See `Link`."""
        await settled(self.session.rollback())


class AsyncpgLink:
    """A connection of asyncpg, out of a pool or not."""

    def __init__(self, session: Any) -> None:
        self.session = session

    async def begin(self, isolation: str | None) -> int:
        """See `Link`."""
        if not self.session.is_in_transaction():
            await self.session.execute(_BEGIN.format(isolation) if isolation else "BEGIN")
        return pid_of(self.session)

    async def execute(self, statement: str) -> Any:
        """See `Link`."""
        prepared = await self.session.prepare(statement)
        if prepared.get_attributes():
            return [tuple(row) for row in await prepared.fetch()]
        last = (await self.session.execute(statement)).rpartition(" ")[2]
        return int(last) if last.isdecimal() else -1

    async def commit(self) -> None:
        """See `Link`."""
        await self._end("COMMIT")

    async def rollback(self) -> None:
        """See `Link`."""
        await self._end("ROLLBACK")

    async def _end(self, how: str) -> None:
        if self.session.is_in_transaction():
            await self.session.execute(how)


_KINDS: dict[str, Callable[[Any], Link]] = {
    "sqlalchemy": SqlAlchemyLink,
    "psycopg": PsycopgLink,
    "asyncpg": AsyncpgLink,
}


async def opened(given: Any, closing: AsyncExitStack) -> Link:
    """Make a link of what the team opens, whichever library it is from.

    Args:
        given: a session or connection, something to wait for it, or a context manager of it.
        closing: closes it.

    Raises:
        TransactionError: it is of no library that is known.
    """
    kind = _kind(given)
    if kind is None and hasattr(given, "__aenter__"):
        given = await closing.enter_async_context(given)
    elif kind is None and hasattr(given, "__enter__"):
        given = closing.enter_context(given)
    elif inspect.isawaitable(given):
        given = await given
        closing.push_async_callback(_closed, given)
    else:
        closing.push_async_callback(_closed, given)
    kind = _kind(given)
    if kind is None:
        raise TransactionError(
            f"expected a session of SQLAlchemy, or a connection of psycopg or asyncpg, found {_name(given)}",
            code="transactions.unknown-session",
            remedy="let `open` return one: a sessionmaker, or lambda: psycopg.connect(url)",
        )
    return kind(given)


async def settled(value: Any) -> Any:
    """What a function of either kind has to give."""
    return await value if inspect.isawaitable(value) else value


def now(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that waits for nothing but what blocks anyway."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise TransactionError(
        "a coroutine was given where nothing can wait for it: the session is one of a library that blocks",
        code="transactions.mixed",
        remedy="open an asynchronous session for an asynchronous function",
    )


def pid_of(driver: Any) -> int:
    """The server's process behind a connection of psycopg, psycopg2 or asyncpg."""
    tell = getattr(driver, "get_server_pid", None) or getattr(driver, "get_backend_pid", None)
    return int(tell() if tell is not None else driver.info.backend_pid)


def needs_loop(given: Any) -> bool:
    """Whether what somebody opens is used in an event loop."""
    return inspect.isawaitable(given) or hasattr(given, "__aenter__") or _root(given) == "asyncpg"


def _kind(session: Any) -> Callable[[Any], Link] | None:
    ready = hasattr(session, "execute")
    return _KINDS.get(_root(session)) if ready else None


def _root(session: Any) -> str:
    roots = (kind.__module__.partition(".")[0] for kind in type(session).__mro__)
    return next((root for root in roots if root in _KINDS), "")


def _name(given: Any) -> str:
    return f"{type(given).__module__}.{type(given).__qualname__}"


async def _closed(session: Any) -> None:
    await settled(session.close())
