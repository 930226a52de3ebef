"""Calling what a team names, as the application would: its functions and statements, one or many at once."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import operator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from seatrial.postgres.template.worker import own_frames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from seatrial.config import DatabaseAddress

PARAMETERS = ("session", "connection", "url", "number")
"""What a function may ask for, by these names."""


class NotCallableError(Exception):
    """What a team names cannot be called; its message says why."""


@dataclass
class Caller:
    """Calls functions on one database.

    Attributes:
        address: the database, for the application.
    """

    address: DatabaseAddress
    # One loop for all calls: what a module keeps, a pool for example, belongs to the loop it was made in.
    _loop: asyncio.Runner = field(default_factory=asyncio.Runner, init=False, repr=False)

    def call(self, named: str, *, number: int = 1) -> Any:
        """Call what is named, and return what it returns.

        Raises:
            NotCallableError: it cannot be called.
            Exception: whatever it raises.
        """
        function = resolve(named)
        if inspect.iscoroutinefunction(inspect.unwrap(function)):
            return self._loop.run(self._asynchronous(function, number))
        return self._synchronous(function, number)

    def call_together(self, named: str, numbers: Sequence[int]) -> list[BaseException | None]:
        """Call what is named several times at once: in tasks if it is asynchronous, else in threads.

        Returns:
            For each number what it raised, or None.
        """
        function = resolve(named)
        if inspect.iscoroutinefunction(inspect.unwrap(function)):
            return self._loop.run(self._gathered(function, numbers))
        with ThreadPoolExecutor(len(numbers)) as threads:
            started = [threads.submit(self._synchronous, function, number) for number in numbers]
            return [one.exception() for one in started]

    async def _gathered(self, function: Any, numbers: Sequence[int]) -> list[BaseException | None]:
        started = [self._asynchronous(function, number) for number in numbers]
        ended = await asyncio.gather(*started, return_exceptions=True)
        return [one if isinstance(one, BaseException) else None for one in ended]

    async def _asynchronous(self, function: Any, number: int) -> Any:
        async with contextlib.AsyncExitStack() as stack:
            given: dict[str, Any] = {"url": self.address.url(), "number": number}
            wanted = inspect.signature(function).parameters
            if "session" in wanted:
                given["session"] = await stack.enter_async_context(self._async_session())
            if "connection" in wanted:
                given["connection"] = await stack.enter_async_context(self._async_connection())
            return _read(await function(**{name: given[name] for name in wanted}))

    def _synchronous(self, function: Any, number: int) -> Any:
        with contextlib.ExitStack() as stack:
            given: dict[str, Any] = {"url": self.address.url(), "number": number}
            wanted = inspect.signature(function).parameters
            if "session" in wanted:
                given["session"] = stack.enter_context(self._session())
            if "connection" in wanted:
                given["connection"] = stack.enter_context(self._connection())
            made = function(**{name: given[name] for name in wanted})
            return _read(asyncio.run(_wait(made)) if inspect.isawaitable(made) else made)

    @contextlib.asynccontextmanager
    async def _async_session(self) -> AsyncIterator[Any]:
        from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine  # noqa: PLC0415 - if asked for
        from sqlalchemy.pool import NullPool  # noqa: PLC0415

        engine = create_async_engine(self.address.url("async"), poolclass=NullPool)
        async with AsyncSession(engine) as session:
            yield session
            await session.commit()

    @contextlib.asynccontextmanager
    async def _async_connection(self) -> AsyncIterator[Any]:
        if find_spec("asyncpg") is not None:
            import asyncpg  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415 - if asked for

            connection = await asyncpg.connect(self.address.url())
            try:
                yield connection
            finally:
                await connection.close()
            return
        import psycopg  # noqa: PLC0415 - if asked for

        async with await psycopg.AsyncConnection.connect(self.address.url()) as plain:
            yield plain

    @contextlib.contextmanager
    def _session(self) -> Iterator[Any]:
        import sqlalchemy  # noqa: PLC0415 - if asked for
        from sqlalchemy.orm import Session  # noqa: PLC0415

        engine = sqlalchemy.create_engine(self.address.url("sync"), poolclass=sqlalchemy.NullPool)
        with Session(engine) as session:
            yield session
            session.commit()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Any]:
        import psycopg  # noqa: PLC0415 - if asked for

        with psycopg.connect(self.address.url()) as connection:
            yield connection


def resolve(named: str) -> Callable[..., Any]:
    """The function that `module:name` names, or one that runs a statement.

    Raises:
        NotCallableError: there is none, or it asks for what is not given.
    """
    if any(letter.isspace() for letter in named.strip()):
        return _statement(named)
    module, _, attribute = named.partition(":")
    try:
        function = operator.attrgetter(attribute)(importlib.import_module(module))
    except Exception as error:
        raise NotCallableError(f"{type(error).__name__}: {error}\n{own_frames(error)}") from error
    if not callable(function):
        raise NotCallableError(f"it is {type(function).__name__}, no function")
    unknown = [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in PARAMETERS or parameter.kind is parameter.POSITIONAL_ONLY
    ]
    if unknown:
        raise NotCallableError(f"it wants {unknown[0]!r}, and {', '.join(PARAMETERS)} are given, by name")
    found: Callable[..., Any] = function
    return found


def _statement(text: str) -> Callable[..., Any]:
    def run(connection: Any) -> Any:
        cursor = connection.execute(text.encode())
        rows = cursor.fetchall() if cursor.description else []
        # `select is_intact()` answers with yes or no.
        alone = len(rows) == 1 and len(rows[0]) == 1
        return rows[0][0] if alone and isinstance(rows[0][0], bool | None) else rows

    return run


def _read(made: Any) -> Any:
    """What was returned; rows that are still to be read are read as long as there is a connection."""
    return list(made) if hasattr(made, "__next__") else made


async def _wait(made: Any) -> Any:
    return await made
