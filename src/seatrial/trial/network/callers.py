"""Which line of the project is behind a connection or a lookup."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from seatrial.app.origin import CURRENT
from seatrial.app.places import places, trace_of_caller, trace_of_frames
from seatrial.trial.network.tasks import (
    ancestors,
    current_task,
    frames_of_task,
    running_loops,
    stack_of,
    tasks_of,
)

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Iterator
    from types import FrameType
    from typing import Any

    from seatrial.app.places import Trace

_LOOKS = 3


def callers() -> list[str]:
    """The project's own lines that led here, innermost first; without any, the nearest of libraries.

    Libraries connect in tasks of their own (anyio tries several addresses at once): the lines are then
    those of a task that waits for them, or of the request that is answered.
    """
    trace = trace_of_caller()
    own = places(_above_the_loop(trace), libraries=False)
    if not own and (task := current_task()) is not None:
        own = _of_tasks(ancestors(task))
    if not own and (origin := CURRENT.get()) is not None and origin.task is not None:
        own = _of_tasks([origin.task])
    return own or places(trace)


def caller_of_lookup(host: str) -> list[str]:
    """The same for a lookup, which asyncio makes in a thread of its executor, on behalf of a task.

    Only lines of libraries are found in the rare case that the task moves on while it is looked for.
    """
    if own := places(_above_the_loop(trace_of_caller()), libraries=False):
        return own
    for _ in range(_LOOKS):
        for stack, task in _stacks():
            if any(_looks_up(frame, host) for frame in stack):
                own = places(trace_of_frames(stack), libraries=False) or _of_tasks(ancestors(task))
                if own:
                    return own
    return callers()


def _above_the_loop(trace: Trace) -> Trace:
    """Without what started the event loop of this thread, which is not what the task does."""
    names = (code.co_name for code, _ in trace)
    return trace[: next((depth for depth, name in enumerate(names) if name == "_run_once"), len(trace))]


def _of_tasks(tasks: Iterable[asyncio.Task[Any]]) -> list[str]:
    found = (places(trace_of_frames(frames_of_task(task)), libraries=False) for task in tasks)
    return next((lines for lines in found if lines), [])


def _stacks() -> Iterator[tuple[list[FrameType], asyncio.Task[Any]]]:
    """The frames of every task of every running loop, innermost first, whether it runs or waits."""
    for thread, loop in running_loops():
        running = current_task(loop)
        if running is not None:
            yield stack_of(sys._current_frames().get(thread)), running  # noqa: SLF001 - the only view into it
        for task in tasks_of(loop):
            yield frames_of_task(task), task


def _looks_up(frame: FrameType, host: str) -> bool:
    return frame.f_code.co_name in ("getaddrinfo", "getnameinfo") and frame.f_locals.get("host") in (
        host,
        host.encode(),
    )
