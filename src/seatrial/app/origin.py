"""What set a piece of application code going: a request, or a coroutine a test handed over."""

from __future__ import annotations

import itertools
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

_numbers = itertools.count(1)


class Caller(Protocol):
    """Is told what the application does for it, from any thread."""

    def begun(self, what: object) -> None:
        """A task or a job in a thread has begun."""

    def ended(self, what: object) -> None:
        """It is over."""


CALLER: ContextVar[Caller | None] = ContextVar("seatrial_caller", default=None)
"""For whom somebody calls the application, which has a context of its own: this is taken along."""


class Origin:
    """Stands in the context of everything that runs on behalf of one request.

    Attributes:
        label: how messages name it, such as ``POST /orders``.
        error: the exception that ended it or that its framework swallowed.
        task: the task that answers it, where there is one.
        scope: the ASGI scope or WSGI environment of a request, as frameworks fill it in; else None.
        route: the template of its path, where that has to be noted before the framework forgets it.
        number: tells it from all others of this process.
        caller: what the caller has set `CALLER` to; None for a request that came over a socket.
    """

    def __init__(self, label: str, *, scope: Mapping[str, Any] | None = None) -> None:
        self.label = label
        self.scope = scope
        self.route: str | None = None
        self.number = next(_numbers)
        self.caller = CALLER.get()
        self.error: BaseException | None = None
        self.task: asyncio.Task[Any] | None = None


CURRENT: ContextVar[Origin | None] = ContextVar("seatrial_origin", default=None)

ORIGIN = "seatrial.origin"
"""The extension by which a request that was answered in process leads to its origin."""
