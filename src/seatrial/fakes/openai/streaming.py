"""Answers in pieces: server-sent events as OpenAI frames them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import StreamingResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

DONE = "data: [DONE]\n\n"


def chunk(body: Any) -> str:
    """An event without a name, as chat completions send them."""
    return f"data: {json.dumps(body)}\n\n"


def named(body: dict[str, Any]) -> str:
    """An event named by its type, as responses send them."""
    return f"event: {body['type']}\n{chunk(body)}"


def stream(events: Iterable[str]) -> StreamingResponse:
    """The answer that sends these events one by one."""
    return StreamingResponse(_asynchronous(events), media_type="text/event-stream")


async def _asynchronous(events: Iterable[str]) -> AsyncIterator[str]:
    # Starlette would read a plain iterator in a pool of threads, one hop per event.
    for event in events:
        yield event
