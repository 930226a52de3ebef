"""The one thread that serves every proxy of a process."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

_T = TypeVar("_T")
_NAME = "seatrial-tcp"


class _Loop(asyncio.SelectorEventLoop):
    """Keeps going where a test freezes time: tools for that replace what `time` offers."""

    def time(self, _read: Callable[[], float] = time.monotonic) -> float:
        return _read()


class ProxyThread:
    """A thread with an event loop that runs as long as a proxy needs it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._loop: _Loop | None = None
        self._thread: threading.Thread | None = None

    def enter(self) -> None:
        """A proxy begins to serve; the first one starts the thread."""
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._start()

    def leave(self) -> None:
        """A proxy has stopped; with the last one the thread ends."""
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._end()

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine in the thread and wait for its result."""
        assert self._loop is not None  # a proxy has entered
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def call(self, function: Callable[[], object]) -> None:
        """Call a function in the thread, soon."""
        assert self._loop is not None  # a proxy has entered
        self._loop.call_soon_threadsafe(function)

    def _start(self) -> None:
        self._loop = _Loop()
        self._loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix=_NAME))
        self._thread = threading.Thread(target=self._serve, args=[self._loop], name=_NAME, daemon=True)
        self._thread.start()

    def _end(self) -> None:
        assert self._loop is not None  # it was started
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop = self._thread = None

    def _serve(self, loop: _Loop) -> None:
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()
