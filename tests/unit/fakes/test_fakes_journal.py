"""Attempts, the calls they belong to, and what is kept of their headers."""

from __future__ import annotations

import pytest

from seatrial.fakes.journal import Attempt, Journal
from seatrial.fakes.secrecy import Headers


def attempt(status=200, *, path="/x", body=b"", retry=None, broken=False):
    headers = Headers([] if retry is None else [("X-Stainless-Retry-Count", retry)])
    return Attempt(
        method="POST", path=path, body=body, headers=headers, status=status, seconds=0.1, broken=broken
    )


def sizes(*attempts):
    journal = Journal()
    for each in attempts:
        journal.add(each)
    return [len(call.attempts) for call in journal.calls()]


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503])
def test_a_repetition_of_a_failed_request_belongs_to_its_call(status):
    assert sizes(attempt(status), attempt(status), attempt(200)) == [3]


@pytest.mark.parametrize("status", [200, 400, 404, 422])
def test_what_clients_do_not_try_again_is_a_call_of_its_own(status):
    assert sizes(attempt(status), attempt(200)) == [1, 1]


def test_a_broken_connection_is_tried_again():
    assert sizes(attempt(None, broken=True), attempt(200)) == [2]
    assert sizes(attempt(200, broken=True), attempt(200)) == [2]


def test_two_equal_calls_at_once_are_two():
    waiting = Attempt(method="POST", path="/x")
    assert sizes(waiting, attempt(200)) == [1, 1]


def test_other_bodies_and_other_paths_are_other_calls():
    assert sizes(attempt(503, body=b"1"), attempt(503, path="/y", body=b"1"), attempt(200, body=b"2")) == [
        1,
        1,
        1,
    ]


def test_calls_that_overlap_keep_their_own_repetitions():
    assert sizes(
        attempt(503, body=b"1"), attempt(503, body=b"2"), attempt(body=b"1"), attempt(body=b"2")
    ) == [2, 2]


def test_a_client_that_counts_its_repetitions_is_believed():
    assert sizes(attempt(503, retry="0"), attempt(503, retry="1"), attempt(200, retry="0")) == [2, 1]


def test_a_call_shows_its_request_and_its_last_answer():
    journal = Journal()
    journal.add(attempt(503, body=b'{"n": 1}'))
    journal.add(attempt(200, body=b'{"n": 1}'))
    journal.attempts()[1].sent += b'{"id": 7}'
    (call,) = journal.calls()
    assert (call.method, call.path, call.json, call.status, call.answer_json) == (
        "POST",
        "/x",
        {"n": 1},
        200,
        {"id": 7},
    )
    assert repr(call) == "<POST /x -> 200> in 2 attempts"


def test_a_body_that_is_no_json_is_none():
    assert attempt(body=b"{").json is None
    assert attempt(body=b"").json is None


@pytest.mark.parametrize(
    "name", ["Authorization", "Cookie", "X-API-Key", "api-key", "X-Auth-Token", "Stripe-Signature"]
)
def test_a_credential_is_never_shown_and_can_be_compared(name):
    headers = Headers([(name, "hunter2"), ("Accept", "text/plain")])
    assert headers[name] == "***"
    assert "hunter2" not in f"{headers!r} {dict(headers)} {list(headers.values())}"
    assert headers.carries(name, "hunter2")
    assert not headers.carries(name, "hunter")
    assert not headers.carries("absent", "hunter2")
    assert headers["accept"] == headers["Accept"] == "text/plain"


def test_values_of_one_name_are_joined():
    assert Headers([("Accept", "a"), ("accept", "b")])["accept"] == "a, b"
