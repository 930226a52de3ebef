"""What clients see when a fake breaks, slows or drops their connection, and over https."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections import deque

import certifi
import httpx2
import openai
import pytest

from seatrial.fakes import Fakes

BODY = {"model": "m", "messages": [{"role": "user", "content": "one two three four five six"}]}
KEY = {"Authorization": "Bearer k"}


@pytest.fixture(scope="module")
def running():
    fakes = Fakes({"openai": {}, "safe": {"kind": "openai", "https": True}})
    fakes.start()
    yield fakes
    fakes.stop()


@pytest.fixture
def fakes(running):
    running.reset()
    return running


@pytest.fixture
def client(fakes):
    with httpx2.Client(base_url=fakes.url("openai"), headers=KEY, timeout=20) as client:
        yield client


@pytest.fixture
def trusting(fakes):
    context = ssl.create_default_context(cafile=fakes.ca_file())
    with httpx2.Client(base_url=fakes.url("safe"), headers=KEY, timeout=20, verify=context) as client:
        yield client


def ask(client, **more):
    return client.post("/v1/chat/completions", json={**BODY, **more})


def raw_answer(fakes, name="openai"):
    """Everything a bare socket gets, and whether it ended by a reset."""
    payload = b'{"model": "m", "messages": [{"role": "user", "content": "hello"}]}'
    head = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n"
    head += f"Content-Length: {len(payload)}\r\n\r\n"
    got = b""
    with socket.create_connection(("127.0.0.1", fakes.port(name)), timeout=20) as raw:
        raw.sendall(head.encode() + payload)
        try:
            while part := raw.recv(65536):
                got += part
        except ConnectionResetError:
            return got, True
    return got, False


def test_a_reset_at_once_reaches_the_client_as_a_reset(fakes):
    fakes.openai.reset_connection()
    assert raw_answer(fakes) == (b"", True)
    (attempt,) = fakes.openai.attempts()
    assert (attempt.status, attempt.broken, attempt.fault) == (None, True, "reset_connection()")


def test_a_reset_after_some_bytes_comes_after_exactly_those(fakes):
    fakes.openai.reset_connection(after=7)
    got, reset = raw_answer(fakes)
    _, _, body = got.partition(b"\r\n\r\n")
    assert (body, reset) == (b'{"id":"', True)


def test_a_dropped_connection_is_closed_in_order(fakes):
    fakes.openai.drop_connection()
    assert raw_answer(fakes) == (b"", False)
    fakes.openai.drop_connection(after=3)
    got, reset = raw_answer(fakes)
    assert (got.partition(b"\r\n\r\n")[2], reset) == (b'{"i', False)


def test_clients_tell_the_two_apart(fakes, client):
    fakes.openai.reset_connection()
    with pytest.raises(httpx2.ReadError):
        ask(client)
    fakes.openai.drop_connection(after=10)
    with pytest.raises(httpx2.RemoteProtocolError):
        ask(client)
    assert ask(client).status_code == 200


def test_a_cut_behind_the_end_cannot_be_met_and_is_told(fakes, client):
    fakes.openai.drop_connection(after=10_000_000)
    answer = ask(client)
    assert fakes.problems(grace=10) == [
        (
            "openai: its answer was over before the scripted drop_connection(after=10000000): "
            f"it has {len(answer.content)} bytes"
        )
    ]


def test_a_stream_that_drops_gives_its_first_events_and_then_the_clients_own_error(fakes):
    fakes.openai.reply("one two three four five six seven eight")
    fakes.openai.drop_connection(after=700)
    pieces = deque()

    def read(client):
        stream = client.chat.completions.create(**BODY, stream=True)
        pieces.extend(chunk.choices[0].delta.content or "" for chunk in stream)

    with (
        openai.OpenAI(base_url=f"{fakes.url('openai')}/v1", api_key="k", max_retries=0, timeout=20) as client,
        pytest.raises((httpx2.RemoteProtocolError, openai.APIConnectionError)),
    ):
        read(client)
    assert "one " in pieces
    assert "eight" not in pieces


def test_a_client_that_retries_gets_through_two_resets(fakes):
    fakes.openai.reset_connection(times=2)
    with openai.OpenAI(
        base_url=f"{fakes.url('openai')}/v1", api_key="k", max_retries=2, timeout=20
    ) as client:
        assert client.chat.completions.create(**BODY).choices
    fakes.openai.assert_called(times=1, attempts=3)


def test_a_client_that_times_out_and_tries_again_makes_one_call(fakes):
    fakes.openai.hang()
    with openai.OpenAI(base_url=f"{fakes.url('openai')}/v1", api_key="k", max_retries=1, timeout=1) as client:
        assert client.chat.completions.create(**BODY).choices
    fakes.openai.assert_called(times=1, attempts=2)
    assert [attempt.broken for attempt in fakes.openai.attempts()] == [True, False]


def test_a_plain_client_that_gives_up_and_asks_again_makes_one_call(fakes, client):
    fakes.openai.hang()
    with pytest.raises(httpx2.ReadTimeout):
        client.post("/v1/chat/completions", json=BODY, timeout=0.3)
    assert ask(client).status_code == 200
    fakes.openai.assert_called(times=1, attempts=2)


def test_a_slow_body_arrives_whole_and_in_many_pieces(fakes, client):
    whole = ask(client).content
    fakes.openai.slow(3 * len(whole))
    with client.stream("POST", "/v1/chat/completions", json=BODY) as answer:
        pieces = list(answer.iter_raw())
    assert len(pieces) > 1
    assert len(b"".join(pieces)) == len(whole)


def test_a_slow_body_meets_the_clients_timeout(fakes, client):
    fakes.openai.slow(1)
    with pytest.raises(httpx2.ReadTimeout):
        client.post("/v1/chat/completions", json=BODY, timeout=0.3)


def test_a_fault_without_a_number_strikes_until_the_reset(fakes, client):
    fakes.openai.fail(503, times=None)
    assert fakes.problems(grace=10) == ["openai: nothing met the scripted fail(503)"]
    assert [ask(client).status_code for _ in range(3)] == [503] * 3
    assert fakes.problems(grace=10) == []
    fakes.reset()
    assert ask(client).status_code == 200


def test_what_nobody_expected_and_what_nobody_met_is_held_against_the_test(fakes, client):
    fakes.openai.hang()
    fakes.openai.reply("never asked for")
    assert client.get("/v1/nowhere").status_code == 501
    assert fakes.problems(grace=10) == [
        "openai: it was asked what it does not serve: GET /v1/nowhere",
        "openai: nothing met the scripted reply('never asked for')",
        "openai: nothing met the scripted hang()",
    ]
    assert fakes.problems(grace=10, unmet=False) == [
        "openai: it was asked what it does not serve: GET /v1/nowhere"
    ]
    fakes.reset()
    assert fakes.problems(grace=10) == []


def test_an_answer_that_nobody_reads_to_its_end_is_held_against_the_test(fakes, client):
    fakes.openai.slow(1)
    with client.stream("POST", "/v1/chat/completions", json=BODY) as answer:
        assert answer.status_code == 200
        assert fakes.problems(grace=10) == [
            "openai: its answer to POST /v1/chat/completions was neither read to its end nor closed"
        ]


def test_the_journal_has_what_was_sent_and_answered_and_no_credential(fakes, client):
    answer = client.post("/v1/chat/completions?trace=1&trace=2", json=BODY, headers={"X-Request-Id": "r-1"})
    (call,) = fakes.openai.calls(method="post", path="/v1/chat/completions")
    assert call.query == {"trace": ["1", "2"]}
    assert call.headers["x-request-id"] == "r-1"
    assert call.headers["authorization"] == "***"
    assert call.headers.carries("authorization", "Bearer k")
    assert (call.status, call.answer, call.answer_json) == (200, answer.content, answer.json())
    assert fakes.problems(grace=10) == []
    assert call.attempts[0].seconds > 0
    assert fakes.openai.calls(path="/v1/models") == []


def test_https_is_believed_with_the_runs_authority_and_not_without(fakes, trusting):
    assert fakes.url("safe").startswith("https://")
    assert ask(trusting).status_code == 200
    assert fakes.problems(grace=10) == []
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{fakes.url('safe')}/v1/models", timeout=20)
    problems = fakes.problems()
    while not problems:  # the refusal arrives in the server's own time
        problems = fakes.problems()
    assert "did not trust its certificate" in problems[0]
    assert "SSL_CERT_FILE" in problems[0]


def test_the_file_of_authorities_keeps_those_that_clients_trust_anyway(fakes):
    usual = ssl.create_default_context(cafile=certifi.where()).cert_store_stats()["x509_ca"]
    assert usual > 1
    assert ssl.create_default_context(cafile=fakes.ca_file()).cert_store_stats()["x509_ca"] > usual // 2


def test_what_no_fake_serves_is_not_tried_again(fakes):
    url = f"{fakes.url('openai')}/v1"
    with (
        openai.OpenAI(base_url=url, api_key="k", max_retries=2, timeout=20) as client,
        pytest.raises(openai.InternalServerError),
    ):
        client.get("/nowhere", cast_to=object)
    fakes.openai.assert_called(times=1, attempts=1)


def test_a_reset_reaches_clients_over_https(fakes, trusting):
    fakes.safe.reset_connection(after=5)
    with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
        ask(trusting)
    assert fakes.safe.attempts()[0].answer == b'{"id"'


def test_stopping_ends_calls_that_hang_and_idle_connections():
    before = set(threading.enumerate())
    fakes = Fakes({"openai": {}})
    fakes.start()
    fakes.openai.hang()
    ended = []

    def call():
        with httpx2.Client(base_url=fakes.url("openai"), headers=KEY, timeout=20) as client:
            try:
                ended.append(ask(client).status_code)
            except httpx2.HTTPError as error:
                ended.append(type(error).__name__)

    caller = threading.Thread(target=call)
    caller.start()
    while not fakes.openai.attempts():
        caller.join(0.001)
    fakes.stop()
    caller.join(20)
    assert len(ended) == 1
    assert set(threading.enumerate()) <= before


def test_many_calls_at_once_are_answered(fakes):
    async def together():
        async with httpx2.AsyncClient(base_url=fakes.url("openai"), headers=KEY, timeout=20) as client:
            calls = [client.post("/v1/chat/completions", json={**BODY, "user": str(n)}) for n in range(50)]
            return [answer.status_code for answer in await asyncio.gather(*calls)]

    assert asyncio.run(together()) == [200] * 50
    fakes.openai.assert_called(times=50, attempts=50)
