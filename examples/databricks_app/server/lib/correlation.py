"""Every request has a correlation id: the caller's, if it sent a well-formed one, else a new one."""

import re
from contextvars import ContextVar
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Correlation-ID"

# Log records and the workspace's own logs carry it, so nothing in it may end a line.
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,128}")

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="-")
"""Of the request that is being served; "-" outside of any."""


class CorrelationMiddleware:
    """Sets the id for whatever serves the request, and returns it as a header."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = Headers(scope=scope).get(HEADER, "")
        own = sent if _WELL_FORMED.fullmatch(sent) else str(uuid4())
        # Never put back: the error handler runs outside of this middleware, in the same context.
        correlation_id.set(own)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = own
            await send(message)

        await self._app(scope, receive, send_with_id)
