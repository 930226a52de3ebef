"""The connections of an asynchronous engine, each kept for the event loop in which it was made."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import warnings
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.util import await_only, greenlet_spawn

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import Pool

_LIMIT_S = 10.0


class Guest(Protocol):
    """Who uses a loop's connection, and has to be done with it before the loop ends."""

    async def finish(self) -> None:
        """Give the connection back."""


class Home:
    """One loop's pool. An asynchronous generator watches over it: every loop closes those it has seen.

    Args:
        loop: where the connections of the pool were made; they can be used and closed nowhere else.
        pool: empty.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, pool: Pool) -> None:
        self.loop = loop
        self.pool = pool
        self.guests: list[Guest] = []
        self.is_over = False
        self._guard: AsyncGenerator[None, None] = self._guarded()

    def open(self) -> None:
        """Let the loop, which is running now, tell when it ends. To be called where SQLAlchemy may await."""
        await_only(self._guard.__anext__())

    def close(self) -> None:
        """Close the connections, unless the end of the loop has done so already."""
        if not self.is_over:
            self.run(self._guard.aclose)

    def run(self, work: Callable[[], Any]) -> None:
        """Await something in the loop, from outside of it."""

        async def awaited() -> None:
            await work()

        if self.loop.is_running():
            asyncio.run_coroutine_threadsafe(awaited(), self.loop).result(_LIMIT_S)
        else:
            self.loop.run_until_complete(awaited())

    async def _guarded(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            for guest in tuple(self.guests):
                await guest.finish()
            self.is_over = True
            # A loop that ends would only log what goes wrong, and the server forgets the session in any case.
            with contextlib.suppress(Exception):
                await greenlet_spawn(self.pool.dispose)


class Loops:
    """Gives an engine the pool of the loop that is running.

    Args:
        engine: asynchronous; nobody else uses it.
        keep: whether connections may stay open from test to test.
    """

    def __init__(self, engine: AsyncEngine, *, keep: bool) -> None:
        self._engine = engine.sync_engine
        self._homes: dict[asyncio.AbstractEventLoop, Home] = {}
        self.keeps = keep
        """Whether connections stay open from test to test: not where a loop ended without closing them."""

    def enter(self, loop: asyncio.AbstractEventLoop) -> Home:
        """The home of the running loop. To be called where SQLAlchemy may await."""
        self._leave_behind()
        home = self._homes.get(loop)
        if home is None:
            home = Home(loop, self._engine.pool.recreate())
            home.open()
            self._homes[loop] = home
        self._engine.pool = home.pool
        return home

    def abandon(self, home: Home) -> None:
        """Give up a loop that was closed without a proper end: nobody can close its connections any more."""
        self.keeps = False
        home.is_over = True
        del self._homes[home.loop]
        self._engine.pool = home.pool = self._engine.pool.recreate()

    def close(self) -> None:
        """Close all connections."""
        self._leave_behind()
        for home in self._homes.values():
            home.close()
        self._homes.clear()

    def _leave_behind(self) -> None:
        """Forget the loops that have ended."""
        for loop, home in list(self._homes.items()):
            if home.is_over:
                del self._homes[loop]
            elif loop.is_closed():
                # The test is over, and its connection of no use: nobody is to be blamed.
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", ResourceWarning)
                    self.abandon(home)
                    gc.collect()
