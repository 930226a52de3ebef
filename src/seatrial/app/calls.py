"""Run a test's own coroutine in the application's loop, and give its result back to the test."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from seatrial.app.origin import CURRENT, Origin
from seatrial.errors import ApplicationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from seatrial.app.thread import AppThread
    from seatrial.app.waiters import AsyncWaiter, ThreadWaiter


class Call(Origin):
    """One coroutine handed over."""

    def __init__(self, thread: AppThread, awaitable: Awaitable[Any], wake: Callable[[], None]) -> None:
        if not inspect.isawaitable(awaitable):
            raise _not_awaitable(awaitable)
        super().__init__(f"run_in_app({getattr(awaitable, '__qualname__', type(awaitable).__name__)})")
        self._thread = thread
        self._awaitable = awaitable
        self._wake = wake
        self._result: Any = None
        self._raised: BaseException | None = None
        self._done = False

    def block(self, waiter: ThreadWaiter) -> Any:
        """Run it and block this thread until it is done."""
        self._thread.call(self._begin)
        try:
            while not self._done:
                waiter.wait(None)
        except BaseException:
            self._thread.call_if_running(self._cancel)
            raise
        return self._outcome()

    async def wait(self, waiter: AsyncWaiter) -> Any:
        """Run it and suspend this task until it is done."""
        self._thread.call(self._begin)
        try:
            while not self._done:
                await waiter.wait(None)
        except BaseException:
            self._thread.call_if_running(self._cancel)
            raise
        return self._outcome()

    def _outcome(self) -> Any:
        if self._raised is not None:
            try:
                raise self._raised
            finally:
                self._raised = None  # an exception that is held keeps its frames, and they keep us
        return self._result

    def _begin(self) -> None:
        CURRENT.set(self)
        self._begun = self._thread.loop.create_task(self._run())

    def _cancel(self) -> None:
        self._begun.cancel()

    async def _run(self) -> None:
        try:
            self._result = await self._awaitable
        except BaseException as error:  # noqa: BLE001 - raised again in the test
            self._raised = error
        finally:
            self._done = True
            self._wake()


def _not_awaitable(given: object) -> ApplicationError:
    name = getattr(given, "__name__", type(given).__name__)
    if inspect.iscoroutinefunction(given):
        remedy = f"Call it: run_in_app({name}(...))."
    else:
        remedy = "What is not asynchronous needs no event loop: call it in the test itself."
    return ApplicationError(
        f"run_in_app expects a coroutine, found {name} ({type(given).__name__}).",
        code="app.not-a-coroutine",
        remedy=remedy,
    )
