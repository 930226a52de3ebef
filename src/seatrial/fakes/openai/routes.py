"""The routes of the OpenAI fake: which function answers a request, and who may ask."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from seatrial.fakes.openai import (
    chat,
    completions,
    embeddings,
    models,
    refusals,
    response_routes,
    responses,
)
from seatrial.fakes.openai.refusals import Forbidden, Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

    from seatrial.fakes.openai.fake import OpenAIFake
    from seatrial.fakes.request import Handler, Request

    Route = Callable[[OpenAIFake, Request, str], Awaitable[Response]]

_ROUTES: dict[tuple[str, str], Route] = {
    ("POST", "chat/completions"): chat.complete_chat,
    ("POST", "completions"): completions.complete_text,
    ("POST", "embeddings"): embeddings.embed,
    ("GET", "models"): models.list_models,
    ("GET", "models/*"): models.find_model,
    ("POST", "responses"): responses.create_response,
    ("GET", "responses/*"): response_routes.retrieve_response,
    ("DELETE", "responses/*"): response_routes.delete_response,
    ("GET", "responses/*/input_items"): response_routes.list_input_items,
}
# Azure names the model in the path; Databricks serves the same API below a path of its own.
_BASES = re.compile(r"/(?:v1|openai/v1|serving-endpoints|openai/deployments/(?P<model>[^/]+))/(?P<rest>.+)")
_NAMED = re.compile(r"(?P<kind>models|responses)/(?P<name>[^/]+)(?P<more>/\w+)?")


def find(fake: OpenAIFake, request: Request) -> Handler | None:
    """What answers this request; None for a route that the fake does not serve."""
    base = _BASES.fullmatch(request.path)
    if base is None:
        return None
    rest, name = base["rest"], ""
    named = _NAMED.fullmatch(rest)
    if named is not None:
        name, rest = named["name"], f"{named['kind']}/*{named['more'] or ''}"
    route = _ROUTES.get((request.method, rest))
    if route is None:
        return None
    return partial(_answer, fake, route, name, base["model"])


async def _answer(fake: OpenAIFake, route: Route, name: str, model: str | None, request: Request) -> Response:
    try:
        fake.check_key(request)
        return await route(fake, _with_model(request, model), name)
    except Refused as refused:
        return JSONResponse(refused.body(), refused.status)
    except Forbidden as forbidden:
        fake.note_problem(f"{forbidden} ({request.method} {request.path})")
        # Clients are told not to try again: they would meet the next reply.
        never_again = {"x-should-retry": "false"}
        return JSONResponse(refusals.error_body(str(forbidden), status=500), 500, never_again)


def _with_model(request: Request, model: str | None) -> Request:
    body: Any = request.json if model is not None else None
    if not isinstance(body, dict) or "model" in body:
        return request
    return replace(request, body=json.dumps({**body, "model": model}).encode())
