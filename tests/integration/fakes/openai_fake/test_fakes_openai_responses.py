"""The responses API: plain, continued, with tools and schemas, streamed, stored."""

from __future__ import annotations

import asyncio

import openai
import pytest
from pydantic import BaseModel

TOOLS = [
    {
        "type": "function",
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        "strict": False,
    }
]


class Person(BaseModel):
    name: str


def _counts(usage):
    return usage.input_tokens, usage.output_tokens, usage.total_tokens


def _create(client, given="tell me more", **more):
    return client.responses.create(**{"model": "m", "input": given, **more})


def test_a_plain_response_echoes_counts_and_repeats_the_request(client):
    response = _create(client, instructions="be brief", metadata={"a": "b"}, temperature=0.5)
    assert (response.status, response.output_text) == ("completed", "tell me more")
    assert _counts(response.usage) == (5, 3, 8)
    assert (response.instructions, response.metadata, response.temperature) == (
        "be brief",
        {"a": "b"},
        0.5,
    )
    assert (response.tool_choice, response.tools, response.parallel_tool_calls) == ("auto", [], True)


def test_a_list_of_items_is_read_like_a_text(client):
    items = [
        {"role": "developer", "content": "be brief"},
        {
            "role": "user",
            "content": [{"type": "input_text", "text": "what is"}, {"type": "input_text", "text": " it"}],
        },
        {"type": "message", "role": "assistant", "content": "a ship"},
        {"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]},
    ]
    response = _create(client, items)
    assert response.output_text == ""
    assert _counts(response.usage) == (2 + 3 + 2 + 85, 0, 92)


def test_a_response_continues_another_and_pays_for_it(fake, client):
    fake.reply("first answer")
    first = _create(client, "one", instructions="not carried over")
    second = _create(client, "two words", previous_response_id=first.id)
    assert second.previous_response_id == first.id
    assert _counts(second.usage) == (1 + 2 + 2, 2, 7)
    with pytest.raises(openai.BadRequestError, match="'resp_none' not found") as refused:
        _create(client, previous_response_id="resp_none")
    assert refused.value.code == "previous_response_not_found"


def test_a_tool_call_is_answered_and_then_a_text_follows(fake, client, problems):
    fake.reply_tool_calls(("get_weather", {"city": "Oslo"}), ("get_weather", {"city": "Rome"}))
    fake.reply("cold, and warm")
    first = _create(client, tools=TOOLS)
    calls = first.output
    assert [(call.type, call.name, call.arguments) for call in calls] == [
        ("function_call", "get_weather", '{"city": "Oslo"}'),
        ("function_call", "get_weather", '{"city": "Rome"}'),
    ]
    assert first.usage.output_tokens == 6
    outputs = [{"type": "function_call_output", "call_id": call.call_id, "output": "1 C"} for call in calls]
    second = _create(client, outputs, previous_response_id=first.id, tools=TOOLS)
    assert second.output_text == "cold, and warm"
    assert second.usage.input_tokens == first.usage.total_tokens + 4
    # Without the state on the server the client sends everything again.
    whole = [{"role": "user", "content": "tell me more"}, *[call.model_dump() for call in calls], *outputs]
    assert _create(client, whole, tools=TOOLS).usage.input_tokens == second.usage.input_tokens
    assert problems() == []


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([{"type": "function_call_output", "call_id": "c", "output": "x"}], "No tool call found .* c"),
        ([{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}], "No tool output .* c"),
        ([{"type": "function_call_output", "call_id": "c"}], r"'input\[0\].output'"),
        ([{"role": "user"}], r"'input\[0\].content'"),
        ([{"role": "robot", "content": "x"}], "Supported values are"),
        ([{"role": "user", "content": [{"type": "input_text"}]}], "string or array"),
        (["x"], "expected an object"),
        (3, "a string or array"),
    ],
)
def test_input_the_service_refuses_is_refused(client, items, reason):
    with pytest.raises(openai.BadRequestError, match=reason):
        _create(client, items)


def test_the_clients_parser_gets_its_model(fake, client, problems):
    fake.reply_json({"name": "Ada"})
    parsed = client.responses.parse(model="m", input="who", text_format=Person)
    assert parsed.output_parsed == Person(name="Ada")
    fake.reply_json({"name": "Ada"})
    with client.responses.stream(model="m", input="who", text_format=Person) as stream:
        stream.until_done()
        assert stream.get_final_response().output_parsed == Person(name="Ada")
    assert problems() == []
    fake.reply_json({"nome": "Ada"})
    with pytest.raises(openai.InternalServerError, match="'name' is a required property"):
        client.responses.parse(model="m", input="who", text_format=Person)
    assert "the schema 'Person' of text.format" in problems()[0]


