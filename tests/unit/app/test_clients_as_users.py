"""Clients share the way to the application, and nothing else."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from seatrial.app import AsyncClient, Client


def answer(request):
    return httpx2.Response(
        200, json={"user": request.headers.get("x-user"), "cookie": request.headers.get("cookie")}
    )


def credential(identity):
    return {"x-user": str(identity)}


@pytest.fixture
def client():
    with Client(
        transport=httpx2.MockTransport(answer), base_url="http://localhost", authenticate=credential
    ) as client:
        yield client


def test_each_client_speaks_as_its_own_user(client):
    alice = client.as_user("alice")
    assert client.get("/").json()["user"] is None
    assert alice.get("/").json()["user"] == "alice"
    assert alice.as_user("bob").get("/").json()["user"] == "bob"
    assert alice.as_identity(7).get("/").json()["user"] == "7"
    assert alice.anonymous().get("/").json()["user"] is None


def test_cookies_and_headers_are_not_shared(client):
    alice, bob = client.as_user("alice"), client.as_user("bob")
    alice.cookies.set("session", "a")
    alice.headers["x-user"] = "mallory"
    assert bob.get("/").json() == {"user": "bob", "cookie": None}
    assert alice.get("/").json() == {"user": "mallory", "cookie": "session=a"}


def test_a_closed_relative_leaves_the_others_open_and_the_first_closes_all(client):
    alice, bob = client.as_user("alice"), client.as_user("bob")
    alice.close()
    assert bob.get("/").status_code == 200
    client.close()
    assert (alice.is_closed, bob.is_closed) == (True, True)


def test_options_are_inherited_and_redirects_are_not_followed_by_default(client):
    follows = Client(
        transport=httpx2.MockTransport(answer), base_url="http://localhost/api", authenticate=credential,
        follow_redirects=True, headers={"x-trace": "1"},
    )  # fmt: skip
    with follows:
        relative = follows.as_user("alice")
        assert relative.follow_redirects
        assert relative.headers["x-trace"] == "1"
        assert str(relative.base_url) == "http://localhost/api/"
    assert not client.follow_redirects


def test_the_asynchronous_client_does_the_same():
    async def run():
        async with AsyncClient(
            transport=httpx2.MockTransport(answer), base_url="http://localhost", authenticate=credential
        ) as client:
            client.timeout, client.follow_redirects = 60, True
            alice = client.as_user("alice")
            assert (alice.timeout, alice.follow_redirects) == (httpx2.Timeout(60), True)
            assert (await alice.get("/")).json()["user"] == "alice"
            assert (await alice.anonymous().get("/")).json()["user"] is None
        assert alice.is_closed

    asyncio.run(run())


def test_limits_that_are_changed_later_are_those_of_further_clients_too(client):
    client.timeout, client.follow_redirects = 60, True
    alice = client.as_user("alice")
    assert (alice.timeout, alice.follow_redirects) == (httpx2.Timeout(60), True)
    alice.timeout = 1
    assert client.timeout == httpx2.Timeout(60)
    assert alice.anonymous().timeout == httpx2.Timeout(1)
