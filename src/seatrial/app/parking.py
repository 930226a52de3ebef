"""Tell a worker that waits for work from one that does some, by where its coroutine is suspended."""

from __future__ import annotations

import gc
import inspect
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator
    from types import CodeType, FrameType

Position: TypeAlias = "tuple[tuple[CodeType, int], ...]"


def suspended_frames(awaitable: Any) -> Iterator[FrameType]:
    """Yield the frames of a suspended coroutine, outermost first, along what each one awaits."""
    while awaitable is not None:
        for prefix, awaited in (("cr", "cr_await"), ("gi", "gi_yieldfrom"), ("ag", "ag_await")):
            frame = getattr(awaitable, f"{prefix}_frame", None)
            if frame is not None:
                yield frame
                awaitable = getattr(awaitable, awaited)
                break
        else:
            awaitable = _behind(awaitable)


def _behind(awaitable: Any) -> Any:
    """Return the asynchronous generator behind one of its steps, which has no frame of its own."""
    if not type(awaitable).__name__.startswith("async_generator_"):
        return None
    return next((item for item in gc.get_referents(awaitable) if inspect.isasyncgen(item)), None)


def await_chain(awaitable: Any) -> tuple[str, ...]:
    """Return ``file:line function`` for every frame of a suspended coroutine, outermost first."""
    return tuple(
        f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}"
        for frame in suspended_frames(awaitable)
    )


class Parking:
    """The places where workers of the lifespan wait while they have nothing to do.

    A worker may have several such places; each is learned when a worker is first seen to stay there.
    """

    def __init__(self) -> None:
        self._known: set[Position] = set()

    def learn(self, task: asyncio.Task[Any]) -> None:
        """Take the present position of a suspended worker for one of its waiting places."""
        if _will_wait(task):
            self._known.add(_position(task))

    def is_parked(self, task: asyncio.Task[Any]) -> bool:
        """Tell whether a worker waits at a known place and nothing has woken it yet."""
        return task.done() or (_will_wait(task) and _position(task) in self._known)


def _will_wait(task: asyncio.Task[Any]) -> bool:
    # The future a task waits for is not public, yet only it tells "asleep" from "woken, about to run".
    waiter = getattr(task, "_fut_waiter", None)
    return waiter is not None and not waiter.done()


def _position(task: asyncio.Task[Any]) -> Position:
    return tuple((frame.f_code, frame.f_lasti) for frame in suspended_frames(task.get_coro()))
