"""Asynchronous tasks from outside: where each of them waits, and which of them waits for which."""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_DEEPEST = 200


def current_task(loop: asyncio.AbstractEventLoop | None = None) -> asyncio.Task[Any] | None:
    """The task that a loop runs now; by default, the loop of this thread."""
    try:
        return asyncio.current_task(loop)
    except RuntimeError:
        return None


def running_loops() -> list[tuple[int, asyncio.AbstractEventLoop]]:
    """The loops that run, each with the thread it runs in."""
    return [
        (thread, loop)
        for thread, innermost in sys._current_frames().items()  # noqa: SLF001 - the only view into other threads
        for frame in stack_of(innermost)
        if frame.f_code.co_name == "run_forever"
        and isinstance(loop := frame.f_locals.get("self"), asyncio.AbstractEventLoop)
    ]


def tasks_of(loop: asyncio.AbstractEventLoop) -> set[asyncio.Task[Any]]:
    """The tasks of a loop that are not done."""
    try:
        return asyncio.all_tasks(loop)
    except RuntimeError:
        return set()  # it makes too many at this moment


def stack_of(frame: FrameType | None) -> list[FrameType]:
    """A frame and those that called it."""
    stack = []
    while frame is not None:
        stack.append(frame)
        frame = frame.f_back
    return stack


def frames_of_task(task: asyncio.Task[Any]) -> list[FrameType]:
    """The frames of a task that waits, innermost first."""
    return [frame for step in _chain(task) if (frame := _frame(step)) is not None][::-1]


def ancestors(task: asyncio.Task[Any]) -> Iterator[asyncio.Task[Any]]:
    """The tasks that wait for this one, directly or not, nearest first."""
    seen = {task}
    while (waiting := _parent(task)) is not None and waiting not in seen:
        seen.add(waiting)
        yield waiting
        task = waiting


def _parent(task: asyncio.Task[Any]) -> asyncio.Task[Any] | None:
    others = tasks_of(task.get_loop()) - {task}
    group = _group_of(task)
    return next((other for other in others if id(other) == group or _waits_for(other, task)), None)


def _waits_for(other: asyncio.Task[Any], task: asyncio.Task[Any]) -> bool:
    # What waits through a future of its own, as asyncio.wait_for does, has the task at least in a variable.
    return task in _chain(other) or any(
        value is task for frame in frames_of_task(other) for value in frame.f_locals.values()
    )


def _group_of(task: asyncio.Task[Any]) -> int | None:
    """The id of the task in whose task group of anyio this one runs; known to the task itself only."""
    if "anyio" not in sys.modules or current_task() is None:
        return None
    import anyio  # noqa: PLC0415 - only where the application uses it

    found = {info.id: info.parent_id for info in anyio.get_running_tasks()}
    return found.get(id(task))


def _chain(task: asyncio.Task[Any]) -> list[Any]:
    """What a task waits for, step by step: coroutines, generators, and at the end perhaps another task."""
    chain: list[Any] = []
    step: Any = task.get_coro()
    while step is not None and len(chain) < _DEEPEST:
        chain.append(step)
        step = None if isinstance(step, asyncio.Task) else _next(step)
    return chain


def _next(step: Any) -> Any:
    for name in ("cr_await", "gi_yieldfrom", "ag_await"):
        if hasattr(step, name):
            return getattr(step, name)
    # Objects between two coroutines, such as what `__await__` gives, do not say what they stand for.
    return next(
        (
            referred
            for referred in gc.get_referents(step)
            if isinstance(referred, asyncio.Task) or _frame(referred) is not None
        ),
        None,
    )


def _frame(step: Any) -> FrameType | None:
    for name in ("cr_frame", "gi_frame", "ag_frame"):
        if (frame := getattr(step, name, None)) is not None:
            found: FrameType = frame
            return found
    return None
