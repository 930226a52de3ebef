"""A chat completion in chunks: role, text or refusal word by word, tool calls, the end, the usage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.fakes.openai import tokens
from seatrial.fakes.openai.streaming import DONE, chunk, stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from starlette.responses import Response

    from seatrial.fakes.openai.answering import Answer


def stream_chat(
    head: Mapping[str, Any], answers: Sequence[Answer], usage: Mapping[str, Any] | None
) -> Response:
    """The answers as a stream.

    Args:
        head: what every chunk begins with.
        answers: one for each choice.
        usage: sent at the end; None: nobody asked for it.
    """
    return stream(_events(head, answers, usage))


def _events(
    head: Mapping[str, Any], answers: Sequence[Answer], usage: Mapping[str, Any] | None
) -> Iterator[str]:
    # Who asked for the usage gets the key in every chunk, empty until the last.
    awaited = {} if usage is None else {"usage": None}
    for index, said in enumerate(answers):
        for delta in _deltas(said):
            yield chunk({**head, "choices": [_choice(index, delta)], **awaited})
        yield chunk({**head, "choices": [_choice(index, {}, finish=said.finish)], **awaited})
    if usage is not None:
        yield chunk({**head, "choices": [], "usage": usage})
    yield DONE


def _deltas(said: Answer) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": None if said.text is None else "", "refusal": None}
    if said.text is not None:
        for piece in tokens.pieces(said.text):
            yield {"content": piece}
    if said.refusal is not None:
        for piece in tokens.pieces(said.refusal):
            yield {"refusal": piece}
    for place, call in enumerate(said.calls):
        function = {"name": call.name, "arguments": ""}
        yield {"tool_calls": [{"index": place, "id": call.id, "type": "function", "function": function}]}
        for piece in tokens.pieces(call.arguments):
            yield {"tool_calls": [{"index": place, "function": {"arguments": piece}}]}


def _choice(index: int, delta: Mapping[str, Any], *, finish: str | None = None) -> dict[str, Any]:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
