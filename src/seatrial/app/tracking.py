"""Who runs what in the application: every task and executor job, with its creator and its request."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import anyio

from seatrial.app.origin import CURRENT

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

    from seatrial.app.origin import Origin

_P = ParamSpec("_P")
_T = TypeVar("_T")
_PLUMBING = tuple(
    f"{os.path.dirname(path)}{os.sep}"  # noqa: PTH120 - compared with co_filename, which is a string
    for path in (
        asyncio.__file__,
        anyio.__file__,
        __file__,
        threading.__file__.replace("threading", "concurrent/x"),
    )
)


# Pools that keep tasks of their own for as long as they are open, wherever they were opened.
_KEEPERS = ("psycopg_pool.", "asyncpg.pool.Pool._maintain_min_size")


@dataclass(frozen=True, slots=True)
class Site:
    """A line of code."""

    code: CodeType
    line: int

    def __str__(self) -> str:
        return f"{self.code.co_filename}:{self.line} {self.code.co_name}"


def site_of_caller() -> Site | None:
    """Return the nearest line that is neither event loop nor seatrial."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way without building a whole stack
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_PLUMBING):
            return Site(frame.f_code, frame.f_lineno)
        frame = frame.f_back
    return None


@dataclass(frozen=True, slots=True)
class Started:
    """Who started a task or a job, and where."""

    origin: Origin | None
    site: Site | None

    def tell(self, what: object, *, over: bool = False) -> None:
        """Tell the caller, if there is one, that this has begun, or is over."""
        if self.origin is not None and (caller := self.origin.caller) is not None:
            (caller.ended if over else caller.begun)(what)


class TaskTracker:
    """All unfinished tasks of the application's loop.

    Written by the application's thread only; ``list()`` of a dictionary is one step for other threads.

    Attributes:
        tasks: what requests and coroutines of tests started.
        workers: what the lifespan started, and what those tasks start; these are expected to live on.
    """

    def __init__(self) -> None:
        self.tasks: dict[asyncio.Task[Any], Started] = {}
        self.workers: dict[asyncio.Task[Any], Started] = {}

    def add(self, task: asyncio.Task[Any]) -> None:
        """Remember a task until it is done."""
        if not task.done():
            maker = _current_task()
            family = self.workers if maker in self.workers else self.tasks
            family[task] = started = Started(CURRENT.get(), site_of_caller())
            if not keeps_pool(task) and (maker is None or not keeps_pool(maker)):
                started.tell(task)
            task.add_done_callback(self._forget)

    def adopt(self, task: asyncio.Task[Any], origin: Origin) -> None:
        """Say on whose behalf a task runs that was created before that was known."""
        origin.task = task
        if started := self.tasks.get(task):
            self.tasks[task] = Started(origin, started.site)

    def make_workers(self) -> None:
        """Take all present tasks for the lifespan's own."""
        self.workers.update(self.tasks)
        self.tasks.clear()

    def _forget(self, task: asyncio.Task[Any]) -> None:
        for family in (self.tasks, self.workers):
            if (started := family.pop(task, None)) is not None:
                started.tell(task, over=True)


@dataclass(slots=True, eq=False)
class Job:
    """A function at work in a thread of the application, or waiting for one."""

    name: str
    started: Started
    task: asyncio.Task[Any] | None = field(default=None, repr=False)
    """The task that handed it to a thread, where one did."""
    thread: int | None = None
    future: Future[Any] | None = field(default=None, repr=False)


class Jobs:
    """All jobs in threads that are not done."""

    def __init__(self) -> None:
        self.running: dict[int, Job] = {}

    def begin(self, name: str) -> Job:
        """Count a job; it is done when :meth:`end` is called with it."""
        job = Job(name, Started(CURRENT.get(), site_of_caller()), _current_task())
        self.running[id(job)] = job
        job.started.tell(job)
        return job

    def end(self, job: Job) -> None:
        """Stop counting a job."""
        self.running.pop(id(job), None)
        job.started.tell(job, over=True)


def place_of(coroutine: Any) -> str:
    """`package.module.Class.method` of a coroutine; nothing for one that is done."""
    frame = getattr(coroutine, "cr_frame", None)
    return f"{frame.f_globals.get('__name__', '')}.{coroutine.__qualname__}" if frame is not None else ""


def keeps_pool(task: asyncio.Task[Any]) -> bool:
    """Whether a task is a pool's own, and lives as long as that."""
    return place_of(task.get_coro()).startswith(_KEEPERS)


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # a thread without an event loop
        return None


class CountingExecutor(ThreadPoolExecutor):
    """A thread pool whose jobs are counted; the default executor of the application's loop."""

    def __init__(self, jobs: Jobs, *, name: str, size: int | None = None) -> None:
        super().__init__(max_workers=size, thread_name_prefix=name)
        self._jobs = jobs

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Submit a job and count it until it is done or cancelled."""
        job = self._jobs.begin(getattr(fn, "__qualname__", None) or repr(fn))

        def run() -> _T:
            job.thread = threading.get_ident()
            return fn(*args, **kwargs)

        try:
            job.future = super().submit(run)
        except BaseException:
            self._jobs.end(job)
            raise
        job.future.add_done_callback(lambda _: self._jobs.end(job))
        return job.future

    def join(self, timeout: float) -> bool:
        """Let idle threads end and wait for busy ones, at most so many seconds; tell whether all ended."""
        self.shutdown(wait=False, cancel_futures=True)
        for thread in list(self._threads):
            thread.join(timeout)
        return not any(thread.is_alive() for thread in self._threads)
