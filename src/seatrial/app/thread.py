"""The thread that owns the application's event loop, from import to shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import sys
import threading
import traceback
from collections import deque
from typing import TYPE_CHECKING, Any

from seatrial.app.failures import FailureLog
from seatrial.app.loop import AppEventLoop
from seatrial.app.parking import await_chain
from seatrial.app.tracking import CountingExecutor, Jobs, TaskTracker
from seatrial.errors import ApplicationError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from seatrial.app.origin import Origin

# A loop that does not answer within this time is blocked by the application.
_SECONDS_TO_ANSWER = 0.5
_SECONDS_TO_CANCEL = 1.0
_LONGEST_HOLD = 60.0
_REMEDY_HANG = "Make it return: look at where it waits, above, and at what it waits for."


class AppThread:
    """A loop in a daemon thread. One object serves one start and one stop.

    Args:
        remembers: how many requests that came over a socket are kept in `arrivals`.
    """

    def __init__(self, *, remembers: int = 0) -> None:
        self.arrivals: deque[Origin] = deque(maxlen=remembers)
        self.tracker = TaskTracker()
        self.jobs = Jobs()
        self.failures = FailureLog()
        self.pid = os.getpid()
        self.loop: AppEventLoop
        self._base = contextvars.Context()
        self._executor = CountingExecutor(self.jobs, name="seatrial-app-job")
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._stop: asyncio.Event | None = None
        self._main: asyncio.Task[None] | None = None
        self.is_up = False

    # --- for other threads -------------------------------------------------------------------------------

    @property
    def ident(self) -> int | None:
        """The identity of the thread."""
        return self._thread.ident if self._thread else None

    @property
    def base_context(self) -> contextvars.Context:
        """A fresh copy of the context the application was imported in; nothing of any test is in it."""
        return self._base.copy()

    def start(
        self, load: Callable[[], None], serve: Callable[[asyncio.Event], Coroutine[Any, Any, None]]
    ) -> None:
        """Start the thread; ``load`` runs before the loop does, ``serve`` in it until its event is set."""
        context = contextvars.Context()
        self._thread = threading.Thread(
            target=context.run, args=(self._run, load, serve), name="seatrial-app", daemon=True
        )
        self._thread.start()

    def wait_ready(self, seconds: float) -> bool:
        """Wait until the application serves; tell whether it does. Raises what its start-up raised."""
        ready = self._ready.wait(seconds)
        if self._error is not None:
            raise self._error
        return ready

    def ready(self) -> None:
        """Say that the application serves; called in its loop."""
        self.is_up = True
        self._ready.set()

    def call(self, function: Callable[[], object]) -> None:
        """Run a function in the application's thread soon, in a context of its own.

        Raises:
            RuntimeError: the loop is closed.
        """
        self.loop.call_soon_threadsafe(function, context=self._base.copy())

    def call_if_running(self, function: Callable[[], object]) -> None:
        """The same, and nothing if the loop is closed: whoever leaves late has nobody to tell."""
        with contextlib.suppress(RuntimeError):
            self.call(function)

    def hold(self) -> Callable[[], None]:
        """Stop the loop where it is and return the function that lets it go on.

        A loop that the application blocks anyway is not waited for longer than a moment.
        """
        held, release = threading.Event(), threading.Event()

        def block() -> None:
            held.set()
            release.wait(_LONGEST_HOLD)

        self.call_if_running(block)
        held.wait(_SECONDS_TO_ANSWER)
        return release.set

    def stop(self, seconds: float) -> bool:
        """End ``serve`` and wait at most so many seconds; tell whether the thread ended."""
        if self._thread is None:
            return True
        self.call_if_running(self._request_stop)
        self._thread.join(seconds)
        for thread in threading.enumerate():
            # anyio's worker threads know their loop; they end with its root task, but a moment later.
            if getattr(thread, "loop", None) is self.loop:
                thread.join(_SECONDS_TO_ANSWER)
        return not self._thread.is_alive()

    def where(self) -> str:
        """Say where the application is stuck: the stack of a blocked loop, else its suspended tasks."""
        alive = threading.Event()
        if hasattr(self, "loop") and self.loop.is_running():
            self.call_if_running(alive.set)
            if alive.wait(_SECONDS_TO_ANSWER):
                return self._suspended()
        frame = sys._current_frames().get(self.ident or 0)  # noqa: SLF001 - the only view into another thread
        stack = "".join(traceback.format_stack(frame)) if frame else "the thread has ended\n"
        return f"The application's thread is blocked here:\n{stack}"

    def _suspended(self) -> str:
        tasks = [*list(self.tracker.workers), *list(self.tracker.tasks)]
        # The task created last is the innermost: frameworks wrap, applications wait.
        chains = [chain for task in reversed(tasks) if (chain := await_chain(task.get_coro()))]
        shown = "\n".join("  suspended at:\n    " + "\n    ".join(chain) for chain in chains)
        return f"The event loop is free; its tasks wait:\n{shown}"

    def _request_stop(self) -> None:
        if self._stop is not None:
            self._stop.set()
        if self._main is not None and not self.is_up:
            self._main.cancel()  # a start-up that nobody waits for any more

    # --- in the thread -----------------------------------------------------------------------------------

    def _run(
        self, load: Callable[[], None], serve: Callable[[asyncio.Event], Coroutine[Any, Any, None]]
    ) -> None:
        self.loop = loop = AppEventLoop(self.tracker)
        loop.set_default_executor(self._executor)
        asyncio.set_event_loop(loop)
        self._stop = asyncio.Event()
        try:
            load()
            self._base = contextvars.copy_context()
            # Not run_forever: anyio keeps its worker threads only as long as a root task lives.
            self._main = loop.create_task(serve(self._stop))
            loop.run_until_complete(self._main)
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that started us
            self._error = error
        finally:
            self._close(loop)
            self._ready.set()

    def _close(self, loop: AppEventLoop) -> None:
        self.is_up = False
        try:
            with contextlib.suppress(RuntimeError):
                loop.run_until_complete(
                    cancel_all({**self.tracker.tasks, **self.tracker.workers}, spare=None)
                )
                loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            for task in [*self.tracker.tasks, *self.tracker.workers]:
                # It resisted being cancelled and has been named; the interpreter need not say it again.
                task._log_destroy_pending = False  # type: ignore[attr-defined] # noqa: SLF001
            asyncio.set_event_loop(None)
            loop.close()

    def join_jobs(self, seconds: float) -> bool:
        """Wait at most so many seconds per thread for jobs in threads; tell whether all ended."""
        return self._executor.join(seconds)


async def cancel_all(
    tasks: Iterable[asyncio.Task[Any]], *, spare: asyncio.Task[Any] | None
) -> list[asyncio.Task[Any]]:
    """Cancel tasks but one, wait for them a bounded time, and return those that resisted."""
    doomed = [task for task in list(tasks) if task is not spare and not task.done()]
    for task in doomed:
        task.cancel()
    if doomed:
        await asyncio.wait(doomed, timeout=_SECONDS_TO_CANCEL)
    return [task for task in doomed if not task.done()]


def hang_error(what: str, seconds: float, where: str) -> ApplicationError:
    """Return the error for a start-up that did not end in time."""
    return ApplicationError(
        f"The application did not {what} within {seconds:g} s",
        code="app.startup-hangs",
        detail=where,
        remedy=_REMEDY_HANG,
    )
