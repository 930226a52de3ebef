"""Chat completions: from the request to the answer, whole or in pieces."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from seatrial.fakes.openai import messages, parameters, tokens, usage
from seatrial.fakes.openai.answering import Answer, answer
from seatrial.fakes.openai.asked import Asked
from seatrial.fakes.openai.chat_stream import stream_chat
from seatrial.fakes.openai.formats import read_format
from seatrial.fakes.openai.tools import nested, read_choice, read_tools
from seatrial.fakes.request import Unserved

if TYPE_CHECKING:
    from starlette.responses import Response

    from seatrial.fakes.openai.speaker import Speaker
    from seatrial.fakes.request import Request


async def complete_chat(fake: Speaker, request: Request, _named: str) -> Response:
    """Answer `POST /v1/chat/completions`."""
    body = parameters.check(request.json, required=("model", "messages"))
    asked = _read(body, request)
    number = fake.next_number()
    answers = [answer(fake.script, asked, mark=f"{number}_{index}") for index in range(body.get("n") or 1)]
    head = {
        "id": f"chatcmpl-{number}",
        "created": int(time.time()),
        "model": asked.model,
        "service_tier": "default",
        "system_fingerprint": "fp_seatrial",
    }
    spent = usage.of_chat(_prompt_tokens(body), sum(said.tokens for said in answers))
    if body.get("stream"):
        head["object"] = "chat.completion.chunk"
        return stream_chat(head, answers, spent if parameters.wants_usage(body) else None)
    choices = [_choice(index, said) for index, said in enumerate(answers)]
    return JSONResponse({**head, "object": "chat.completion", "choices": choices, "usage": spent})


def _read(body: dict[str, Any], request: Request) -> Asked:
    told = messages.check_messages(body["messages"])
    tools, lacking_tools = read_tools(body, function=nested)
    choice, lacking_choice = read_choice(body, tools, function=nested)
    lacking = [*parameters.lacking(body, parameters.CHAT), *lacking_tools, *lacking_choice]
    lacking += messages.lacking_parts(told)
    if lacking:
        raise Unserved(f"{request.method} {request.path} with {', '.join(lacking)}")
    return Asked(
        model=body["model"],
        text=messages.last_user_text(told),
        tools=tools,
        tool_choice=choice,
        parallel=body.get("parallel_tool_calls") is not False,
        format=read_format(
            body.get("response_format"),
            param="response_format",
            nested=True,
            prompt=messages.prompt_text(told),
        ),
        stop=parameters.read_stops(body),
        limit=body.get("max_completion_tokens") or body.get("max_tokens"),
    )


def _prompt_tokens(body: dict[str, Any]) -> int:
    schema = (body.get("response_format") or {}).get("json_schema")
    defined = tokens.count_definitions(body.get("tools")) + tokens.count_definitions(schema)
    return messages.count(body["messages"]) + defined


def _choice(index: int, said: Answer) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": said.text,
        "refusal": said.refusal,
        "annotations": [],
    }
    if said.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in said.calls
        ]
    return {"index": index, "message": message, "logprobs": None, "finish_reason": said.finish}
