"""Threads that a test started and that live on after it."""

from __future__ import annotations

import concurrent.futures.thread
import contextlib
import os
import queue
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
# Workers of pools live on, and do nothing as long as they wait here for work.
_EXECUTORS_WAIT = concurrent.futures.thread._worker.__code__  # noqa: SLF001 - where they wait
_ANYIO = f"{os.sep}anyio{os.sep}_backends{os.sep}"
_QUEUE = (queue.__file__, threading.__file__)


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
    """Whether it is a worker of a pool that waits for work; one that has hardly started is not."""
    frame: FrameType | None = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - the only view into another thread
    if frame is None or frame.f_code is _EXECUTORS_WAIT:
        return frame is not None
    waits_for_queue = False
    while frame is not None and frame.f_code.co_filename in _QUEUE:
        waits_for_queue = frame.f_code.co_filename == queue.__file__
        frame = frame.f_back
    return waits_for_queue and frame is not None and _ANYIO in frame.f_code.co_filename
