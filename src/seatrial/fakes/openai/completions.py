"""The legacy completions: a text for a text."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from seatrial.fakes.openai import parameters, tokens, usage
from seatrial.fakes.openai.answering import Answer, answer
from seatrial.fakes.openai.asked import Asked
from seatrial.fakes.openai.refusals import Refused
from seatrial.fakes.openai.streaming import DONE, chunk, stream
from seatrial.fakes.request import Unserved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from starlette.responses import Response

    from seatrial.fakes.openai.speaker import Speaker
    from seatrial.fakes.request import Request

_LIMIT = 16
"""Tokens that a completion has where the request does not say how many."""


async def complete_text(fake: Speaker, request: Request, _named: str) -> Response:
    """Answer `POST /v1/completions`."""
    body = parameters.check(request.json, required=("model", "prompt"))
    lacking = parameters.lacking(body, parameters.COMPLETIONS)
    if lacking:
        raise Unserved(f"{request.method} {request.path} with {', '.join(lacking)}")
    prompts = _prompts(body, request)
    number = fake.next_number()
    answers = [
        answer(fake.script, _asked(body, prompt), mark=str(number))
        for prompt in prompts
        for _ in range(body.get("n") or 1)
    ]
    head = {
        "id": f"cmpl-{number}",
        "object": "text_completion",
        "created": int(time.time()),
        "model": body["model"],
        "system_fingerprint": "fp_seatrial",
    }
    spent = usage.of_chat(sum(map(tokens.count, prompts)), sum(said.tokens for said in answers))
    if body.get("stream"):
        return stream(_events(head, answers, spent if parameters.wants_usage(body) else None))
    choices = [_choice(index, said.text or "", said.finish) for index, said in enumerate(answers)]
    return JSONResponse({**head, "choices": choices, "usage": spent})


def _prompts(body: Mapping[str, Any], request: Request) -> list[str]:
    prompt = body["prompt"]
    prompts = [prompt] if isinstance(prompt, str) else prompt
    if not isinstance(prompts, list) or not prompts:
        raise Refused("Invalid 'prompt': expected a string or an array of strings.", param="prompt")
    if not all(isinstance(text, str) for text in prompts):
        raise Unserved(f"{request.method} {request.path} with a prompt of tokens")
    return prompts


def _asked(body: Mapping[str, Any], prompt: str) -> Asked:
    return Asked(
        model=body["model"],
        text=prompt,
        stop=parameters.read_stops(body),
        limit=body.get("max_tokens") or _LIMIT,
    )


def _events(
    head: Mapping[str, Any], answers: Sequence[Answer], spent: Mapping[str, Any] | None
) -> Iterator[str]:
    for index, said in enumerate(answers):
        for piece in tokens.pieces(said.text or ""):
            yield chunk({**head, "choices": [_choice(index, piece, None)]})
        yield chunk({**head, "choices": [_choice(index, "", said.finish)]})
    if spent is not None:
        yield chunk({**head, "choices": [], "usage": spent})
    yield DONE


def _choice(index: int, text: str, finish: str | None) -> dict[str, Any]:
    return {"index": index, "text": text, "logprobs": None, "finish_reason": finish}