def test_a_text_is_streamed_as_typed_events(fake, client):
    fake.reply("one two three")
    with client.responses.stream(model="m", input="who") as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert [event.type for event in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        *["response.output_text.delta"] * 3,
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert final.output_text == "one two three"
    assert final.usage.total_tokens == 4
    assert client.responses.retrieve(final.id).output_text == "one two three"


def test_calls_and_refusals_are_streamed(fake, client):
    fake.reply_tool_call("get_weather", {"city": "Oslo"}, text="one moment")
    with client.responses.stream(model="m", input="who", tools=TOOLS) as stream:
        kinds = [event.type for event in stream]
        message, call = stream.get_final_response().output
    assert message.content[0].text == "one moment"
    assert (call.name, call.arguments) == ("get_weather", '{"city": "Oslo"}')
    assert "response.function_call_arguments.done" in kinds
    fake.reply_refusal("I would rather not")
    events = list(_create(client, stream=True))
    deltas = [event.delta for event in events if event.type == "response.refusal.delta"]
    assert "".join(deltas) == "I would rather not"
    assert events[-1].response.output[0].content[0].refusal == "I would rather not"


def test_the_asynchronous_client_streams(fakes, fake):
    fake.reply("one two")

    async def stream():
        async with (
            openai.AsyncOpenAI(
                base_url=f"{fakes.url('openai')}/v1", api_key="k", max_retries=0, timeout=20
            ) as client,
            client.responses.stream(model="m", input="who") as events,
        ):
            return [event.delta async for event in events if event.type == "response.output_text.delta"]

    assert asyncio.run(stream()) == ["one ", "two"]


def test_an_answer_over_the_limit_is_incomplete(fake, client):
    words = " ".join(str(number) for number in range(20))
    fake.reply(words, words)
    cut = _create(client, max_output_tokens=16)
    assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert _counts(cut.usage) == (3, 16, 19)
    assert list(_create(client, max_output_tokens=16, stream=True))[-1].type == "response.incomplete"
    fake.reply("half", finish_reason="content_filter")
    assert _create(client).incomplete_details.reason == "content_filter"
    with pytest.raises(openai.BadRequestError, match="max_output_tokens"):
        _create(client, max_output_tokens=15)


def test_a_stored_response_is_found_until_it_is_deleted(fakes, client):
    response = _create(client)
    assert client.responses.retrieve(response.id) == response
    client.responses.delete(response.id)
    for gone in (response.id, _create(client, store=False).id):
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(gone)
        with pytest.raises(openai.NotFoundError):
            client.responses.delete(gone)
    last = _create(client)
    fakes.reset()
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(last.id)


def test_the_input_of_a_response_is_listed_in_pages(client):
    items = [{"role": "user", "content": f"item {number}"} for number in range(5)]
    response = _create(client, items)
    listed = client.responses.input_items.list(response.id, limit=2)
    assert [item.content[0].text for item in listed] == [f"item {number}" for number in (4, 3, 2, 1, 0)]
    upward = client.responses.input_items.list(response.id, order="asc", limit=2)
    assert ([item.content[0].text for item in upward.data], upward.has_more) == (["item 0", "item 1"], True)
    with pytest.raises(openai.BadRequestError, match="limit"):
        client.responses.input_items.list(response.id, limit=0)


@pytest.mark.parametrize(
    ("more", "feature"),
    [
        ({"background": True}, "background"),
        ({"conversation": "c"}, "conversation"),
        ({"include": ["reasoning.encrypted_content"]}, "include"),
        ({"tools": [{"type": "web_search"}]}, "a tool of the type web_search"),
        (
            {"tools": TOOLS, "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": []}},
            "allowed_tools",
        ),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "an item of the type item_reference"),
        ({"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, "of the type input_file"),
    ],
)
def test_what_it_lacks_is_501_and_never_ignored(fake, client, more, feature):
    with pytest.raises(openai.InternalServerError, match=feature):
        _create(client, **{"given": more.pop("input", "x"), **more})
    assert len(fake.unexpected) == 1


def test_retrieving_as_a_stream_is_501(fake, client):
    response = _create(client)
    with pytest.raises(openai.InternalServerError, match="with stream"):
        client.responses.retrieve(response.id, stream=True)
    assert len(fake.unexpected) == 1
