"""Chat completions beyond the plain answer: ends, limits, choices, counts, and what is not served."""

from __future__ import annotations

import asyncio
import threading

import httpx2
import openai
import pytest

ASK = [{"role": "user", "content": "tell me more"}]


def _ask(client, **more):
    return client.chat.completions.create(**{"model": "m", "messages": ASK, **more})


def _counts(usage):
    return usage.prompt_tokens, usage.completion_tokens, usage.total_tokens


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
def test_an_answer_over_the_limit_is_cut_and_says_so(fake, client, limit):
    fake.reply("one two three four", "one two")
    cut, whole = _ask(client, **{limit: 2}), _ask(client, **{limit: 2})
    assert (cut.choices[0].message.content, cut.choices[0].finish_reason) == ("one two", "length")
    assert _counts(cut.usage) == (3, 2, 5)
    assert (whole.choices[0].message.content, whole.choices[0].finish_reason) == ("one two", "stop")


def test_the_newer_limit_wins(fake, client):
    fake.reply("one two three")
    assert _ask(client, max_tokens=9, max_completion_tokens=1).choices[0].message.content == "one"


def test_a_tool_call_over_the_limit_is_broken_off(fake, client):
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    fake.reply_tool_calls(("f", {"a": 1}), ("f", {"b": 2}))
    choice = _ask(client, tools=tools, max_tokens=2).choices[0]
    assert choice.finish_reason == "length"
    assert [call.function.arguments for call in choice.message.tool_calls] == ['{"a":']


def test_the_first_stop_sequence_ends_the_answer_and_is_not_sent(fake, client):
    fake.reply("one, two; three")
    choice = _ask(client, stop=[";", ","]).choices[0]
    assert (choice.message.content, choice.finish_reason) == ("one", "stop")
    fake.reply("one, two; three")
    stream = _ask(client, stop="; ", stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "one, two"


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_an_early_end_can_be_scripted(fake, client, reason):
    fake.reply("half a", finish_reason=reason)
    assert _ask(client).choices[0].finish_reason == reason
    fake.reply("half a", finish_reason=reason)
    assert list(_ask(client, stream=True))[-1].choices[0].finish_reason == reason


def test_each_choice_takes_a_reply_of_its_own(fake, client):
    fake.reply("first one", "second")
    answer = _ask(client, n=3)
    texts = [choice.message.content for choice in answer.choices]
    assert texts == ["first one", "second", "tell me more"]
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert _counts(answer.usage) == (3, 2 + 1 + 3, 9)
    fake.reply("first one", "second")
    streamed = {0: "", 1: ""}
    for chunk in _ask(client, n=2, stream=True):
        for choice in chunk.choices:
            streamed[choice.index] += choice.delta.content or ""
    assert streamed == {0: "first one", 1: "second"}


def test_every_part_of_a_prompt_is_counted(client):
    parts = [
        {"type": "text", "text": "what is this"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "text", "text": " here"},
    ]
    messages = [
        {"role": "developer", "content": "be brief"},
        {"role": "assistant", "content": None, "refusal": "not now"},
        {"role": "user", "content": parts},
    ]
    answer = _ask(client, messages=messages)
    assert answer.choices[0].message.content == "what is this here"
    assert _counts(answer.usage) == (2 + 2 + 4 + 85, 4, 97)


def test_the_details_of_the_usage_are_there(client):
    usage = _ask(client).usage
    assert usage.prompt_tokens_details.cached_tokens == 0
    assert usage.completion_tokens_details.reasoning_tokens == 0


def test_a_stream_has_the_usage_in_its_last_chunk_and_only_if_asked(client):
    chunks = list(_ask(client, stream=True, stream_options={"include_usage": True}))
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert (chunks[-1].choices, _counts(chunks[-1].usage)) == ([], (3, 3, 6))
    assert all("usage" in chunk.model_fields_set for chunk in chunks)
    assert not any("usage" in chunk.model_fields_set for chunk in _ask(client, stream=True))
    with pytest.raises(openai.BadRequestError, match="only allowed when 'stream'"):
        _ask(client, stream_options={"include_usage": True})


def test_what_changes_nothing_is_accepted(fake, client, problems):
    neutral = {"temperature": 0, "top_p": 1, "seed": 7, "user": "u", "metadata": {"a": "b"}, "store": False}
    neutral |= {"logprobs": False, "modalities": ["text"], "service_tier": "auto", "presence_penalty": 1}
    assert _ask(client, **neutral).choices[0].message.content == "tell me more"
    assert problems() == []


LACKING = {
    "logprobs": {"logprobs": True, "top_logprobs": 2},
    "audio": {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}},
    "functions": {"functions": [{"name": "f"}]},
    "web_search_options": {"web_search_options": {"search_context_size": "low"}},
    "thinking_budget": {"extra_body": {"thinking_budget": 3}},
    "content of the type input_audio": {
        "messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]
    },
}


