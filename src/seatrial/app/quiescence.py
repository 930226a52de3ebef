"""Is the application quiet, and if not, what is still at work and who started it?"""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from seatrial.app.clock import now
from seatrial.app.parking import Parking, await_chain, suspended_frames
from seatrial.app.tracking import keeps_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from seatrial.app.thread import AppThread
    from seatrial.app.tracking import Job, Started

_FIRST_PAUSE, _LONGEST_PAUSE = 0.000_2, 0.005
# Frames of the drivers themselves: a keeper that has one is connecting, or looks after a connection.
_DRIVERS = ("psycopg.", "asyncpg.connect_utils.", "asyncpg.connection.")


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """Something that is still at work although nobody waits for it.

    Attributes:
        name: the coroutine or function.
        kind: a ``task`` somebody created, an ``executor`` job, a ``request`` still being answered,
            or a ``worker`` of the lifespan that is busy.
        created_at: ``file:line function``; empty if only the server side was involved.
        request: ``METHOD /path`` that started it, if one did.
        await_chain: ``file:line function`` of every suspended frame, outermost first.
    """

    name: str
    kind: Literal["task", "executor", "worker", "request"]
    created_at: str
    request: str | None
    await_chain: tuple[str, ...]
    handle: asyncio.Task[Any] | Future[Any] | None = field(repr=False, compare=False)

    def describe(self) -> str:
        """Return what, from where, for which request and where it waits, over several lines."""
        lines = [f"{self.kind} {self.name}"]
        if self.request and self.kind != "request":
            lines.append(f"  started by {self.request}")
        if self.created_at:
            lines.append(f"  created at {self.created_at}")
        if self.await_chain:
            lines.extend(["  now at:", *(f"    {place}" for place in self.await_chain)])
        return "\n".join(lines)


class Quiescence:
    """Watches one application thread."""

    def __init__(self, thread: AppThread) -> None:
        self._thread = thread
        self._tracker = thread.tracker
        self._parking = Parking()

    def settle(self) -> None:
        """Start-up is over: what runs now belongs to the lifespan, and waits where it waits for work."""
        self._tracker.make_workers()
        # Whoever says so is our own task. It goes on to wait elsewhere, and would pass for busy until then.
        if (ours := asyncio.current_task()) is not None:
            self._tracker.workers.pop(ours, None)
        self._learn_workers()

    def is_quiet(self) -> bool:
        """Tell whether nothing is at work; a few microseconds, from any thread."""
        if self._tracker.tasks or self._jobs_of_requests():
            return False
        return all(self._parking.is_parked(task) for task in list(self._tracker.workers))

    def wait(self, seconds: float | None, suspended: Callable[[], bool]) -> list[Leftover]:
        """Wait until quiet, at most so many seconds (None: without end); return what is left.

        A worker of the lifespan that stays where it is all that time waits there for work, so the place
        is learned and not reported.
        """
        end = None if seconds is None else now() + seconds
        pause = _FIRST_PAUSE
        while not self.is_quiet():
            self._keep_keepers()
            if end is not None and now() >= end and not suspended():
                self._learn_workers()
                return self.leftovers()
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        return []

    def cancel(self, leftovers: Sequence[Leftover], seconds: float) -> list[Leftover]:
        """Cancel these, wait at most so many seconds, and return those that resisted."""
        for leftover in leftovers:
            if (handle := leftover.handle) is not None:
                # A job in a thread can be cancelled only before it starts, from any thread.
                self._thread.call_if_running(handle.cancel)
        end = now() + seconds
        resisting = list(leftovers)
        while resisting and now() < end:
            time.sleep(_FIRST_PAUSE)
            resisting = [left for left in resisting if left.handle is None or not left.handle.done()]
        return resisting

    def leftovers(self) -> list[Leftover]:
        """Return everything at work right now that is not the lifespan's own."""
        tasks = [
            _of_task(task, started) for task, started in list(self._tracker.tasks.items()) if not task.done()
        ]
        return [*tasks, *(_of_job(job) for job in self._jobs_of_requests())]

    def _jobs_of_requests(self) -> list[Job]:
        """Jobs but those of workers: a worker that waits for a thread is at work or parked, as elsewhere."""
        workers = self._tracker.workers
        return [job for job in list(self._thread.jobs.running.values()) if job.task not in workers]

    def _keep_keepers(self) -> None:
        for task, started in list(self._tracker.tasks.items()):
            if keeps_pool(task) and task in self._tracker.tasks:
                self._tracker.workers[task] = started
                self._tracker.tasks.pop(task, None)
                self._learn(task)

    def _learn_workers(self) -> None:
        for task in list(self._tracker.workers):
            self._learn(task)

    def _learn(self, task: asyncio.Task[Any]) -> None:
        # A database that is replaced while a pool connects to it would cost the pool that connection.
        if not _keeps_busy(task):
            self._parking.learn(task)


def _keeps_busy(task: asyncio.Task[Any]) -> bool:
    """Whether it is a pool's own task and waits for a server, not for work."""
    return keeps_pool(task) and any(
        f"{frame.f_globals.get('__name__', '')}.".startswith(_DRIVERS)
        for frame in suspended_frames(task.get_coro())
    )


def _of_task(task: asyncio.Task[Any], started: Started) -> Leftover:
    coroutine = task.get_coro()
    answers = started.origin is not None and started.origin.task is task
    label = started.origin.label if started.origin else None
    return Leftover(
        name=label or "" if answers else getattr(coroutine, "__qualname__", task.get_name()),
        kind="request" if answers else "task",
        created_at=str(started.site) if started.site and not answers else "",
        request=label,
        await_chain=await_chain(coroutine),
        handle=task,
    )


def _of_job(job: Job) -> Leftover:
    frame = sys._current_frames().get(job.thread or 0)  # noqa: SLF001 - the only view into another thread
    stack = traceback.extract_stack(frame) if frame else []
    return Leftover(
        name=job.name,
        kind="executor",
        created_at=str(job.started.site or ""),
        request=job.started.origin.label if job.started.origin else None,
        await_chain=tuple(f"{entry.filename}:{entry.lineno} {entry.name}" for entry in stack),
        handle=job.future,
    )
