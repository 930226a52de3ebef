"""The legacy completions."""

from __future__ import annotations

import openai
import pytest


def test_each_prompt_is_echoed_or_answered(fake, client):
    fake.reply("first answer")
    answer = client.completions.create(model="m", prompt=["one two", "three"])
    assert [choice.text for choice in answer.choices] == ["first answer", "three"]
    assert [choice.finish_reason for choice in answer.choices] == ["stop", "stop"]
    usage = answer.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (3, 3, 6)


def test_sixteen_tokens_are_the_limit_where_none_is_named(fake, client):
    words = [str(number) for number in range(20)]
    fake.reply(" ".join(words), " ".join(words))
    short = client.completions.create(model="m", prompt="count")
    assert (short.choices[0].text, short.choices[0].finish_reason) == (" ".join(words[:16]), "length")
    whole = client.completions.create(model="m", prompt="count", max_tokens=20)
    assert whole.choices[0].text.split() == words


def test_a_streamed_text_is_the_whole_text(fake, client):
    fake.reply("word by word")
    chunks = list(
        client.completions.create(model="m", prompt="x", stream=True, stream_options={"include_usage": True})
    )
    assert "".join(choice.text for chunk in chunks for choice in chunk.choices) == "word by word"
    assert chunks[-1].usage.total_tokens == 4


@pytest.mark.parametrize(
    ("more", "feature"),
    [({"suffix": "x"}, "suffix"), ({"echo": True}, "echo"), ({"prompt": [1, 2]}, "tokens")],
)
def test_what_it_lacks_is_501(client, more, feature):
    with pytest.raises(openai.InternalServerError, match=feature):
        client.completions.create(**{"model": "m", "prompt": "x", **more})


def test_a_prompt_that_is_none_is_refused(client):
    with pytest.raises(openai.BadRequestError, match="prompt"):
        client.completions.create(model="m", prompt=[])
    with pytest.raises(openai.BadRequestError, match="prompt"):
        client.completions.create(model="m", prompt=None)
