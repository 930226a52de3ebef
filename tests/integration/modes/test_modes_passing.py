"""A live fake passes calls on and answers back, as they come; only the journal keeps them."""

from __future__ import annotations

import gzip
import socket
import threading

import httpx2
import openai
import pytest

from seatrial.errors import FakeError
from seatrial.fakes import Fakes

ASK = [{"role": "user", "content": "word by word"}]
CLOSING = "connection: close\r\n"


class Upstream:
    """A service on one socket that does what a test says, byte by byte."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.connection = None

    def request(self) -> bytes:
        """Accept and read one request with its body."""
        self.connection, _ = self.listener.accept()
        self.connection.settimeout(20)
        got = b""
        while b"\r\n\r\n" not in got:
            got += self.connection.recv(65536)
        head, _, body = got.partition(b"\r\n\r\n")
        lengths = [
            line.partition(b":")[2] for line in head.lower().split(b"\r\n") if b"content-length" in line
        ]
        while lengths and len(body) < int(lengths[0]):
            body += self.connection.recv(65536)
        return head + b"\r\n\r\n" + body

    def send(self, text: str | bytes) -> None:
        self.connection.sendall(text.encode() if isinstance(text, str) else text)

    def close(self) -> None:
        for sock in (self.connection, self.listener):
            if sock is not None:
                sock.close()


@pytest.fixture
def upstream():
    service = Upstream()
    yield service
    service.close()


@pytest.fixture
def live():
    """Declare `openai`, live at a URL, and start it."""
    made = []

    def start(url, **options):
        fakes = Fakes({"openai": options}, live={"openai": url})
        made.append(fakes)
        fakes.start()
        return fakes

    yield start
    for fakes in made:
        fakes.stop()


class Caller(threading.Thread):
    """A client's request, in a thread of its own."""

    def __init__(self, url: str, **options) -> None:
        super().__init__()
        self._url, self._options = url, options
        self.start()

    def run(self) -> None:
        with httpx2.Client(timeout=20, trust_env=False) as client:
            self.answer = client.request(self._options.pop("method", "GET"), self._url, **self._options)

    def result(self):
        self.join(30)
        return self.answer


def test_the_real_client_is_served_by_another_process(serve, live, monkeypatch):
    url, ca_file = serve("https")
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    fakes = live(url)
    assert fakes.openai.mode == "live"
    with openai.OpenAI(
        base_url=f"{fakes.url('openai')}/v1", api_key="sk-1", max_retries=0, timeout=20
    ) as client:
        answer = client.chat.completions.create(model="m", messages=ASK)
        stream = client.chat.completions.create(model="m", messages=ASK, stream=True)
        pieces = [choice.delta.content for chunk in stream for choice in chunk.choices]
    assert answer.choices[0].message.content == "".join(pieces[1:-1]) == "word by word"
    first, second = fakes.openai.calls()
    assert first.json == {"model": "m", "messages": ASK}
    assert first.answer_json["choices"][0]["message"]["content"] == "word by word"
    assert second.answer.endswith(b"data: [DONE]\n\n")
    assert first.headers["authorization"] == "***"
    assert first.headers.carries("authorization", "Bearer sk-1")
    fakes.openai.assert_called(times=2, path="/v1/chat/completions")
    assert fakes.problems(grace=10) == []
    assert url in repr(fakes.openai)
    fakes.reset()
    assert fakes.openai.calls() == []


def test_what_arrives_is_what_was_sent_but_for_the_headers_of_one_hop(upstream, live):
    fakes = live(f"{upstream.url}/base")
    caller = Caller(
        f"{fakes.url('openai')}/a%2Fb%20c?q=1&q=%26",
        method="PUT",
        content=b"body",
        headers={"x-own": "1", "te": "trailers", "authorization": "Bearer k", "accept-encoding": "br"},
    )
    head, _, body = upstream.request().partition(b"\r\n\r\n")
    upstream.send(
        "HTTP/1.1 418 Teapot\r\ncontent-length: 2\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n"
        "date: Mon, 01 Jan 2001 00:00:00 GMT\r\nkeep-alive: timeout=5\r\n\r\nok"
    )
    lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    assert lines[0] == "PUT /base/a%2Fb%20c?q=1&q=%26 HTTP/1.1"
    assert body == b"body"
    assert headers["host"] == upstream.url.removeprefix("http://")
    assert (headers["x-own"], headers["authorization"]) == ("1", "bearer k")
    assert headers["accept-encoding"] == "identity"
    assert "te" not in headers
    answer = caller.result()
    assert (answer.status_code, answer.text) == (418, "ok")
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert answer.headers.get_list("date") == ["Mon, 01 Jan 2001 00:00:00 GMT"]
    assert "keep-alive" not in answer.headers


