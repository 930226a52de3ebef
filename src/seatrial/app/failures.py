"""Exceptions raised inside the application, kept with their own tracebacks."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.app.origin import CURRENT

if TYPE_CHECKING:
    from types import TracebackType

    from seatrial.app.origin import Origin

# How frameworks say that the client has gone; no failure of the application.
_DEPARTURES = ("WebSocketDisconnect", "ClientDisconnect", "ClientDisconnected")
# How drivers say that a session was ended behind their backs.
_SESSION_ENDED = (
    "terminating connection due to administrator command",
    "connection is closed",
    "connection already closed",
    "connection was closed in the middle of operation",
)
_OWN_PACKAGE = __name__.rpartition(".")[0]
_ABOUT_SESSIONS = (
    "\nEvery test has a database of its own behind the same address, and the sessions of the one before end. "
    "Pools of SQLAlchemy, asyncpg, psycopg, psycopg2 and Django connect again by themselves; "
    "a connection kept outside of them does not.\n"
    "What to do: take it from a pool, or open it again when it is closed.\n"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class AppFailure:
    """One exception that was raised inside the application.

    Attributes:
        exception: the original exception, with its traceback.
        request: ``METHOD /path`` of the request it was raised for, if any.
    """

    exception: BaseException
    request: str | None

    def describe(self) -> str:
        """Return the request and the traceback, beginning at the application's own first frame."""
        frames = own_frames_cut(self.exception.__traceback__)
        text = "".join(traceback.format_exception(type(self.exception), self.exception, frames))
        if any(sign in text for sign in _SESSION_ENDED):
            text += _ABOUT_SESSIONS
        return f"While the application answered {self.request}:\n{text}" if self.request else text


class FailureLog:
    """Collects failures until somebody takes them.

    List operations are atomic, so threads of the application may record while a test takes.
    """

    def __init__(self) -> None:
        self._failures: list[AppFailure] = []

    def record(self, exception: BaseException, origin: Origin | None = None) -> None:
        """Keep an exception once, for the given request or the one the caller runs for."""
        if type(exception).__name__ in _DEPARTURES:
            return
        origin = origin or CURRENT.get()
        if origin is not None and origin.error is None:
            origin.error = exception
        if any(known.exception is exception for known in self._failures):
            return
        self._failures.append(AppFailure(exception=exception, request=origin.label if origin else None))

    def all(self) -> list[AppFailure]:
        """Return what was recorded and not yet taken, oldest first."""
        return list(self._failures)

    def take(self) -> list[AppFailure]:
        """Return what was recorded, oldest first, and forget it."""
        taken = list(self._failures)
        del self._failures[: len(taken)]
        return taken


def own_frames_cut(frames: TracebackType | None) -> TracebackType | None:
    """Return a traceback without the leading frames of seatrial and of the import system.

    If there are no others, it comes back whole.
    """
    rest = frames
    while rest is not None and _is_plumbing(rest.tb_frame.f_globals.get("__name__", "")):
        rest = rest.tb_next
    return rest or frames


def _is_plumbing(module: str) -> bool:
    return module.startswith((_OWN_PACKAGE, "importlib", "asyncio.", "_frozen_importlib"))
