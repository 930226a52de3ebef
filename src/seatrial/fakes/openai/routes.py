"""The routes of the OpenAI fake, over Starlette."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from seatrial.fakes.journal import Call
from seatrial.fakes.openai import wire
from seatrial.fakes.script import Delay, FaultQueue, Refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from seatrial.fakes.openai.fake import OpenAIFake

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
# Asked for and silently ignored, these would make a test green that production fails.
_LACKING = ("tools", "functions", "response_format", "audio", "modalities")


def build(fake: OpenAIFake, *, faults: FaultQueue) -> ASGIApp:
    """The application behind `fake`; faults strike calls of known routes only, before they are looked at."""
    known = {("POST", "/v1/chat/completions"): _chat, ("GET", "/v1/models"): _models}

    async def answer(request: Request) -> Response:
        body = _decode(await request.body())
        call = Call(method=request.method, path=request.url.path, json=body)
        fake.record(call)
        handler = known.get((call.method, call.path))
        if handler is None:
            return _lacks(fake, f"{call.method} {call.path}")
        struck = await _meet(faults)
        if struck is not None:
            return struck
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return _invalid(401, "You didn't provide an API key.", code="invalid_api_key")
        return await handler(fake, body)

    return Starlette(routes=[Route("/{path:path}", answer, methods=_METHODS)])


async def _meet(faults: FaultQueue) -> Response | None:
    match faults.take():
        case Refusal(status=status, retry_after=retry_after):
            headers = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}
            return JSONResponse(
                wire.error(f"scripted failure {status}", kind="server_error"), status, headers
            )
        case Delay(seconds=None):
            await faults.hold()
            return JSONResponse(wire.error("the test is over", kind="server_error"), 503)
        case Delay(seconds=float() | int() as seconds):
            await asyncio.sleep(seconds)
    return None


async def _chat(fake: OpenAIFake, body: Any) -> Response:
    problem = _problem(body)
    if problem is not None:
        return _invalid(400, problem)
    lacking = [name for name in _LACKING if body.get(name)]
    if body.get("n", 1) != 1:
        lacking.append("n")
    if lacking:
        return _lacks(fake, f"POST /v1/chat/completions with {', '.join(lacking)}")
    number, text = fake.next_answer(wire.last_user_text(body["messages"]))
    if body.get("stream"):
        events = wire.completion_events(body, text, number=number)
        return StreamingResponse(_asynchronous(events), media_type="text/event-stream")
    return JSONResponse(wire.completion(body, text, number=number))


async def _models(_fake: OpenAIFake, _body: Any) -> Response:
    return JSONResponse(wire.models())


async def _asynchronous(events: Iterator[str]) -> AsyncIterator[str]:
    # Starlette would read a plain iterator in a pool of threads, one hop per event.
    for event in events:
        yield event


def _problem(body: Any) -> str | None:
    if not isinstance(body, dict):
        return "The request body is not a JSON object."
    if not isinstance(body.get("model"), str) or not body["model"]:
        return "Missing required parameter: 'model'."
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "Missing required parameter: 'messages'."
    if not all(isinstance(message, dict) and isinstance(message.get("role"), str) for message in messages):
        return "Invalid type for 'messages': each is an object with a role."
    return None


def _decode(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None


def _invalid(status: int, message: str, *, code: str | None = None) -> Response:
    return JSONResponse(wire.error(message, kind="invalid_request_error", code=code), status)


def _lacks(fake: OpenAIFake, what: str) -> Response:
    fake.record_unexpected(what)
    message = f"the openai fake does not serve {what}"
    return JSONResponse(wire.error(message, kind="not_implemented", code="unexpected_call"), 501)
