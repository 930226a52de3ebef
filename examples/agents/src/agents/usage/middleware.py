"""One row of usage for each request of a known caller."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agents.resources import resources_of
from agents.usage.recording import Measured, record

_log = logging.getLogger(__name__)


class UsageMiddleware:
    """Records a request just before the last part of its answer goes out.

    Whoever has the answer finds the request in the analytics. Requests that no tenant can be charged for
    (health, the API's description, whatever is 401) leave no row, so strangers cannot fill the table.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        # What an exception on its way to the server's error handler will be answered with.
        status, is_recorded = 500, False

        async def send_recorded(message: Message) -> None:
            nonlocal status, is_recorded
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body" and not message.get("more_body", False):
                is_recorded = True
                await _record(scope, status=status, started=started)
            await send(message)

        try:
            await self._app(scope, receive, send_recorded)
        finally:
            # A stream whose reader has left has no last part, and neither has an exception.
            if not is_recorded:
                await _record(scope, status=status, started=started)


async def _record(scope: Scope, *, status: int, started: float) -> None:
    state: Mapping[str, Any] = scope.get("state", {})
    principal = state.get("principal")
    if principal is None:
        return
    measured = Measured(
        tenant_id=principal.tenant_id,
        user_id=principal.user_id,
        request_id=state["request_id"],
        method=scope["method"],
        route=_template(scope),
        status=status,
        duration_ms=(time.perf_counter() - started) * 1000,
        answered=state.get("answered"),
    )
    try:
        await record(resources_of(Request(scope)).engine, measured)
    except (SQLAlchemyError, OSError):
        # The caller's work is done: it must not fail because it could not be counted.
        _log.exception("Usage of request %s was not recorded", measured.request_id)


def _template(scope: Scope) -> str:
    # FastAPI gives the path without the prefixes of the routers around it.
    route: str = scope["route"].path_format
    path: str = scope["path"]
    return path.removesuffix(route.format(**scope["path_params"])) + route
