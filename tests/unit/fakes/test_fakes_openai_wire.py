"""Bodies of the OpenAI fake: counts that add up, pieces that join to the whole."""

from __future__ import annotations

import json

import pytest

from seatrial.fakes.openai import wire

MESSAGES = [
    {"role": "system", "content": "be brief"},
    {"role": "user", "content": [{"type": "text", "text": "how are "}, {"type": "text", "text": "you"}]},
    {"role": "assistant", "content": None},
]


def test_tokens_are_words_and_add_up():
    assert wire.usage(MESSAGES, "very well, thanks") == {
        "prompt_tokens": 5,
        "completion_tokens": 3,
        "total_tokens": 8,
    }


def test_the_last_user_text_is_found_among_other_roles():
    assert wire.last_user_text(MESSAGES) == "how are you"
    assert wire.last_user_text([{"role": "system", "content": "alone"}]) == ""


@pytest.mark.parametrize("text", ["one", "two words", "  lead and trail \n", "", "   ", "tab\tand\n\nbreaks"])
def test_streamed_pieces_join_to_exactly_the_text(text):
    request = {"model": "m", "messages": MESSAGES, "stream_options": {"include_usage": True}}
    events = list(wire.completion_events(request, text, number=1))
    assert events[-1] == "data: [DONE]\n\n"
    bodies = [json.loads(event.removeprefix("data: ")) for event in events[:-1]]
    pieces = [choice["delta"].get("content", "") for body in bodies for choice in body["choices"]]
    assert "".join(pieces) == text
    assert bodies[-1]["choices"] == []
    assert bodies[-1]["usage"] == wire.usage(MESSAGES, text)


def test_usage_is_streamed_only_when_asked_for():
    events = list(wire.completion_events({"model": "m", "messages": MESSAGES}, "x", number=1))
    assert not any("usage" in event for event in events)
