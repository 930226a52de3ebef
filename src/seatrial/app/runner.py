"""Run one application for as long as tests need it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from typing import TYPE_CHECKING, Any, Literal

import httpx2

from seatrial.app.calls import Call
from seatrial.app.exchange import Exchange
from seatrial.app.hooks import watch_exceptions
from seatrial.app.lifespan import Lifespan
from seatrial.app.patience import Patience
from seatrial.app.quiescence import Leftover, Quiescence
from seatrial.app.scope import http_scope
from seatrial.app.thread import AppThread, cancel_all, hang_error
from seatrial.app.tracking import CountingExecutor
from seatrial.app.transports import AsyncTransport, SyncTransport
from seatrial.app.waiters import ThreadWaiter, running_loop
from seatrial.app.wsgi import WsgiExchange, environ_of
from seatrial.errors import ApplicationError

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence

    from seatrial.app.failures import AppFailure
    from seatrial.app.loading import LoadedApp
    from seatrial.app.origin import Origin
    from seatrial.app.outgoing import Outgoing
    from seatrial.app.reply import Reply
    from seatrial.app.sockets import Server

_HTTP_LOG = logging.getLogger("httpx2")
_SECONDS_TO_END = 1.0


class AppRunner:
    """The application in its own event loop and thread.

    Args:
        load: gives the application; called once per start, in the application's thread.
        transport: ``memory`` calls the application in process; ``socket`` serves HTTP on 127.0.0.1.
        startup_timeout: seconds for import and start-up together, ten times as many while the process is
            busy; and again for shutdown.
        grace: seconds that :meth:`wait_quiet` waits if it is not told otherwise.
        remembers: how many requests that came over a socket are kept in :attr:`arrivals`.

    Attributes:
        suspended: set while a debugger is open; no timeout ends while it is true.
    """

    def __init__(
        self,
        load: Callable[[], LoadedApp],
        *,
        transport: Literal["memory", "socket"] = "memory",
        startup_timeout: float = 30.0,
        grace: float = 1.0,
        remembers: int = 0,
    ) -> None:
        self._remembers = remembers
        self._load = load
        self._transport = transport
        self._startup_timeout = startup_timeout
        self._grace = grace
        self.suspended = False
        self._thread: AppThread | None = None
        self._starting = threading.Lock()
        self._reset()

    def _reset(self) -> None:
        self._loaded: LoadedApp | None = None
        self._lifespan: Lifespan | None = None
        self._quiescence: Quiescence | None = None
        self._server: Server | None = None
        self._workers: CountingExecutor | None = None
        self._unwatch: Callable[[], None] | None = None
        self._complaint: BaseException | None = None
        self._log_level: int | None = None

    # --- start and stop ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Import the application in its own thread and run its start-up; nothing if it runs already.

        Raises:
            ApplicationError: the path is wrong, start-up failed, or took longer than the timeout.
            Exception: what the application's own import raised.
        """
        with self._starting:
            known = self._thread
            if known is None:
                thread = self._thread = AppThread(remembers=self._remembers)
                self._quiescence = Quiescence(thread)
                thread.start(self._import, self._serve)
        if known is not None:
            self._join_start(known)
            return
        try:
            patience = Patience(self._startup_timeout)
            while not thread.wait_ready(patience.seconds):
                if self.suspended:
                    patience = Patience(self._startup_timeout)
                elif patience.ends():
                    raise hang_error("start", patience.waited, thread.where())  # noqa: TRY301 - one clean-up
        except BaseException:
            self._thread = None
            thread.stop(_SECONDS_TO_END)
            self._end(thread)
            raise
        if _HTTP_LOG.level == logging.NOTSET:
            self._log_level = _HTTP_LOG.level
            _HTTP_LOG.setLevel(logging.WARNING)

    def _join_start(self, thread: AppThread) -> None:
        """Wait for a start that another thread has begun; the application's own thread cannot."""
        while self._thread is thread and not thread.is_up and thread.ident != threading.get_ident():
            thread.wait_ready(self._startup_timeout)

    def stop(self) -> None:
        """Run the application's shutdown and end its thread; nothing if it does not run.

        Raises:
            ApplicationError: shutdown failed, or something did not end; the error names it.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return
        ended = thread.stop(self._startup_timeout + 3 * _SECONDS_TO_END)
        where = "" if ended else thread.where()
        complaint = self._complaint
        threads_ended = self._end(thread)
        if not ended:
            raise _resists("the event loop", where)
        if complaint is not None:
            raise complaint
        if not threads_ended:
            busy = [job.name for job in thread.jobs.running.values()]
            raise _resists("a thread", f"still at work: {', '.join(busy) or 'unknown'}")

    def _end(self, thread: AppThread) -> bool:
        if self._unwatch is not None:
            self._unwatch()
        if self._log_level is not None:
            _HTTP_LOG.setLevel(self._log_level)
        ended = thread.join_jobs(self._grace)
        if self._workers is not None:
            ended = self._workers.join(self._grace) and ended
        self._reset()
        return ended

    # --- in the application's thread ---------------------------------------------------------------------

    def _import(self) -> None:
        self._loaded = self._load()
        assert self._thread is not None
        self._unwatch = watch_exceptions(self._loaded.app, self._thread.failures)

    async def _serve(self, stop: asyncio.Event) -> None:
        loaded, thread, quiescence = self._loaded, self._thread, self._quiescence
        assert loaded is not None
        assert thread is not None
        assert quiescence is not None
        if loaded.kind == "wsgi":
            self._workers = CountingExecutor(thread.jobs, name="seatrial-wsgi", size=10)
        else:
            self._lifespan = Lifespan(loaded.asgi)
            await self._lifespan.start()
        if self._transport == "socket":
            from seatrial.app.sockets import serve  # noqa: PLC0415 - brings uvicorn, which memory mode never needs

            self._server = await serve(loaded, thread, self._lifespan.state if self._lifespan else {})
        for _ in range(3):
            await asyncio.sleep(0)  # lets workers reach the place where they wait for work
        quiescence.settle()
        thread.ready()
        await stop.wait()
        await self._wind_down(thread)

    async def _wind_down(self, thread: AppThread) -> None:
        """Requests first, then the lifespan, then whatever the lifespan forgot; each bounded."""
        await cancel_all(thread.tracker.tasks, spare=asyncio.current_task())
        try:
            async with asyncio.timeout(self._startup_timeout):
                if self._server is not None:
                    await self._server.stop()
                if self._lifespan is not None:
                    await self._lifespan.stop()
        except TimeoutError:
            self._complaint = hang_error("shut down", self._startup_timeout, "")
        except ApplicationError as error:
            self._complaint = error
        mine = asyncio.current_task()
        resisting = await cancel_all({**thread.tracker.workers, **thread.tracker.tasks}, spare=mine)
        if resisting and self._complaint is None:
            names = [getattr(task.get_coro(), "__qualname__", task.get_name()) for task in resisting]
            self._complaint = _resists("a task", f"still running after being cancelled: {', '.join(names)}")

    # --- what tests use ----------------------------------------------------------------------------------

    @property
    def app(self) -> Any:
        """The running application object."""
        self._running()
        assert self._loaded is not None
        return self._loaded.app

    @property
    def base_url(self) -> str:
        """Where clients find the application."""
        self._running()
        return self._server.url if self._server else "http://localhost"

    @property
    def is_running(self) -> bool:
        """Whether the application has been started and not stopped."""
        return self._thread is not None and self._thread.is_up

    def sync_transport(self) -> httpx2.BaseTransport:
        """Return a transport for ``httpx2.Client``; shareable between threads."""
        self._running()
        return httpx2.HTTPTransport() if self._server else SyncTransport(self)

    def async_transport(self) -> httpx2.AsyncBaseTransport:
        """Return a transport for ``httpx2.AsyncClient``; in memory it is shareable between event loops."""
        self._running()
        return httpx2.AsyncHTTPTransport() if self._server else AsyncTransport(self)

    def run(self, coroutine: Awaitable[Any]) -> Any:
        """Run a coroutine in the application's loop; block until it is done and return its result."""
        thread = self._checked(blocking=True, coroutine=coroutine)
        waiter = ThreadWaiter()
        return Call(thread, coroutine, waiter.wake).block(waiter)

    async def run_async(self, coroutine: Awaitable[Any]) -> Any:
        """Run a coroutine in the application's loop from a task of another asyncio or trio loop."""
        thread = self._checked(blocking=False, coroutine=coroutine)
        waiter = running_loop()
        assert waiter is not None
        return await Call(thread, coroutine, waiter.wake).wait(waiter)

    def run_in_app(self, coroutine: Awaitable[Any]) -> Any:
        """Run a coroutine in the application's loop, whatever kind of test calls.

        From a synchronous test it blocks and returns the result. With an event loop running in the calling
        thread it returns an awaitable of the result: ``await run_in_app(...)``.
        """
        return self.run(coroutine) if running_loop() is None else self.run_async(coroutine)

    def wait_quiet(self, timeout: float | None = None) -> list[Leftover]:
        """Wait until nothing is at work any more; return what still is when time is up.

        Args:
            timeout: seconds; None for the runner's grace.
        """
        if self._thread is None or self._quiescence is None:
            return []
        seconds = self._grace if timeout is None else timeout
        return self._quiescence.wait(seconds, lambda: self.suspended)

    def cancel(self, leftovers: Sequence[Leftover], timeout: float = 1.0) -> list[Leftover]:
        """Cancel leftovers and wait at most ``timeout`` seconds; return those that resisted."""
        return self._quiescence.cancel(leftovers, timeout) if self._quiescence else list(leftovers)

    @property
    def errors(self) -> list[AppFailure]:
        """Exceptions raised inside the application and not yet taken, oldest first."""
        return self._thread.failures.all() if self._thread else []

    def last_error(self) -> AppFailure | None:
        """Return the latest of :attr:`errors`."""
        return errors[-1] if (errors := self.errors) else None

    def take_errors(self) -> list[AppFailure]:
        """Return :attr:`errors` and forget them."""
        return self._thread.failures.take() if self._thread else []

    def drop_ports(self, ports: Collection[int]) -> None:
        """Abort the loop's connections that come from these ports; their owners have been told then."""
        thread = self._running()
        self.run(thread.loop.drop(thread.loop.outgoing.from_ports(ports)))

    @property
    def outgoing(self) -> Outgoing:
        """The connections the loop has opened."""
        return self._running().loop.outgoing

    @property
    def arrivals(self) -> deque[Origin]:
        """The latest requests that came over a socket, oldest first."""
        return self._running().arrivals

    def is_worker(self, task: asyncio.Task[Any] | None) -> bool:
        """Tell whether the lifespan started a task, which is expected to live on."""
        return self._thread is not None and task in self._thread.tracker.workers

    def owns_loop_of(self, task: asyncio.Task[Any] | None) -> bool:
        """Tell whether a task runs in the application's loop; one that is not known may."""
        return task is None or (self._thread is not None and task.get_loop() is self._thread.loop)

    @contextlib.contextmanager
    def held(self, addresses: Collection[tuple[str, int]] = ()) -> Iterator[None]:
        """Stop the application's loop during a ``with`` block, which should last some milliseconds.

        Nothing connects to a server meanwhile. Connections to these addresses that existed before are
        aborted as the first thing the loop does afterwards.
        """
        thread = self._thread
        if thread is None or not thread.is_up:
            yield
            return
        release = thread.hold()
        outdated = thread.loop.outgoing.to(addresses)
        try:
            yield
        finally:
            thread.call_if_running(lambda: thread.loop.create_task(thread.loop.drop(outdated)))
            release()
            self.run(asyncio.sleep(0))

    # --- for the transports ------------------------------------------------------------------------------

    def guard(self, *, blocking: bool) -> None:
        """Raise if a call from this process and thread could never be answered."""
        self._checked(blocking=blocking)

    @property
    def streams_uploads(self) -> bool:
        """Whether a request's body can be fed while the application runs."""
        return self._workers is None

    def open(self, request: httpx2.Request, body: bytes | None, wake: Callable[[], None]) -> Reply:
        """Prepare a call."""
        thread, loaded = self._thread, self._loaded
        assert thread is not None
        assert loaded is not None
        if self._workers is not None:
            return WsgiExchange(loaded.app, environ_of(request, body or b""), thread, self._workers, wake)
        assert self._lifespan is not None
        return Exchange(loaded.asgi, http_scope(request, self._lifespan.state), body, thread, wake)

    def open_websocket(self, request: httpx2.Request, wake: Callable[[], None]) -> Reply:
        """Prepare a websocket handshake."""
        from seatrial.app.websocket import open_websocket  # noqa: PLC0415 - brings wsproto, an extra

        thread, loaded, lifespan = self._thread, self._loaded, self._lifespan
        assert thread is not None
        assert loaded is not None
        if lifespan is None:
            return self.open(request, b"", wake)
        return open_websocket(loaded.asgi, request, lifespan.state, thread, wake)

    def _running(self) -> AppThread:
        if self._thread is None or not self._thread.is_up:
            self.start()
        assert self._thread is not None
        return self._thread

    def _checked(self, *, blocking: bool, coroutine: Any = None) -> AppThread:
        thread = self._running()
        error = _why_not(thread, blocking=blocking)
        if error is not None:
            with contextlib.suppress(AttributeError):
                coroutine.close()
            raise error
        return thread


def _why_not(thread: AppThread, *, blocking: bool) -> ApplicationError | None:
    if thread.pid != os.getpid():
        return ApplicationError(
            f"This process was forked from process {thread.pid}, in which the application runs; it has no "
            "application of its own",
            code="app.forked",
            remedy="Start child processes with the spawn method, or make the request in the test's process.",
        )
    if blocking and thread.ident == threading.get_ident():
        return ApplicationError(
            "A blocking call to the application from the application's own thread would wait for itself",
            code="app.deadlock",
            remedy="Make the call from the test, or use async_client there.",
        )
    return None


def _resists(what: str, detail: str) -> ApplicationError:
    return ApplicationError(
        f"The application was stopped, but {what} of it did not end",
        code="app.stop-incomplete",
        detail=detail,
        remedy="Let it end when it is cancelled, or when the lifespan shuts down.",
    )
