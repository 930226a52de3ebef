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


def _folders(*names: str) -> tuple[str, ...]:
    return tuple({path + os.sep for name in names if (path := sysconfig.get_path(name))})


_INSTALLED = _folders("purelib", "platlib")
_LIBRARIES = (*_INSTALLED, *_folders("stdlib", "platstdlib"))


def trace_of_caller() -> Trace:
    """Remember how the caller was reached; a few microseconds, since lines are not looked up yet."""
    frames = _frames(sys._getframe(1))  # noqa: SLF001 - the documented way without building a whole stack
    return tuple((frame.f_code, frame.f_lasti) for frame, _ in zip(frames, range(_DEEPEST), strict=False))


def trace_of_frames(frames: Iterable[FrameType]) -> Trace:
    """The same of frames that somebody else found, innermost first."""
    return tuple((frame.f_code, frame.f_lasti) for frame in frames)


def places(trace: Trace, *, libraries: bool = True) -> list[str]:
    """The project's own lines of a trace as ``file:line function``, innermost first.

    Where there are none (the application is an installed package), the nearest line of each installed
    package, or else of Python itself, unless libraries are not wanted.
    """
    found = [entry for entry in trace if _is_of_the_project(entry[0].co_filename)]
    if not found and libraries:
        foreign = [entry for entry in trace if not entry[0].co_filename.startswith(_OURS)]
        found = _of_packages(foreign) or foreign
    return [f"{code.co_filename}:{_line(code, offset)} {code.co_name}" for code, offset in found[:_SHOWN]]


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


def _of_packages(trace: Iterable[tuple[CodeType, int]]) -> list[tuple[CodeType, int]]:
    """One entry for each package: a client calls itself many times before one sees who called it."""
    nearest: dict[str, tuple[CodeType, int]] = {}
    for entry in trace:
        file = entry[0].co_filename
        if folder := next((folder for folder in _INSTALLED if file.startswith(folder)), None):
            nearest.setdefault(file[len(folder) :].partition(os.sep)[0], entry)
    return list(nearest.values())


def _line(code: CodeType, offset: int) -> int:
    lines = (line for start, end, line in code.co_lines() if start <= offset < end and line is not None)
    return next(lines, code.co_firstlineno)
