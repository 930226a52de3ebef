"""Threads that a test started and that live on after it."""

from __future__ import annotations

import concurrent.futures.thread
import contextlib
import os
import sys
import threading
import time
from typing import TYPE_CHECKING

from seatrial.app.places import places_of_thread

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from types import FrameType

_SECONDS_TO_DIE = 1.0
_OURS = "seatrial-"
# Where the workers of pools wait for work: they live on, and do nothing.
_WAITING = (concurrent.futures.thread.__file__, f"{os.sep}anyio{os.sep}_backends{os.sep}")
_PARKING = (threading.__file__, f"{os.sep}queue.py")


class ThreadWatch:
    """Tells the threads that were started since `begin`, but for idle workers of pools."""

    def __init__(self) -> None:
        self._before: set[threading.Thread] = set()

    def begin(self) -> None:
        """Take all threads there are for known."""
        self._before = set(threading.enumerate())

    def started(self) -> list[threading.Thread]:
        """Those that were started since and still live."""
        fresh = [thread for thread in threading.enumerate() if thread not in self._before]
        return [thread for thread in fresh if not thread.name.startswith(_OURS) and not _is_idle(thread)]


@contextlib.contextmanager
def dying(threads: Collection[threading.Thread]) -> Iterator[None]:
    """Wrap what makes threads fail; wait for them, and let nobody report how they fail: that was us."""
    hook = threading.excepthook
    threading.excepthook = lambda args: None if args.thread in threads else hook(args)
    try:
        yield
        end = time.monotonic() + _SECONDS_TO_DIE
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
    finally:
        threading.excepthook = hook


def describe(thread: threading.Thread) -> str:
    """Its name, and where it is now."""
    lines = [f"thread {thread.name!r}, now at:"]
    lines += [f"    {place}" for place in places_of_thread(thread) or ["(it has ended)"]]
    return "\n".join(lines)


def _is_idle(thread: threading.Thread) -> bool:
    """Whether it is a worker of a pool that waits for work."""
    frame: FrameType | None = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - the only view into another thread
    while frame is not None and frame.f_code.co_filename.endswith(_PARKING):
        frame = frame.f_back
    return frame is None or any(part in frame.f_code.co_filename for part in _WAITING)
