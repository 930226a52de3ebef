"""Connections of Unity Catalog to services elsewhere, called by way of the workspace: external functions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from seatrial.fakes.databricks.refusals import Refused, invalid, lacking, missing
from seatrial.fakes.http.answers import from_result
from seatrial.fakes.threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seatrial.fakes.databricks.asking import Asking

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """What the workspace would ask the service behind a connection."""

    method: str
    path: str
    headers: Mapping[str, str]
    params: Mapping[str, str]
    json: Any


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A connection, and what stands in for the service behind it."""

    name: str
    owner: str
    answer: Callable[[Outgoing], Any]


async def call_external(asking: Asking) -> Response:
    """`POST /api/2.0/external-function`: the answer of the service is the answer, status and body."""
    name = asking.body.get("connection_name")
    with asking.fake.space.lock:
        found = asking.state.connections.get(str(name))
        if found is None:
            raise missing(f"Connection '{name}'", code="CONNECTION_DOES_NOT_EXIST")
        allowed = asking.state.grants.allows(f"connection:{name}", asking.caller.principals, "USE_CONNECTION")
        if not (allowed or asking.caller.admin or found.owner in asking.caller.principals):
            raise lacking("USE_CONNECTION", "Connection", str(name))
    outgoing = _outgoing(asking)
    try:
        answer = from_result(await in_thread(found.answer, outgoing), status=200)
    except Exception as error:  # a function of a test: the test is told
        asking.fake.note_problem(f"the connection {name!r} raised {error!r}")
        raise Refused("the connection could not answer", status=500, code="INTERNAL_ERROR") from error
    return Response(answer.body, answer.status, dict(answer.headers))


def _outgoing(asking: Asking) -> Outgoing:
    method = asking.body.get("method")
    path = asking.body.get("path")
    if method not in _METHODS:
        raise invalid(f"method expects one of {', '.join(_METHODS)}, found {method!r}")
    if not isinstance(path, str):
        raise invalid("Missing required field: path")
    return Outgoing(
        method=method,
        path=path,
        headers=_decoded(asking, "headers") or {},
        params=_decoded(asking, "params") or {},
        json=_decoded(asking, "json"),
    )


def _decoded(asking: Asking, name: str) -> Any:
    text = asking.body.get(name)
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, TypeError) as error:
        raise invalid(f"{name} expects JSON as a text") from error
