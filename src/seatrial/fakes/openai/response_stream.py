"""A response as the sequence of typed events that clients build it from again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.fakes.openai import tokens
from seatrial.fakes.openai.streaming import named, stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.responses import Response

    from seatrial.fakes.openai.response_items import Item

Event = dict[str, Any]

_KEYS = {"output_text": "text", "refusal": "refusal"}


def stream_response(response: Mapping[str, Any]) -> Response:
    """The finished response as a stream."""
    numbered = ({**event, "sequence_number": number} for number, event in enumerate(_events(response)))
    return stream(named(event) for event in numbered)


def _events(response: Mapping[str, Any]) -> Iterator[Event]:
    begun = {**response, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for index, item in enumerate(response["output"]):
        for event in _message(item) if item["type"] == "message" else _call(item):
            yield {**event, "output_index": index}
    yield {"type": f"response.{response['status']}", "response": response}


def _message(item: Item) -> Iterator[Event]:
    yield {
        "type": "response.output_item.added",
        "item": {**item, "status": "in_progress", "content": []},
    }
    for index, part in enumerate(item["content"]):
        for event in _part(part):
            yield {**event, "item_id": item["id"], "content_index": index}
    yield {"type": "response.output_item.done", "item": item}


def _part(part: Mapping[str, Any]) -> Iterator[Event]:
    kind = part["type"]
    key = _KEYS[kind]
    logprobs: dict[str, list[Any]] = {"logprobs": []} if kind == "output_text" else {}
    yield {"type": "response.content_part.added", "part": {**part, key: ""}}
    for piece in tokens.pieces(part[key]):
        yield {"type": f"response.{kind}.delta", "delta": piece, **logprobs}
    yield {"type": f"response.{kind}.done", key: part[key], **logprobs}
    yield {"type": "response.content_part.done", "part": part}


def _call(item: Item) -> Iterator[Event]:
    begun = {**item, "status": "in_progress", "arguments": ""}
    yield {"type": "response.output_item.added", "item": begun}
    event = "response.function_call_arguments"
    for piece in tokens.pieces(item["arguments"]):
        yield {"type": f"{event}.delta", "delta": piece, "item_id": item["id"]}
    yield {
        "type": f"{event}.done",
        "arguments": item["arguments"],
        "name": item["name"],
        "item_id": item["id"],
    }
    yield {"type": "response.output_item.done", "item": item}
