"""The routes of the OpenAI fake, over Starlette's responses."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, StreamingResponse

from seatrial.fakes.openai import wire
from seatrial.fakes.request import Request, Unserved

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.responses import Response

    from seatrial.fakes.openai.fake import OpenAIFake
    from seatrial.fakes.request import Handler

# Asked for and silently ignored, these would make a test green that production fails.
_LACKING = ("tools", "functions", "response_format", "audio", "modalities")


def find(fake: OpenAIFake, request: Request) -> Handler | None:
    """What answers this request; None for a route that the fake does not serve."""
    handler = _ROUTES.get((request.method, request.path))
    return partial(_authorized, fake, handler) if handler is not None else None


async def _authorized(fake: OpenAIFake, handler: Any, request: Request) -> Response:
    if not request.headers.get("authorization", "").startswith("Bearer "):
        return _invalid(401, "You didn't provide an API key.", code="invalid_api_key")
    response: Response = await handler(fake, request)
    return response


async def _chat(fake: OpenAIFake, request: Request) -> Response:
    body = request.json
    problem = _problem(body)
    if problem is not None:
        return _invalid(400, problem)
    lacking = [name for name in _LACKING if body.get(name)]
    if body.get("n", 1) != 1:
        lacking.append("n")
    if lacking:
        raise Unserved(f"POST /v1/chat/completions with {', '.join(lacking)}")
    number, text = fake.next_answer(wire.last_user_text(body["messages"]))
    if body.get("stream"):
        events = wire.completion_events(body, text, number=number)
        return StreamingResponse(_asynchronous(events), media_type="text/event-stream")
    return JSONResponse(wire.completion(body, text, number=number))


async def _models(_fake: OpenAIFake, _request: Request) -> Response:
    return JSONResponse(wire.models())


_ROUTES = {("POST", "/v1/chat/completions"): _chat, ("GET", "/v1/models"): _models}


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


def _invalid(status: int, message: str, *, code: str | None = None) -> Response:
    return JSONResponse(wire.error(message, status=status, code=code), status)
