"""The event loop the application runs in."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from seatrial.app.outgoing import Outgoing
from seatrial.errors import ApplicationError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine

    from seatrial.app.tracking import TaskTracker

# Closing a TLS connection passes through two protocols, each of which defers to the next turn.
_TURNS_TO_CLOSE = 4


class SignalHandlerError(ApplicationError, RuntimeError):
    """The application asked for a signal handler; also what asyncio itself would raise."""


class AppEventLoop(asyncio.SelectorEventLoop):
    """The stock selector loop, with a clock no test can freeze and a memory of tasks and connections."""

    def __init__(self, tracker: TaskTracker) -> None:
        super().__init__()
        self._tracker = tracker
        self.outgoing = Outgoing()

    def time(self, _read: Callable[[], float] = time.monotonic) -> float:
        """Seconds on the real clock; see :mod:`seatrial.app.clock`."""
        return _read()

    def create_task(self, coro: Coroutine[Any, Any, Any], **options: Any) -> asyncio.Task[Any]:  # type: ignore[override]  # the options differ from version to version
        """Create a task and track it, whatever task factory the application may have set."""
        task: asyncio.Task[Any] = super().create_task(coro, **options)
        self._tracker.add(task)
        return task

    async def create_connection(self, *args: Any, **options: Any) -> Any:
        """Connect and remember the connection as long as it lives."""
        transport, protocol = await super().create_connection(*args, **options)
        self.outgoing.add(transport)
        return transport, protocol

    def add_signal_handler(self, sig: int, *_: object) -> None:
        """Refuse, as asyncio does outside the main thread, and say why."""
        raise SignalHandlerError(
            f"The application installs a handler for signal {sig}, which Python allows in the main thread "
            "only; under test the application runs in a thread of its own",
            code="app.signal-handler",
            remedy="Catch RuntimeError and NotImplementedError around add_signal_handler, "
            "or install signal handlers where the server is started, not in the lifespan.",
        )

    async def drop(self, connections: Collection[asyncio.BaseTransport]) -> int:
        """Abort connections and wait until their protocols know.

        Returns:
            How many were still open.
        """
        living = [transport for transport in connections if not transport.is_closing()]
        for transport in living:
            transport.abort()  # type: ignore[attr-defined]  # all transports of create_connection have it
        # The server may have closed some first; their protocols hear of it in these turns too.
        for _ in range(_TURNS_TO_CLOSE if connections else 0):
            await asyncio.sleep(0)
        return len(living)
