"""The responses API: from the request to the response, whole or in typed events."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from seatrial.fakes.openai import parameters, response_items as items, tokens, usage
from seatrial.fakes.openai.answering import Answer, answer
from seatrial.fakes.openai.asked import Asked
from seatrial.fakes.openai.formats import read_format
from seatrial.fakes.openai.refusals import Refused
from seatrial.fakes.openai.response_store import Stored
from seatrial.fakes.openai.response_stream import stream_response
from seatrial.fakes.openai.tools import flat, read_choice, read_tools
from seatrial.fakes.request import Unserved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from seatrial.fakes.openai.fake import OpenAIFake
    from seatrial.fakes.openai.response_items import Item
    from seatrial.fakes.request import Request

_REASONS = {"length": "max_output_tokens", "content_filter": "content_filter"}


async def create_response(fake: OpenAIFake, request: Request, _named: str) -> Response:
    """Answer `POST /v1/responses`."""
    body = parameters.check(request.json, required=("model", "input"))
    number = fake.next_number()
    given, lacking = items.read_items(body["input"], mark=str(number))
    context = [*_before(fake, body), *given]
    asked = _read(body, context, request, lacking)
    items.check_calls(context)
    said = answer(fake.script, asked, mark=str(number))
    output = _output(said, number=number)
    response = {
        **_head(body, number=number),
        "status": "incomplete" if said.finish in _REASONS else "completed",
        "incomplete_details": {"reason": _REASONS[said.finish]} if said.finish in _REASONS else None,
        "output": output,
        "usage": usage.of_response(_input_tokens(body, context), said.tokens),
    }
    if response["store"]:
        fake.responses.add(Stored(body=response, given=given, context=[*context, *output]))
    return stream_response(response) if body.get("stream") else JSONResponse(response)


def _before(fake: OpenAIFake, body: Mapping[str, Any]) -> list[Item]:
    previous = body.get("previous_response_id")
    if previous is None:
        return []
    stored = fake.responses.find(str(previous))
    if stored is None:
        raise Refused(
            f"Previous response with id '{previous}' not found.",
            param="previous_response_id",
            code="previous_response_not_found",
        )
    return stored.context


def _read(body: Mapping[str, Any], context: Sequence[Item], request: Request, lacking: list[str]) -> Asked:
    tools, lacking_tools = read_tools(body, function=flat)
    choice, lacking_choice = read_choice(body, tools, function=flat)
    lacking = [*parameters.lacking(body, parameters.RESPONSES), *lacking, *lacking_tools, *lacking_choice]
    if lacking:
        raise Unserved(f"{request.method} {request.path} with {', '.join(lacking)}")
    prompt = "\n".join([str(body.get("instructions") or ""), *map(items.text_of, context)])
    return Asked(
        model=body["model"],
        text=items.last_user_text(context),
        tools=tools,
        tool_choice=choice,
        parallel=body.get("parallel_tool_calls") is not False,
        format=read_format(_format(body), param="text.format", nested=False, prompt=prompt),
        limit=body.get("max_output_tokens"),
    )


def _format(body: Mapping[str, Any]) -> Any:
    text = body.get("text")
    return text.get("format") if isinstance(text, dict) else None


def _input_tokens(body: Mapping[str, Any], context: Sequence[Item]) -> int:
    schema = (_format(body) or {}).get("schema")
    defined = tokens.count_definitions(body.get("tools")) + tokens.count_definitions(schema)
    return items.count(context) + tokens.count(str(body.get("instructions") or "")) + defined


def _output(said: Answer, *, number: int) -> list[Item]:
    content: list[dict[str, Any]] = []
    if said.text is not None:
        content.append({"type": "output_text", "text": said.text, "annotations": [], "logprobs": []})
    if said.refusal is not None:
        content.append({"type": "refusal", "refusal": said.refusal})
    status = "incomplete" if said.finish in _REASONS else "completed"
    message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "status": status}
    calls = [
        {
            "id": f"fc_{number}_{place}",
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments,
            "status": status,
        }
        for place, call in enumerate(said.calls)
    ]
    return [*([{**message, "content": content}] if content else []), *calls]


def _head(body: Mapping[str, Any], *, number: int) -> dict[str, Any]:
    """What a response repeats of its request, with the service's defaults."""
    defaults: dict[str, Any] = {
        "instructions": None,
        "max_output_tokens": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "store": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "user": None,
    }
    told = {name: default if body.get(name) is None else body[name] for name, default in defaults.items()}
    return {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": int(time.time()),
        "model": body["model"],
        "background": False,
        "error": None,
        "reasoning": {"effort": None, "summary": None, **(body.get("reasoning") or {})},
        "service_tier": "default",
        "text": {"format": {"type": "text"}, **(body.get("text") or {})},
        **told,
    }
