"""What set a piece of application code going: a request, or a coroutine a test handed over."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio


class Origin:
    """Stands in the context of everything that runs on behalf of one request.

    Attributes:
        label: how messages name it, such as ``POST /orders``.
        error: the exception that ended it or that its framework swallowed.
        task: the task that answers it, where there is one.
    """

    def __init__(self, label: str) -> None:
        self.label = label
        self.error: BaseException | None = None
        self.task: asyncio.Task[Any] | None = None


CURRENT: ContextVar[Origin | None] = ContextVar("seatrial_origin", default=None)
