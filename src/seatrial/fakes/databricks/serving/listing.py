"""Which endpoints there are, and what they say about themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from seatrial.fakes.databricks.refusals import Refused, denied, missing

if TYPE_CHECKING:
    from starlette.responses import Response

    from seatrial.fakes.databricks.asking import Asking
    from seatrial.fakes.databricks.serving.endpoint import Endpoint


def list_endpoints(asking: Asking) -> Any:
    """`GET /api/2.0/serving-endpoints`: those that the caller may see."""
    seen = [one.json(detailed=False) for one in asking.state.endpoints.values() if may_query(asking, one)]
    return {"endpoints": seen} if seen else {}


def get_endpoint(asking: Asking) -> Any:
    """`GET /api/2.0/serving-endpoints/{name}`."""
    return find(asking, "View").json(detailed=True)


async def get_openapi(asking: Asking) -> Response:
    """`GET /api/2.0/serving-endpoints/{name}/openapi`: of a model of the team's own."""
    with asking.fake.space.lock:
        endpoint = find(asking, "View")
    if endpoint.openapi is None:
        raise Refused(
            f"The endpoint {endpoint.name} does not have an OpenAPI specification.",
            status=400,
            code="BAD_REQUEST",
        )
    return JSONResponse(dict(endpoint.openapi))


def find(asking: Asking, right: str) -> Endpoint:
    """The endpoint that the path names, if the caller may do this with it.

    Args:
        asking: the request.
        right: `View` or `Query`, for the message.

    Raises:
        Refused: it is not there, or they may not.
    """
    name = asking.params["name"]
    found = asking.state.endpoints.get(name)
    if found is None:
        raise missing(f"Endpoint with name '{name}'")
    if not may_query(asking, found):
        raise denied(f"User does not have permission '{right}' on Endpoint {name}")
    return found


def may_query(asking: Asking, endpoint: Endpoint) -> bool:
    """Whether the caller may see and query it."""
    allowed = endpoint.principals
    return allowed is None or asking.caller.admin or not allowed.isdisjoint(asking.caller.principals)
