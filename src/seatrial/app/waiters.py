"""Wait, in a thread or in any event loop, for the application's thread to say that something happened.

A waiter is woken at most once per wait however often it is told, and a wake-up proves nothing: whoever
waits looks again.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import Any, Protocol

from seatrial.app.clock import now

# Longest single wait of a thread. A signal that arrives between Python's last look for one and the system
# call that waits is noticed only when that call returns: an interrupt must not be lost for longer than this.
_LONGEST_WAIT_S = 0.5


class Waiter(Protocol):
    """What the application's side knows of whoever waits."""

    def wake(self) -> None:
        """Say that something happened; called in the application's thread."""


class ThreadWaiter:
    """Wait in a thread that has nothing else to do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def wake(self) -> None:
        """Wake the waiting thread; one thread at a time may call this."""
        if self._lock.locked():
            self._lock.release()

    def wait(self, seconds: float | None) -> None:
        """Return when woken, when the seconds have passed, or after a while so that signals are seen."""
        longest = _LONGEST_WAIT_S if seconds is None else max(seconds, 0.0)
        self._lock.acquire(timeout=min(longest, _LONGEST_WAIT_S))


class AsyncWaiter(Protocol):
    """Wait in a task of an event loop."""

    def wake(self) -> None:
        """Say that something happened; called in the application's thread."""

    async def wait(self, seconds: float | None) -> None:
        """Return when woken or when the seconds have passed."""


class AsyncioWaiter:
    """Wait in a task of a running asyncio loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._woken = False
        self._future: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """Wake the waiting task, unless its loop is closed already."""
        try:
            self._loop.call_soon_threadsafe(self._set)
        except RuntimeError:
            if not self._loop.is_closed():
                raise

    def _set(self) -> None:
        self._woken = True
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    async def wait(self, seconds: float | None) -> None:
        """Return when woken or when the seconds have passed."""
        if not self._woken:
            self._future = self._loop.create_future()
            timer = None if seconds is None else self._loop.call_later(seconds, self._set)
            try:
                await self._future
            finally:
                if timer is not None:
                    timer.cancel()
        self._woken = False


class TrioWaiter:
    """Wait in a task of a running trio loop."""

    def __init__(self, trio: Any) -> None:
        self._trio = trio
        self._token = trio.lowlevel.current_trio_token()
        self._event = trio.Event()

    def wake(self) -> None:
        """Wake the waiting task, unless its loop has ended already."""
        try:
            self._token.run_sync_soon(self._set)
        except self._trio.RunFinishedError:
            return

    def _set(self) -> None:
        self._event.set()  # whichever event is waited for by then

    async def wait(self, seconds: float | None) -> None:
        """Return when woken or when the seconds have passed."""
        with self._trio.move_on_after(float("inf") if seconds is None else seconds):
            await self._event.wait()
        self._event = self._trio.Event()


def running_loop() -> AsyncWaiter | None:
    """Return a waiter for the event loop that runs in this thread, or None if there is none."""
    loop = asyncio._get_running_loop()  # noqa: SLF001 - the public one raises, which costs ten times as much
    if loop is not None:
        return AsyncioWaiter(loop)
    trio = sys.modules.get("trio")
    if trio is None:
        return None
    try:
        return TrioWaiter(trio)
    except RuntimeError:
        return None


class Deadline:
    """The end of a wait, moved on while the run is suspended in a debugger."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._end = None if seconds is None else now() + seconds

    def remaining(self) -> float | None:
        """Seconds left, never negative; None if there is no end."""
        return None if self._end is None else max(self._end - now(), 0.0)

    def passed(self, *, suspended: bool) -> bool:
        """Tell whether time is up; a suspended run starts the wait anew."""
        if self._end is None or now() < self._end:
            return False
        if suspended:
            self._end = now() + (self._seconds or 0.0)
            return False
        return True
