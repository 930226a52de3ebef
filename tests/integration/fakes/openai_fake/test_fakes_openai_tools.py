"""Tool calls: several at once, whole and streamed, answered, and never what the request forbids."""

from __future__ import annotations

import json

import openai
import pytest

ASK = [{"role": "user", "content": "weather and time in Oslo"}]
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


def _tool(name, *, strict=False, parameters=SCHEMA):
    return {"type": "function", "function": {"name": name, "parameters": parameters, "strict": strict}}


TOOLS = [_tool("get_weather"), _tool("get_time", strict=True)]
BOTH = (("get_weather", {"city": "Oslo"}), ("get_time", {"city": "Oslo"}))


def test_two_calls_at_once_are_answered_and_then_a_text_follows(fake, client, problems):
    fake.reply_tool_calls(*BOTH, text="one moment")
    fake.reply("cold and late")
    first = client.chat.completions.create(model="m", messages=ASK, tools=TOOLS)
    (choice,) = first.choices
    assert (choice.finish_reason, choice.message.content) == ("tool_calls", "one moment")
    calls = choice.message.tool_calls
    assert [(call.function.name, json.loads(call.function.arguments)) for call in calls] == list(BOTH)
    assert len({call.id for call in calls}) == 2
    # "one moment", and for each call its name and the two words of {"city": "Oslo"}
    assert first.usage.completion_tokens == 2 + 2 * 3
    answers = [{"role": "tool", "tool_call_id": call.id, "content": "ok"} for call in calls]
    told = [*ASK, choice.message.model_dump(exclude_none=True), *answers]
    second = client.chat.completions.create(model="m", messages=told, tools=TOOLS)
    assert second.choices[0].message.content == "cold and late"
    assert second.usage.prompt_tokens == first.usage.total_tokens + 2
    assert problems() == []


def test_streamed_calls_are_put_together_by_the_client(fake, client):
    fake.reply_tool_calls(*BOTH)
    with client.chat.completions.stream(
        model="m", messages=ASK, tools=TOOLS, stream_options={"include_usage": True}
    ) as stream:
        kinds = [event.type for event in stream]
        whole = stream.get_final_completion()
    assert kinds.count("tool_calls.function.arguments.done") == 2
    assert kinds.count("tool_calls.function.arguments.delta") > 2
    calls = whole.choices[0].message.tool_calls
    assert [(call.function.name, json.loads(call.function.arguments)) for call in calls] == list(BOTH)
    assert whole.choices[0].finish_reason == "tool_calls"
    assert whole.usage.completion_tokens == 2 * 3


def test_arguments_given_as_text_arrive_as_they_are(fake, client, problems):
    fake.reply_tool_call("get_weather", '{"city": ')
    answer = client.chat.completions.create(model="m", messages=ASK, tools=TOOLS)
    assert answer.choices[0].message.tool_calls[0].function.arguments == '{"city": '
    assert problems() == []


FORBIDDEN = {
    "a tool that is not offered": (
        ("get_tide", {"city": "Oslo"}),
        {"tools": TOOLS},
        "offers the tools: get_",
    ),
    "no tools at all": (("get_time", {"city": "Oslo"}), {}, "offers the tools: none"),
    "arguments of another form": (("get_time", {"town": "Oslo"}), {"tools": TOOLS}, "'city' is a required"),
    "arguments for a tool without": (
        ("now", {"city": "Oslo"}),
        {"tools": [{"type": "function", "function": {"name": "now"}}]},
        "expected to be empty",
    ),
    "another tool than demanded": (
        ("get_time", {"city": "Oslo"}),
        {"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
        "demands 'get_weather'",
    ),
    "no tool is wanted": (("get_time", {"city": "Oslo"}), {"tools": TOOLS, "tool_choice": "none"}, "'none'"),
}


@pytest.mark.parametrize("case", FORBIDDEN)
def test_a_call_the_request_forbids_fails_the_test(fake, client, case, problems):
    call, request, reason = FORBIDDEN[case]
    fake.reply_tool_call(*call)
    with pytest.raises(openai.InternalServerError, match=reason):
        client.with_options(max_retries=3).chat.completions.create(model="m", messages=ASK, **request)
    (problem,) = problems()
    assert reason in problem
    assert "POST /v1/chat/completions" in problem
    fake.assert_called(times=1, attempts=1)


def test_several_calls_where_one_at_a_time_is_asked_for_fail_the_test(fake, client):
    fake.reply_tool_calls(*BOTH)
    with pytest.raises(openai.InternalServerError, match="parallel_tool_calls is false"):
        client.chat.completions.create(model="m", messages=ASK, tools=TOOLS, parallel_tool_calls=False)


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "get_time"}}])
def test_a_text_where_a_call_is_demanded_fails_the_test(fake, client, choice, problems):
    with pytest.raises(openai.InternalServerError, match="demands a call of"):
        client.chat.completions.create(model="m", messages=ASK, tools=TOOLS, tool_choice=choice)
    assert "no reply was scripted" in problems()[0]
    fake.reply_refusal("no")
    answer = client.chat.completions.create(model="m", messages=ASK, tools=TOOLS, tool_choice=choice)
    assert answer.choices[0].message.refusal == "no"


CALLING = {"role": "assistant", "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f"}}]}
ALSO_CALLING = {**CALLING, "tool_calls": [*CALLING["tool_calls"], {**CALLING["tool_calls"][0], "id": "c2"}]}
REFUSED = {
    "one answer to two calls": (
        [*ASK, ALSO_CALLING, {"role": "tool", "tool_call_id": "c1", "content": "x"}],
        "response messages: c2",
    ),
    "an answer without its call": (
        [*ASK, {"role": "tool", "tool_call_id": "c1", "content": "x"}],
        "preceeding",
    ),
    "a call without its answer": ([*ASK, CALLING], "response messages: c1"),
    "a call answered too late": ([*ASK, CALLING, *ASK], "response messages: c1"),
    "an answer to nothing in particular": ([*ASK, CALLING, {"role": "tool", "content": "x"}], "tool_call_id"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_calls_and_answers_out_of_order_are_refused(fake, client, case, problems):
    messages, reason = REFUSED[case]
    with pytest.raises(openai.BadRequestError, match=reason):
        client.chat.completions.create(model="m", messages=messages, tools=TOOLS)
    assert problems() == []


WRONG = {
    "a name with a space": ([_tool("get weather")], "matches the pattern"),
    "no schema": ([_tool("f", parameters={"type": 3})], "Invalid schema for function 'f'"),
    "not strict": (
        [_tool("f", strict=True, parameters={"type": "object"})],
        "'additionalProperties' is required",
    ),
    "no function": ([{"type": "function"}], "Missing required parameter"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_definitions_are_refused(client, case):
    tools, reason = WRONG[case]
    with pytest.raises(openai.BadRequestError, match=reason):
        client.chat.completions.create(model="m", messages=ASK, tools=tools)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({"tool_choice": "auto"}, "only allowed when 'tools'"),
        ({"tools": TOOLS, "tool_choice": "perhaps"}, "perhaps"),
        ({"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "f"}}}, "'f' not found"),
    ],
)
def test_a_choice_of_nothing_is_refused(client, request_, reason):
    with pytest.raises(openai.BadRequestError, match=reason):
        client.chat.completions.create(model="m", messages=ASK, **request_)


def test_other_kinds_of_tools_are_501(fake, client):
    with pytest.raises(openai.InternalServerError, match="a tool of the type custom"):
        client.chat.completions.create(
            model="m", messages=ASK, tools=[{"type": "custom", "custom": {"name": "f"}}]
        )
    assert len(fake.unexpected) == 1