@pytest.mark.parametrize("feature", LACKING)
def test_a_feature_the_fake_lacks_is_501_and_never_ignored(fake, client, feature):
    with pytest.raises(openai.InternalServerError, match=feature):
        _ask(client, **LACKING[feature])
    (unexpected,) = fake.unexpected
    assert unexpected.startswith("POST /v1/chat/completions with ")
    assert feature in unexpected


REFUSED = {
    "'temperature': expected a value": {"temperature": 2.5},
    "'temperature': expected a decimal": {"temperature": "hot"},
    "'n': expected a value": {"n": 0},
    "'max_tokens': expected a value": {"max_tokens": 0},
    "'max_tokens': expected an integer": {"max_tokens": 1.5},
    "'stop'": {"stop": ["a", "b", "c", "d", "e"]},
    "Supported values are": {"messages": [{"role": "robot", "content": "x"}]},
    "expected a string, got null": {"messages": [{"role": "user", "content": None}]},
    "string or array": {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
    "'messages': empty array": {"messages": []},
    "model": {"model": ""},
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_the_service_refuses_is_refused_in_its_form(fake, client, problems, reason):
    fake.reply("kept for the next request")
    with pytest.raises(openai.BadRequestError, match=reason) as refused:
        _ask(client, **REFUSED[reason])
    assert refused.value.type == "invalid_request_error"
    assert fake.pending == ("reply('kept for the next request')",)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"model": "m"}', b"{"])
def test_a_body_that_is_none_is_refused(fakes, body):
    url = f"{fakes.url('openai')}/v1/chat/completions"
    answer = httpx2.post(url, content=body, headers={"authorization": "Bearer k"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


def test_a_request_without_a_key_is_refused(fakes):
    url = f"{fakes.url('openai')}/v1/models"
    for headers in ({}, {"authorization": "Bearer"}, {"authorization": "Basic a"}):
        answer = httpx2.get(url, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


def test_replies_meant_for_one_question_wait_for_it(fake, fakes):
    questions = [f"about topic-{number}." for number in range(12)]
    for question in questions:
        fake.reply(f"answer {question}", when=question)
    fake.reply("for the other model", model="o")

    async def ask_all():
        async with openai.AsyncOpenAI(
            base_url=f"{fakes.url('openai')}/v1", api_key="k", max_retries=0, timeout=20
        ) as client:
            asked = [
                client.chat.completions.create(model="m", messages=[{"role": "user", "content": question}])
                for question in reversed(questions)
            ]
            return [answer.choices[0].message.content for answer in await asyncio.gather(*asked)]

    assert asyncio.run(ask_all()) == [f"answer {question}" for question in reversed(questions)]
    assert fake.pending == ("reply('for the other model')",)


def test_threads_that_stream_at_once_get_whole_answers(fake, client):
    texts = [f"answer {number} in several words" for number in range(8)]
    fake.reply(*texts)
    got = []

    def stream():
        chunks = _ask(client, stream=True)
        got.append("".join(chunk.choices[0].delta.content or "" for chunk in chunks))

    threads = [threading.Thread(target=stream) for _ in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(got) == texts


def test_a_reset_forgets_replies_and_starts_the_ids_again(fakes, fake, client):
    assert _ask(client).id == "chatcmpl-1"
    fake.reply("of another test")
    fakes.reset()
    answer = _ask(client)
    assert (answer.id, answer.choices[0].message.content) == ("chatcmpl-1", "tell me more")


def test_azure_and_databricks_paths_are_served(fakes, fake, problems):
    url = fakes.url("openai")
    with openai.AzureOpenAI(azure_endpoint=url, api_key="k", api_version="2024-10-21") as azure:
        assert _ask(azure, model="mine").model == "mine"
    key = {"api-key": "k"}
    bare = httpx2.post(f"{url}/openai/deployments/mine/chat/completions", json={"messages": ASK}, headers=key)
    assert bare.json()["model"] == "mine"
    with openai.OpenAI(base_url=f"{url}/serving-endpoints", api_key="k") as databricks:
        assert _ask(databricks).choices[0].message.content == "tell me more"
    assert problems() == []
    assert [call.path for call in fake.calls()] == [
        "/openai/deployments/mine/chat/completions",
        "/openai/deployments/mine/chat/completions",
        "/serving-endpoints/chat/completions",
    ]
