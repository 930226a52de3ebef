"""Answers in JSON: parsed by the client, and never what the request's schema forbids."""

from __future__ import annotations

import re
import socket

import openai
import pytest
from pydantic import BaseModel

ASK = [{"role": "user", "content": "who is it, in json"}]


class Person(BaseModel):
    name: str
    children: list[Person]


ADA = {"name": "Ada", "children": [{"name": "Byron", "children": []}]}


def test_the_clients_parser_gets_its_model(fake, client, problems):
    fake.reply_json(ADA)
    parsed = client.chat.completions.parse(model="m", messages=ASK, response_format=Person)
    assert parsed.choices[0].message.parsed == Person(**ADA)
    fake.reply_json(ADA)
    with client.chat.completions.stream(model="m", messages=ASK, response_format=Person) as stream:
        assert stream.get_final_completion().choices[0].message.parsed == Person(**ADA)
    assert problems() == []


def test_the_schema_costs_tokens(fake, client):
    fake.reply_json(ADA)
    plain = client.chat.completions.create(model="m", messages=ASK)
    fake.reply_json(ADA)
    parsed = client.chat.completions.parse(model="m", messages=ASK, response_format=Person)
    assert parsed.usage.prompt_tokens > plain.usage.prompt_tokens == 5
    assert parsed.usage.completion_tokens == plain.usage.completion_tokens == 7


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"name": "Ada"}, r"\$: 'children' is a required property"),
        ({"name": "Ada", "children": [{"name": 3, "children": []}]}, r"\$\.children\[0\]\.name: 3 is not"),
        ({**ADA, "born": 1815}, "Additional properties are not allowed"),
    ],
)
def test_a_reply_the_schema_forbids_fails_the_test(fake, client, value, reason, problems):
    fake.reply_json(value)
    with pytest.raises(openai.InternalServerError, match=reason):
        client.with_options(max_retries=2).chat.completions.parse(
            model="m", messages=ASK, response_format=Person
        )
    (problem,) = problems()
    assert "reply_json" in problem
    assert "the schema 'Person'" in problem
    fake.assert_called(times=1, attempts=1)


@pytest.mark.parametrize("script", [("reply", "not json"), ("reply_json", [1, 2])])
def test_json_object_demands_an_object(fake, client, script):
    getattr(fake, script[0])(script[1])
    with pytest.raises(openai.InternalServerError, match="json_object forbids"):
        client.chat.completions.create(model="m", messages=ASK, response_format={"type": "json_object"})


def test_an_echo_that_is_no_json_says_that_nothing_was_scripted(fake, client, problems):
    with pytest.raises(openai.InternalServerError, match="no reply was scripted"):
        client.chat.completions.create(model="m", messages=ASK, response_format={"type": "json_object"})
    assert len(problems()) == 1


def test_a_refusal_and_an_early_end_need_not_meet_the_schema(fake, client, problems):
    fake.reply_refusal("I would rather not")
    refused = client.chat.completions.parse(model="m", messages=ASK, response_format=Person)
    assert refused.choices[0].message.refusal == "I would rather not"
    assert refused.usage.completion_tokens == 4
    fake.reply_refusal("no and no")
    with client.chat.completions.stream(model="m", messages=ASK, response_format=Person) as stream:
        assert stream.get_final_completion().choices[0].message.refusal == "no and no"
    fake.reply('{"name": ', finish_reason="length")
    with pytest.raises(openai.LengthFinishReasonError):
        client.chat.completions.parse(model="m", messages=ASK, response_format=Person)
    fake.reply_json(ADA)
    with pytest.raises(openai.LengthFinishReasonError):
        client.chat.completions.parse(model="m", messages=ASK, response_format=Person, max_tokens=3)
    fake.reply("", finish_reason="content_filter")
    with pytest.raises(openai.ContentFilterFinishReasonError):
        client.chat.completions.parse(model="m", messages=ASK, response_format=Person)
    assert problems() == []


def _schema(schema, **more):
    return {"type": "json_schema", "json_schema": {"name": "n", "schema": schema, **more}}


OPEN = {
    "type": "object",
    "properties": {"a": {"type": "object"}},
    "required": ["a"],
    "additionalProperties": False,
}
OPTIONAL = {"type": "object", "properties": {"a": {}}, "required": [], "additionalProperties": False}
REFUSED = {
    "no json in the messages": ({"type": "json_object"}, "must contain the word 'json'"),
    "an unknown type": ({"type": "yaml"}, "Supported values are"),
    "no name": ({"type": "json_schema", "json_schema": {"schema": {}}}, "matches the pattern"),
    "no schema": ({"type": "json_schema", "json_schema": {"name": "n"}}, "Missing required parameter"),
    "a schema that is none": (_schema({"type": "objekt"}), "Invalid schema for response_format 'n'"),
    "an open object in a strict one": (_schema(OPEN, strict=True), r"\('properties', 'a'\), 'additionalProp"),
    "an optional key in a strict one": (_schema(OPTIONAL, strict=True), "Missing 'a'"),
    "a strict array": (_schema({"type": "array"}, strict=True), "got 'type: \"array\"'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_format_the_service_refuses_is_refused(fake, client, case, problems):
    wanted, reason = REFUSED[case]
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "who"}], response_format=wanted
        )
    assert re.search(reason, refused.value.body["message"])
    assert problems() == []


def test_a_schema_that_refers_elsewhere_is_never_fetched(fake, client, problems):
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        url = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/a.json"
        fake.reply_json({"a": 1})
        wanted = _schema({"type": "object", "properties": {"a": {"$ref": url}}})
        with pytest.raises(openai.InternalServerError):
            client.chat.completions.create(model="m", messages=ASK, response_format=wanted)
        assert "Unresolvable" in problems()[0]
        with pytest.raises(BlockingIOError):
            elsewhere.accept()
