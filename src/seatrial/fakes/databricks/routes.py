"""The routes of the workspace: which function answers a request, and who may ask."""

from __future__ import annotations

import inspect
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from seatrial.fakes.databricks import connections, instances
from seatrial.fakes.databricks.asking import Asking
from seatrial.fakes.databricks.people import account, oauth
from seatrial.fakes.databricks.people.sign_in import sign_in
from seatrial.fakes.databricks.refusals import Refused, invalid
from seatrial.fakes.databricks.serving import invoking, listing
from seatrial.fakes.databricks.statements import execution, links, sessions, warehouse
from seatrial.fakes.databricks.unity import permissions, reading, writing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

    from seatrial.fakes.databricks.fake import DatabricksFake
    from seatrial.fakes.request import Handler, Request

    Open = Callable[[DatabricksFake, Request], Awaitable[Response]]
    Route = Callable[[Asking], Any]

_UNITY = "/api/2.1/unity-catalog"
_SQL = "/api/2.0/sql"
_SERVING = "/api/2.0/serving-endpoints"
_SCIM = "/api/2.0/preview/scim/v2/Me"

DISCOVERY = "/.well-known/databricks-config"
OPEN: dict[tuple[str, str], Open] = {
    ("GET", DISCOVERY): oauth.describe_host,
    ("GET", "/oidc/.well-known/oauth-authorization-server"): oauth.describe_issuer,
    ("POST", "/oidc/v1/token"): oauth.issue_token,
    ("GET", f"{links.PATH}/{{id}}/{{index}}"): links.fetch,
}
"""Method and path -> what answers without a token."""

ROUTES: dict[tuple[str, str], Route] = {
    ("GET", _SCIM): account.me,
    ("GET", "/api/2.0/token/list"): account.list_tokens,
    ("POST", "/api/2.0/token/create"): account.create_token,
    ("POST", "/api/2.0/token/delete"): account.delete_token,
    ("GET", f"{_UNITY}/catalogs"): reading.list_catalogs,
    ("POST", f"{_UNITY}/catalogs"): writing.create_catalog,
    ("GET", f"{_UNITY}/catalogs/{{name}}"): reading.get_catalog,
    ("PATCH", f"{_UNITY}/catalogs/{{name}}"): writing.change,
    ("DELETE", f"{_UNITY}/catalogs/{{name}}"): writing.delete,
    ("GET", f"{_UNITY}/schemas"): reading.list_schemas,
    ("POST", f"{_UNITY}/schemas"): writing.create_schema,
    ("GET", f"{_UNITY}/schemas/{{name}}"): reading.get_schema,
    ("PATCH", f"{_UNITY}/schemas/{{name}}"): writing.change,
    ("DELETE", f"{_UNITY}/schemas/{{name}}"): writing.delete,
    ("GET", f"{_UNITY}/tables"): reading.list_tables,
    ("GET", f"{_UNITY}/tables/{{name}}"): reading.get_table,
    ("GET", f"{_UNITY}/tables/{{name}}/exists"): reading.table_exists,
    ("DELETE", f"{_UNITY}/tables/{{name}}"): writing.delete_table,
    ("GET", f"{_UNITY}/table-summaries"): reading.list_summaries,
    ("GET", f"{_UNITY}/permissions/{{type}}/{{name}}"): permissions.get,
    ("PATCH", f"{_UNITY}/permissions/{{type}}/{{name}}"): permissions.update,
    ("GET", f"{_UNITY}/effective-permissions/{{type}}/{{name}}"): permissions.get_effective,
    ("GET", f"{_SQL}/warehouses"): warehouse.list_warehouses,
    ("GET", f"{_SQL}/warehouses/{{id}}"): warehouse.get_warehouse,
    ("POST", f"{_SQL}/warehouses/{{id}}/start"): warehouse.start_warehouse,
    ("POST", f"{_SQL}/warehouses/{{id}}/stop"): warehouse.stop_warehouse,
    ("POST", f"{_SQL}/statements"): execution.execute,
    ("GET", f"{_SQL}/statements/{{id}}"): execution.get,
    ("GET", f"{_SQL}/statements/{{id}}/result/chunks/{{index}}"): execution.get_chunk,
    ("POST", f"{_SQL}/statements/{{id}}/cancel"): execution.cancel,
    ("DELETE", f"{_SQL}/statements/{{id}}"): execution.close,
    ("POST", f"{_SQL}/sessions"): sessions.open_session,
    ("DELETE", f"{_SQL}/sessions/{{id}}"): sessions.close_session,
    ("GET", _SERVING): listing.list_endpoints,
    ("GET", f"{_SERVING}/{{name}}"): listing.get_endpoint,
    ("GET", f"{_SERVING}/{{name}}/openapi"): listing.get_openapi,
    ("POST", "/serving-endpoints/{name}/invocations"): invoking.invoke,
    ("POST", "/serving-endpoints/chat/completions"): invoking.chats,
    ("POST", "/serving-endpoints/completions"): invoking.completes,
    ("POST", "/serving-endpoints/embeddings"): invoking.embeds,
    ("GET", "/api/2.0/database/instances"): instances.list_instances,
    ("GET", "/api/2.0/database/instances/{name}"): instances.get_instance,
    ("POST", "/api/2.0/database/credentials"): instances.issue_credential,
    ("POST", "/api/2.0/postgres/credentials"): instances.issue_endpoint_credential,
    ("POST", "/api/2.0/external-function"): connections.call_external,
}
"""Method and path -> what answers whoever is signed in."""


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)
    return re.compile(
        "".join(f"(?P<{part}>[^/]+)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
    )


_OPEN = [(method, _pattern(path), route) for (method, path), route in OPEN.items()]
_SIGNED = [(method, _pattern(path), route) for (method, path), route in ROUTES.items()]


def find(fake: DatabricksFake, request: Request) -> Handler | None:
    """What answers this request; None for a route that the fake does not serve."""
    for method, pattern, opened in _OPEN:
        if method == request.method and pattern.fullmatch(request.path):
            return partial(opened, fake)
    for method, pattern, route in _SIGNED:
        match = pattern.fullmatch(request.path)
        if method == request.method and match is not None:
            return partial(_answer, fake, route, match.groupdict())
    return None


def endpoint_of(request: Request) -> str | None:
    """The name of the serving endpoint that this request is to invoke, if it is such a request."""
    if request.method != "POST" or not request.path.startswith("/serving-endpoints/"):
        return None
    match = re.fullmatch(r"/serving-endpoints/([^/]+)/invocations", request.path)
    if match:
        return match[1]
    body = request.json
    return str(body.get("model")) if isinstance(body, dict) else None


async def _answer(fake: DatabricksFake, route: Route, params: dict[str, str], request: Request) -> Response:
    try:
        with fake.space.lock:
            caller, token = sign_in(fake.space.state, request)
            asking = Asking(
                fake=fake, request=request, caller=caller, token=token, params=params, body=_body(request)
            )
            # Those that wait let go of the lock meanwhile.
            answered = route(asking)
        if inspect.isawaitable(answered):
            response: Response = await answered
            return response
    except Refused as refused:
        return JSONResponse(refused.body(), refused.status)
    headers = {"x-databricks-org-id": str(fake.space.id)} if request.path == _SCIM else None
    return JSONResponse(answered, headers=headers)


def _body(request: Request) -> dict[str, Any]:
    if not request.body:
        return {}
    body = request.json
    if not isinstance(body, dict):
        raise invalid("Could not parse request object: expected a JSON object")
    return body
