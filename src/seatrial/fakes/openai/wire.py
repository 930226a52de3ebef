"""Bodies as OpenAI's HTTP API sends them.

Token counts follow one rule everywhere: a token is a word, that is, a run of characters without
white space. They are deterministic and add up (prompt + completion = total); they are not the
counts of a real tokenizer.
"""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MODELS = ("gpt-4o", "gpt-4o-mini")

_SERVER_ERROR = 500
_KINDS = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
    501: "not_implemented",
}
_WORD_AND_SPACE = re.compile(r"\s*\S+\s*")


def text_of(content: Any) -> str:
    """The text of a message's content, which is a string or a list of parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = [part["text"] for part in content if isinstance(part, dict) and part.get("type") == "text"]
    return "".join(str(part) for part in parts)


def last_user_text(messages: Sequence[Any]) -> str:
    """The text of the last message of role user; empty without one."""
    texts = [text_of(message.get("content")) for message in messages if message.get("role") == "user"]
    return texts[-1] if texts else ""


def usage(messages: Sequence[Any], answer: str) -> dict[str, int]:
    """The usage block of one exchange, in tokens."""
    prompt = sum(len(text_of(message.get("content")).split()) for message in messages)
    completion = len(answer.split())
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def completion(request: dict[str, Any], answer: str, *, number: int) -> dict[str, Any]:
    """The whole answer of a chat completion."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": answer, "refusal": None},
        "logprobs": None,
        "finish_reason": "stop",
    }
    return {
        **_head(request, number=number, kind="chat.completion"),
        "choices": [choice],
        "usage": usage(request["messages"], answer),
    }


def completion_events(request: dict[str, Any], answer: str, *, number: int) -> Iterator[str]:
    """The same answer as server-sent events, one word at a time."""
    head = _head(request, number=number, kind="chat.completion.chunk")
    yield _event({**head, "choices": [_delta({"role": "assistant", "content": ""})]})
    # White space alone has no word to travel with.
    for piece in _WORD_AND_SPACE.findall(answer) or [answer]:
        yield _event({**head, "choices": [_delta({"content": piece})]})
    yield _event({**head, "choices": [_delta({}, finish_reason="stop")]})
    if (request.get("stream_options") or {}).get("include_usage"):
        yield _event({**head, "choices": [], "usage": usage(request["messages"], answer)})
    yield "data: [DONE]\n\n"


def models() -> dict[str, Any]:
    """The list of models; a chat completion accepts any name."""
    data = [{"id": name, "object": "model", "created": 0, "owned_by": "seatrial"} for name in MODELS]
    return {"object": "list", "data": data}


def error(message: str, *, status: int, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """An error body; its type follows the status, as OpenAI's does."""
    return {
        "error": {
            "message": message,
            "type": _KINDS.get(status) or _kind(status),
            "param": param,
            "code": code,
        }
    }


def _kind(status: int) -> str:
    return "server_error" if status >= _SERVER_ERROR else "invalid_request_error"


def _head(request: dict[str, Any], *, number: int, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{number}",
        "object": kind,
        "created": int(time.time()),
        "model": request["model"],
    }


def _delta(delta: dict[str, Any], *, finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def _event(body: dict[str, Any]) -> str:
    return f"data: {json.dumps(body)}\n\n"
