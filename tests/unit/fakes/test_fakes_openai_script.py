"""Scripted replies: what is refused at once, and which request gets which."""

from __future__ import annotations

import pytest

from seatrial.errors import FakeError
from seatrial.fakes.openai.fake import OpenAIFake


@pytest.fixture
def fake():
    return OpenAIFake()


WRONG = {
    "no text": lambda fake: fake.reply(),
    "a number": lambda fake: fake.reply(3),
    "a reason the service has not": lambda fake: fake.reply("x", finish_reason="stop"),
    "an empty when": lambda fake: fake.reply("x", when=""),
    "a model that is no text": lambda fake: fake.reply("x", model=3),
    "no json": lambda fake: fake.reply_json({1, 2}),
    "a number json lacks": lambda fake: fake.reply_json({"a": float("nan")}),
    "an empty refusal": lambda fake: fake.reply_refusal(""),
    "no calls": lambda fake: fake.reply_tool_calls(),
    "a call without arguments": lambda fake: fake.reply_tool_calls("get_weather"),
    "arguments that are a list": lambda fake: fake.reply_tool_call("get_weather", ["Oslo"]),
    "arguments json lacks": lambda fake: fake.reply_tool_call("get_weather", {"city": object()}),
    "a text that is none": lambda fake: fake.reply_tool_call("get_weather", {}, text=3),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_answered_is_refused_where_it_is_written(fake, case):
    with pytest.raises(FakeError) as refused:
        WRONG[case](fake)
    assert refused.value.code == "fakes.reply"
    assert fake.pending == ()


def test_what_is_left_is_told_as_it_was_written(fake):
    fake.reply("a")
    fake.reply_json({"b": 1})
    fake.reply_refusal("c")
    fake.reply_tool_call("d", {"e": 1})
    fake.fail(503)
    assert fake.pending == (
        "reply('a')",
        "reply_json({'b': 1})",
        "reply_refusal('c')",
        "a call of d({'e': 1})",
        "fail(503)",
    )
    fake.reset()
    assert fake.pending == ()


def test_the_first_reply_that_is_for_a_request_is_taken(fake):
    fake.reply("for o", model="o")
    fake.reply("about ships", when="ship")
    fake.reply("for anyone")

    def take(text, model):
        reply = fake.script.take(text=text, model=model)
        return reply and reply.text

    assert take("any ships?", "m") == "about ships"
    assert take("any ships?", "m") == "for anyone"
    assert take("any ships?", "m") is None
    assert take("any ships?", "o") == "for o"


@pytest.mark.parametrize("options", [{"api_key": ""}, {"api_key": 3}, {"key": "x"}])
def test_wrong_options_are_refused_without_showing_a_key(options):
    with pytest.raises(FakeError) as refused:
        OpenAIFake(options=options)
    assert refused.value.code == "fakes.options"
