"""The OpenAI fake believed by the real client, sync and async, plain and streamed."""

from __future__ import annotations

import asyncio
import threading

import openai
import pytest

from seatrial.fakes import Fakes

ASK = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "how are you"}]


@pytest.fixture(scope="module")
def running():
    fakes = Fakes({"openai": {}})
    fakes.start()
    yield fakes
    fakes.stop()


@pytest.fixture
def fakes(running):
    running.reset()
    return running


@pytest.fixture
def client(fakes):
    with openai.OpenAI(
        base_url=f"{fakes.url('openai')}/v1", api_key="k", max_retries=0, timeout=20
    ) as client:
        yield client


def test_a_plain_answer_echoes_and_counts(fakes, client):
    answer = client.chat.completions.create(model="gpt-4o-mini", messages=ASK)
    assert answer.choices[0].message.content == "how are you"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "gpt-4o-mini"
    usage = answer.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (5, 3, 8)
    (call,) = fakes.openai.calls()
    assert (call.method, call.path) == ("POST", "/v1/chat/completions")
    assert call.json == {"model": "gpt-4o-mini", "messages": ASK}


def test_replies_are_consumed_in_order_then_the_echo_returns(fakes, client):
    fakes.openai.reply("first", "second")
    texts = [
        client.chat.completions.create(model="m", messages=ASK).choices[0].message.content for _ in range(3)
    ]
    assert texts == ["first", "second", "how are you"]
    fakes.openai.assert_called(times=3)


def test_a_streamed_answer_arrives_in_pieces_with_usage(fakes, client):
    fakes.openai.reply("word by word")
    stream = client.chat.completions.create(
        model="m", messages=ASK, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    pieces = [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content]
    assert pieces == ["word ", "by ", "word"]
    assert chunks[-1].usage.total_tokens == 5 + 3
    assert {chunk.id for chunk in chunks} == {"chatcmpl-1"}


def test_models_are_listed(client):
    listed = [model.id for model in client.models.list()]
    assert {"gpt-4o", "gpt-4o-mini", "text-embedding-3-small"} <= set(listed)
    assert [client.models.retrieve(name).id for name in listed] == listed
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        client.models.retrieve("gpt-0")


async def _asynchronous_exchange(url):
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0, timeout=20) as client:
        plain = await client.chat.completions.create(model="m", messages=ASK)
        stream = await client.chat.completions.create(model="m", messages=ASK, stream=True)
        pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
        return plain.choices[0].message.content, "".join(pieces)


def test_the_asynchronous_client_gets_both(fakes):
    fakes.openai.reply("plain", "streamed text")
    assert asyncio.run(_asynchronous_exchange(fakes.url("openai"))) == ("plain", "streamed text")


def test_a_scripted_failure_is_the_clients_own_error_with_its_header(fakes, client):
    fakes.openai.fail(429, retry_after=7)
    with pytest.raises(openai.RateLimitError) as refused:
        client.chat.completions.create(model="m", messages=ASK)
    assert refused.value.response.headers["retry-after"] == "7"
    assert client.chat.completions.create(model="m", messages=ASK).choices


def test_a_retrying_client_gets_through_and_every_attempt_is_recorded(fakes, client):
    fakes.openai.fail(503, times=2, retry_after=0.001)
    patient = client.with_options(max_retries=2)
    assert patient.chat.completions.create(model="m", messages=ASK).choices
    fakes.openai.assert_called(times=1, attempts=3)
    (call,) = fakes.openai.calls()
    assert [attempt.status for attempt in call.attempts] == [503, 503, 200]


def test_a_call_that_hangs_meets_the_clients_timeout(fakes, client):
    fakes.openai.hang()
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.2).chat.completions.create(model="m", messages=ASK)
    assert fakes.openai.pending == ()
    fakes.openai.assert_called(times=1)


def test_a_late_answer_arrives_for_a_client_that_waits(fakes, client):
    fakes.openai.delay(0.3)
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.1).chat.completions.create(model="m", messages=ASK)
    fakes.openai.delay(0.3)
    assert client.chat.completions.create(model="m", messages=ASK).choices


def test_a_reset_lets_go_of_a_call_that_hangs(fakes, client):
    fakes.openai.hang()
    raised = []

    def call():
        try:
            client.chat.completions.create(model="m", messages=ASK)
        except openai.OpenAIError as error:
            raised.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    while caller.is_alive() and (not fakes.openai.calls() or fakes.openai.pending):
        caller.join(0.001)
    fakes.reset()
    caller.join(20)
    assert [error.status_code for error in raised] == [503]


def test_a_route_the_fake_lacks_is_501_and_reported(fakes, client):
    with pytest.raises(openai.InternalServerError) as refused:
        client.moderations.create(model="m", input="x")
    assert refused.value.status_code == 501
    assert "POST /v1/moderations" in str(refused.value)
    assert fakes.openai.unexpected == ("POST /v1/moderations",)


@pytest.mark.parametrize("messages", [[], ["hello"], [{"content": "no role"}]])
def test_a_malformed_request_is_refused_as_the_service_does(fakes, client, messages):
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="m", messages=messages)
    assert fakes.openai.unexpected == ()


def test_sixteen_threads_get_one_scripted_reply_each(fakes, client):
    expected = [f"reply {n}" for n in range(16)]
    fakes.openai.reply(*expected)
    got = []

    def call():
        got.append(client.chat.completions.create(model="m", messages=ASK).choices[0].message.content)

    threads = [threading.Thread(target=call) for _ in expected]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(got) == sorted(expected)
    fakes.openai.assert_called(times=16)


def test_a_client_that_connects_before_the_start_is_served_once_it_runs():
    late = Fakes({"openai": {}})
    url = late.url("openai")
    listed = []

    def call():
        with openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0, timeout=20) as client:
            listed.extend(client.models.list())

    caller = threading.Thread(target=call)
    caller.start()
    try:
        late.start()
        caller.join(20)
        assert "gpt-4o" in {model.id for model in listed}
    finally:
        late.stop()
