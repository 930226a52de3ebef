"""Streams that a client leaves open, breaks off or loses."""

from __future__ import annotations

import logging
import threading

import openai
import pytest

from seatrial.fakes import Fakes

ASK = [{"role": "user", "content": "hello"}]
LONG = "word " * 100_000
"""More than the buffers between two sockets hold, once each word is an event of its own."""


def _stream(client):
    return client.chat.completions.create(model="m", messages=ASK, stream=True)


def test_a_stream_left_open_is_named_and_the_next_test_is_served(fakes, fake, client):
    fake.reply(LONG)
    left = _stream(client)
    assert next(left).choices[0].delta.role == "assistant"
    (problem,) = fakes.problems(grace=0.05)
    assert "answer to POST /v1/chat/completions was neither read to its end nor closed" in problem
    fakes.reset()
    assert fakes.problems() == []
    answer = client.chat.completions.create(model="m", messages=ASK)
    assert answer.choices[0].message.content == "hello"
    left.close()
    assert fakes.problems(grace=10) == []


def test_a_stream_that_is_closed_early_is_no_problem(fakes, fake, client):
    fake.reply(LONG)
    with _stream(client) as left:
        next(left)
    assert fakes.problems(grace=10) == []
    (call,) = fake.calls()
    assert call.attempts[0].broken
    # It was not made to its end for nobody: an event has some 200 bytes.
    assert 0 < len(call.answer) < 100_000 * 200


def test_a_stop_ends_a_stream_that_is_left_open(caplog):
    others = set(threading.enumerate())
    fakes = Fakes({"openai": {}})
    fakes.start()
    fakes.openai.reply(LONG)
    with openai.OpenAI(base_url=f"{fakes.url('openai')}/v1", api_key="k", max_retries=0) as client:
        left = _stream(client)
        next(left)
        fakes.stop()
        with pytest.raises(openai.APIConnectionError):
            list(left)
    assert set(threading.enumerate()) <= others
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("method", ["drop_connection", "reset_connection"])
def test_a_stream_that_breaks_is_the_clients_own_error(fakes, fake, client, method):
    getattr(fake, method)(after=600)
    fake.reply("word by word until the connection breaks")
    chunks = iter(_stream(client))
    assert next(chunks).choices[0].delta.role == "assistant"
    with pytest.raises(openai.APIConnectionError):
        list(chunks)
    assert fakes.problems(grace=10) == []
