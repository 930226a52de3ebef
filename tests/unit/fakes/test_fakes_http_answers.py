"""Answers of the generic fake: what may be scripted, and what a function may return."""

from __future__ import annotations

import datetime as dt

import httpx2
import pytest
from starlette.responses import PlainTextResponse

from seatrial.errors import FakeError
from seatrial.fakes.http.answers import answer, from_result


@pytest.mark.parametrize(
    ("given", "kind", "body"),
    [
        ({"json": {"a": "ü"}}, "application/json", '{"a": "ü"}'.encode()),
        ({"json": None}, "application/json", b"null"),
        ({"text": "ahoy"}, "text/plain", b"ahoy"),
        ({"content": b"\x00"}, "application/octet-stream", b"\x00"),
        ({"events": ["a\nb", {"n": 1}]}, "text/event-stream", b'data: a\ndata: b\n\ndata: {"n": 1}\n\n'),
        ({}, "", b""),
    ],
)
def test_each_kind_of_body_has_its_media_type(given, kind, body):
    made = answer(status=200, **given)
    assert (made.media_type, made.body) == (kind, body)


def test_a_header_of_ones_own_goes_before_the_usual_one():
    made = answer(status=400, json={}, headers={"Content-Type": "application/problem+json", "X-A": "1"})
    assert made.headers == {"content-type": "application/problem+json", "x-a": "1"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"status": 99}, "a status from 200 to 599, found 99"),
        ({"status": True}, "a status from 200 to 599, found True"),
        ({"status": 200, "json": 1, "text": "a"}, "one body, found json and text"),
        ({"status": 204, "json": {}}, "status 204 expects no body, found json"),
        ({"status": 200, "json": {"at": dt.date(2026, 1, 1)}}, "what JSON can hold, found dict"),
        ({"status": 200, "json": float("nan")}, "what JSON can hold, found float"),
        ({"status": 200, "headers": {"x": 1}}, "headers as strings, found 'x'"),
    ],
)
def test_an_impossible_answer_is_refused_with_what_was_found(given, message):
    with pytest.raises(FakeError, match=message) as refused:
        answer(**given)
    assert refused.value.code == "fakes.route"


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"a": 1}, (201, b'{"a": 1}')),
        ([], (201, b"[]")),
        ((404, {"b": 2}), (404, b'{"b": 2}')),
        ((204, None), (204, b"")),
        (PlainTextResponse("late", 503), (503, b"late")),
        (httpx2.Response(418, content=b"tea"), (418, b"tea")),
        (answer(status=202, text="x"), (202, b"x")),
    ],
)
def test_a_function_may_return_json_or_status_and_json_or_a_response(result, expected):
    made = from_result(result, status=201)
    assert (made.status, made.body) == expected


def test_a_response_keeps_its_headers_without_those_of_its_transport():
    made = from_result(PlainTextResponse("x", headers={"x-a": "1"}), status=200)
    assert made.headers == {"content-type": "text/plain; charset=utf-8", "x-a": "1"}


@pytest.mark.parametrize("result", [None, (1, 2, 3), object()])
def test_a_function_that_returns_anything_else_is_told(result):
    with pytest.raises(FakeError, match=r"\(status, json\)|found None|found object"):
        from_result(result, status=200)
