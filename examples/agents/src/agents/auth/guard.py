"""Routes that decide who may call them before they look at the request's body."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from agents.auth.principal import Principal, resolve
from agents.errors import ApiError
from agents.resources import resources_of
from agents.roles import Role

# Only says in the OpenAPI document that a token is required; the route itself checks it.
documented_bearer = Depends(HTTPBearer(auto_error=False, bearerFormat="JWT"))

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def requires(role: Role) -> type[APIRoute]:
    """A route class for callers who have at least `role`.

    A dependency would come too late: FastAPI parses the body before it calls one, so a caller
    who may not use the operation at all would be told what is wrong with the body.
    """

    class GuardedRoute(APIRoute):
        def get_route_handler(self) -> _Handler:
            handle = super().get_route_handler()

            async def guarded(request: Request) -> Response:
                principal = await _authenticate(request)
                request.state.principal = principal
                if not principal.role.includes(role):
                    raise ApiError(403, "FORBIDDEN", f"This operation requires the role {role.value}.")
                return await handle(request)

            return guarded

    return GuardedRoute


async def _authenticate(request: Request) -> Principal:
    resources = resources_of(request)
    claims = await resources.tokens.verify(request.headers.get("authorization"))
    async with resources.sessions() as session:
        return await resolve(session, claims)


async def _caller(request: Request) -> Principal:
    principal: Principal = request.state.principal
    return principal


Caller = Annotated[Principal, Depends(_caller)]