def test_redirects_and_compressed_bodies_pass_as_they_are(upstream, live):
    fakes = live(upstream.url)
    body = gzip.compress(b"hello")
    caller = Caller(f"{fakes.url('openai')}/x")
    upstream.request()
    upstream.send(
        f"HTTP/1.1 302 Found\r\nlocation: https://other.example/\r\ncontent-encoding: gzip\r\n{CLOSING}\r\n"
    )
    upstream.send(body)
    upstream.connection.close()
    answer = caller.result()
    assert (answer.status_code, answer.headers["location"]) == (302, "https://other.example/")
    assert answer.text == "hello"


def test_a_stream_arrives_event_by_event(upstream, live):
    fakes = live(upstream.url)
    arrived = threading.Event()
    events = []

    def read():
        with (
            httpx2.Client(timeout=20, trust_env=False) as client,
            client.stream("GET", f"{fakes.url('openai')}/s") as answer,
        ):
            for line in answer.iter_lines():
                events.append(line)
                arrived.set()

    reader = threading.Thread(target=read)
    reader.start()
    upstream.request()
    upstream.send(f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{CLOSING}\r\ndata: one\n")
    assert arrived.wait(20), "the first event waits for the second"
    upstream.send("data: two\n")
    upstream.connection.close()
    reader.join(30)
    assert events == ["data: one", "data: two"]


@pytest.mark.parametrize("begun", [True, False])
def test_a_client_that_leaves_ends_the_call(upstream, live, begun):
    fakes = live(upstream.url)
    with socket.create_connection(("127.0.0.1", fakes.port("openai"))) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        upstream.request()
        if begun:
            upstream.send("HTTP/1.1 200 OK\r\n\r\ndata: one\n")
            assert client.recv(1)
    while upstream.connection.recv(65536):
        pass  # the real service sees the client leave, or the socket's time limit ends the test
    assert [problem for problem in fakes.problems(grace=20) if "passed on" in problem] == []
    (attempt,) = fakes.openai.attempts()
    assert attempt.broken


def test_a_service_that_ends_in_the_middle_does_so_for_the_client_too(upstream, live):
    fakes = live(upstream.url)
    broken = []

    def call():
        with httpx2.Client(timeout=20, trust_env=False) as client:
            try:
                client.get(f"{fakes.url('openai')}/x")
            except httpx2.RemoteProtocolError as error:
                broken.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    upstream.request()
    upstream.send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
    upstream.connection.close()
    caller.join(30)
    assert len(broken) == 1
    (problem,) = fakes.problems(grace=20)
    assert problem.startswith(f"openai: GET /x could not be passed on to {upstream.url}")
    (attempt,) = fakes.openai.attempts()
    assert (attempt.broken, attempt.answer) == (True, b"half")


def test_a_service_that_is_not_there_is_told_to_client_and_test(upstream, live):
    upstream.close()
    fakes = live(upstream.url)
    answer = Caller(f"{fakes.url('openai')}/x", headers={"authorization": "Bearer hunter2"}).result()
    assert answer.status_code == 502
    assert "ConnectError" in answer.json()["error"]["message"]
    (problem,) = fakes.problems(grace=20)
    assert upstream.url in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    "script",
    [
        lambda fake: fake.reply("no"),
        lambda fake: fake.fail(503),
        lambda fake: fake.delay(1),
        lambda fake: fake.hang(),
        lambda fake: fake.reset_connection(),
        lambda fake: fake.drop_connection(after=3),
        lambda fake: fake.slow(10),
    ],
)
def test_a_live_service_cannot_be_scripted(script):
    fakes = Fakes({"openai": {}}, live={"openai": "https://api.example.com"})
    belongs = r"fakes\.openai\.\w+ belongs to the fake[\s\S]*pytest\.mark\.mock"
    with pytest.raises(FakeError, match=belongs) as refused:
        script(fakes.openai)
    assert refused.value.code == "fakes.live"
    with pytest.raises(AttributeError):
        fakes.openai.repply("a typing error is one in both modes")
    assert Fakes({"openai": {}}).openai.mode == "mock"
