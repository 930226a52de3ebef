"""Routes that know who calls before they look at what is asked."""

import re
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader

from server.lib.bodies import ShallowRequest
from server.lib.errors import ApiError
from server.lib.resources import resources_of
from server.lib.workspace import auth_invalid
from server.services.user_service import Caller, signed_in

HEADER = "X-Forwarded-Access-Token"

# Only says in the OpenAPI document what is required; the route itself checks it.
documented_token = Depends(APIKeyHeader(name=HEADER, auto_error=False))

# Nothing else can be sent as a header, so it cannot be a token either.
_WELL_FORMED = re.compile(r"[!-~]+")

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def on_behalf(*, invalid_body: str = "INVALID_REQUEST") -> type[APIRoute]:
    """A route class for signed-in callers; a body that cannot be accepted is refused with this code.

    A dependency would come too late: FastAPI parses the body before it calls one, so a stranger would be
    told what is wrong with it.
    """

    class OnBehalfRoute(APIRoute):
        def get_route_handler(self) -> _Handler:
            handle = super().get_route_handler()

            async def guarded(request: Request) -> Response:
                token = _token(request)
                request.state.caller = await signed_in(resources_of(request).workspace, token)
                return await handle(ShallowRequest(request.scope, request.receive))

            return guarded

    OnBehalfRoute.invalid_body = invalid_body  # type: ignore[attr-defined]  # read by the error handler
    return OnBehalfRoute


def _token(request: Request) -> str:
    token = request.headers.get(HEADER)
    if not token:
        raise ApiError(401, "AUTH_MISSING", f"The header {HEADER} is required.")
    if not _WELL_FORMED.fullmatch(token):
        raise auth_invalid()
    return token


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


SignedIn = Annotated[Caller, Depends(_caller)]
