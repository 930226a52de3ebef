"""The cookies that clients of the application keep and send."""

from __future__ import annotations

import httpx2
import pytest

from seatrial.app import Client


def answer(request: httpx2.Request) -> httpx2.Response:
    given = dict(request.url.params).get("set")
    headers = {"set-cookie": given} if given else {}
    return httpx2.Response(200, json=request.headers.get("cookie", ""), headers=headers)


def credential(identity: object) -> dict[str, str]:
    return {"Cookie": "sid=1; theme=dark=er", "X-Token": "t"}


@pytest.fixture(params=["http://localhost", "http://127.0.0.1:8080", "http://app.internal"])
def client(request: pytest.FixtureRequest):
    with Client(
        transport=httpx2.MockTransport(answer), base_url=request.param, authenticate=credential
    ) as client:
        yield client


def sent(client: Client) -> set[str]:
    return set(client.get("/").json().split("; "))


def test_cookies_of_an_identity_can_be_replaced_and_removed(client: Client) -> None:
    alice = client.as_user("alice")
    assert sent(alice) == {"sid=1", "theme=dark=er"}
    assert alice.headers["x-token"] == "t"
    assert "cookie" not in alice.headers
    alice.get("/", params={"set": "sid=2; Path=/"})
    assert sent(alice) == {"sid=2", "theme=dark=er"}
    alice.get("/", params={"set": "sid=; Path=/; Max-Age=0"})
    assert sent(alice) == {"theme=dark=er"}
    assert sent(client) == {""}


def test_secure_cookies_reach_this_machine(client: Client) -> None:
    first = client.get("/", params={"set": "sid=1; Path=/; Secure"})
    assert next(iter(first.cookies.jar)).secure, "what the application said can still be seen"
    assert sent(client) == {"sid=1"}
    assert sent(client.as_user("alice")) == {"sid=1", "theme=dark=er"}
