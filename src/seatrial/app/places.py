"""Where in the project something was done: remembered cheaply, spelled out only when somebody asks."""

from __future__ import annotations

import os
import sys
import sysconfig
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator
    from types import CodeType, FrameType

Trace: TypeAlias = tuple[tuple["CodeType", int], ...]
"""Code and offset of every frame, innermost first."""

_DEEPEST = 80
_SHOWN = 4
_OURS = os.path.dirname(os.path.dirname(__file__)) + os.sep  # noqa: PTH120 - compared with co_filename, a string
_LIBRARIES = tuple(
    {
        path + os.sep
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
        if (path := sysconfig.get_path(name))
    }
)


def trace_of_caller() -> Trace:
    """Remember how the caller was reached; a few microseconds, since lines are not looked up yet."""
    frames = _frames(sys._getframe(1))  # noqa: SLF001 - the documented way without building a whole stack
    return tuple((frame.f_code, frame.f_lasti) for frame, _ in zip(frames, range(_DEEPEST), strict=False))


def trace_of_frames(frames: Iterable[FrameType]) -> Trace:
    """The same of frames that somebody else found, innermost first."""
    return tuple((frame.f_code, frame.f_lasti) for frame in frames)


def places(trace: Trace, *, libraries: bool = True) -> list[str]:
    """The project's own lines of a trace as ``file:line function``, innermost first.

    Where there are none (the application is an installed package), the nearest lines of libraries, unless
    these are not wanted.
    """
    own = [entry for entry in trace if _is_of_the_project(entry[0].co_filename)]
    nearest = [entry for entry in trace if not entry[0].co_filename.startswith(_OURS)]
    return [
        f"{code.co_filename}:{_line(code, offset)} {code.co_name}"
        for code, offset in (own or nearest * libraries)[:_SHOWN]
    ]


def places_of_thread(thread: threading.Thread) -> list[str]:
    """Where another thread is now; nothing where it has ended."""
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - the only view into another thread
    return places(tuple((frame.f_code, frame.f_lasti) for frame in _stack(frame)))


def _frames(start: FrameType) -> Iterator[FrameType]:
    yield from _stack(start)
    # SQLAlchemy's asyncio support runs drivers in greenlets, each with a stack of its own.
    if (greenlet := sys.modules.get("greenlet")) is not None:
        parent = greenlet.getcurrent().parent
        while parent is not None:
            yield from _stack(parent.gr_frame)
            parent = parent.parent


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _is_of_the_project(file: str) -> bool:
    return not file.startswith((*_LIBRARIES, _OURS, "<"))


def _line(code: CodeType, offset: int) -> int:
    lines = (line for start, end, line in code.co_lines() if start <= offset < end and line is not None)
    return next(lines, code.co_firstlineno)
