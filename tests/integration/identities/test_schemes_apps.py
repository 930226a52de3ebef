"""Small applications, each with a way of its own to authenticate."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import flask
import pytest
from fastapi import FastAPI, Header, HTTPException
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seatrial.errors import IdentityError

Call = Callable[..., Any]
PEOPLE = """
[identities.tenants]
a = { id = "t-1" }
[identities.users]
alice = { tenant = "a", password = "wonderland" }
bob = { tenant = "a", password = "builder" }
"""


# --- headers, keys, functions ----------------------------------------------------------------------------


def test_headers_of_a_trusted_proxy(call: Call) -> None:
    app = FastAPI()

    @app.get("/me")
    def me(x_user: Annotated[str, Header()] = "", x_tenant: Annotated[str, Header()] = "") -> dict[str, str]:
        if not (x_user and x_tenant):
            raise HTTPException(401)
        return {"user": x_user, "tenant": x_tenant}

    scheme = 'scheme = "header"\nheaders = { X-User = "{user.name}", X-Tenant = "{tenant.id}" }'
    called = call(app, scheme + PEOPLE)
    client = called.client()
    assert client.as_user("bob").get("/me").json() == {"user": "bob", "tenant": "t-1"}
    for kind in ("none", "missing_X-User", "missing_X-Tenant"):
        assert client.as_identity(called.identities.forged(kind)).get("/me").status_code == 401


@pytest.fixture
def importing() -> Iterator[None]:
    """What a test makes importable is gone after it."""
    path = [*sys.path]
    yield
    sys.path[:] = path
    del sys.modules["schemes_of_ours"]


def test_a_function_of_the_projects_own(call: Call, tmp_path: Path, importing: None) -> None:
    (tmp_path / "schemes_of_ours.py").write_text(
        "import asyncio\n"
        "LOOPS = []\n"
        "def plain(user, tenant):\n"
        "    return {'X-User': f'{user[\"name\"]}@{tenant[\"id\"]}'}\n"
        "async def in_the_loop(user, tenant):\n"
        "    LOOPS.append(asyncio.get_running_loop())\n"
        "    return plain(user, tenant)\n"
    )

    loops = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        loops.append(asyncio.get_running_loop())
        request = Request(scope, receive)
        await JSONResponse(request.headers.get("x-user"))(scope, receive, send)

    called = call(app, 'scheme = "schemes_of_ours:plain"' + PEOPLE)
    assert called.client().as_user("alice").get("/").json() == "alice@t-1"
    assert called.client().as_identity(called.identities.forged("none")).get("/").json() is None
    called = call(app, 'scheme = "schemes_of_ours:in_the_loop"' + PEOPLE)
    assert called.client().as_user("bob").get("/").json() == "bob@t-1"

    async def from_a_loop() -> Any:
        return (await called.async_client().as_user("bob").get("/")).json()

    assert asyncio.run(from_a_loop()) == "bob@t-1"
    import schemes_of_ours

    assert set(map(id, schemes_of_ours.LOOPS)) == {id(loops[-1])}
    called = call(app, 'scheme = "schemes_of_ours:nothing"' + PEOPLE)
    with pytest.raises(IdentityError, match="'schemes_of_ours:nothing'"):
        called.client().as_user("bob")


# --- logins ----------------------------------------------------------------------------------------------

PASSWORDS = {"alice": "wonderland", "bob": "builder"}


class Site:
    """A Starlette application that keeps its sessions, as it would in a database."""

    def __init__(self) -> None:
        self.sessions: dict[str, str] = {}
        self.logins: list[str] = []
        self.before_login: Callable[[], object] = lambda: None
        self.app = Starlette(
            routes=[
                Route("/login/{tenant}", self.login, methods=["POST"]),
                Route("/me", self.me),
                Route("/rename", self.renew, methods=["POST"]),
                Route("/out", self.out, methods=["POST"]),
            ]
        )

    async def login(self, request: Request) -> Response:
        await asyncio.to_thread(self.before_login)
        body = await request.json()
        if request.path_params["tenant"] != "t-1" or PASSWORDS.get(body["user"]["name"]) != body["password"]:
            return JSONResponse({"detail": body["password"]}, 401)
        self.logins.append(body["user"]["name"])
        return self._with_session(body["user"]["name"], 201)

    async def me(self, request: Request) -> Response:
        user = self.sessions.get(request.cookies.get("sid", ""))
        return JSONResponse(user, 200 if user else 401)

    async def renew(self, request: Request) -> Response:
        user = self.sessions.pop(request.cookies["sid"])
        return self._with_session(user, 200)

    async def out(self, request: Request) -> Response:
        answer = Response()
        answer.delete_cookie("sid")
        return answer

    def _with_session(self, user: str, status: int) -> Response:
        sid = f"{len(self.logins):02}-{len(self.sessions)}-0123456789abcdef"
        self.sessions[sid] = user
        return Response(status_code=status, headers={"set-cookie": f"sid={sid}; Path=/; HttpOnly; Secure"})


JSON_LOGIN = """
scheme = "session"
[identities.login]
path = "/login/{tenant.id}"
json = { user = { name = "{user.name}" }, password = "{user.password}" }
"""


@pytest.mark.parametrize("transport", ["memory", "socket"])
def test_one_login_for_each_test_and_user(call: Call, transport: str) -> None:
    site = Site()
    called = call(site.app, JSON_LOGIN + PEOPLE, transport=transport)
    with called.client() as client:
        assert site.logins == []
        assert client.as_user("alice").get("/me").json() == "alice"
        assert client.as_user("alice").get("/me").json() == "alice"
        assert client.as_user("bob").get("/me").json() == "bob"
        assert client.as_identity(called.identities["bob"]).get("/me").json() == "bob"
        assert site.logins == ["alice", "bob"]
        site.sessions.clear()  # the database of the next test knows no session
        called.identities.reset()
        assert client.as_user("alice").get("/me").json() == "alice"
        assert site.logins == ["alice", "bob", "alice"]


@pytest.mark.parametrize("transport", ["memory", "socket"])
def test_an_asynchronous_client_logs_in_as_well(call: Call, transport: str) -> None:
    site = Site()
    called = call(site.app, JSON_LOGIN + PEOPLE, transport=transport)

    async def use() -> list[str]:
        async with called.async_client() as client:
            users = [client.as_user(name) for name in ("alice", "bob", "alice")]
            answers = await asyncio.gather(*(user.get("/me") for user in users))
        return [answer.json() for answer in answers]

    assert asyncio.run(use()) == ["alice", "bob", "alice"]
    assert site.logins == ["alice", "bob"]


def test_threads_of_one_test_share_a_login(call: Call) -> None:
    site = Site()
    called = call(site.app, JSON_LOGIN + PEOPLE)
    there = threading.Semaphore(0)
    seen = []

    def all_are_there() -> None:
        site.before_login = lambda: None
        for _ in range(5):
            there.acquire()

    site.before_login = all_are_there

    def use() -> None:
        there.release()
        seen.append(called.client().as_user("alice").get("/me").json())

    threads = [threading.Thread(target=use) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (seen, site.logins) == (["alice"] * 5, ["alice"])


def test_threads_of_one_run_share_its_keys(call: Call) -> None:
    called = call(Site().app, 'algorithm = "RS256"\n' + PEOPLE)
    together = threading.Barrier(4)
    made = []

    def ask() -> None:
        together.wait()
        made.append((called.identities, called.callers.keys))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len(set(made)) == 1


@pytest.mark.parametrize("transport", ["memory", "socket"])
def test_the_application_renews_and_ends_the_session_of_a_client(call: Call, transport: str) -> None:
    called = call(Site().app, JSON_LOGIN + PEOPLE, transport=transport)
    with called.client() as client:
        alice = client.as_user("alice")
        assert alice.post("/rename").status_code == 200
        assert len(alice.cookies.jar) == 1, "the new cookie is in the place of the old one"
        assert alice.get("/me").json() == "alice"
        alice.post("/out")
        assert (len(alice.cookies.jar), alice.get("/me").status_code) == (0, 401)


def test_a_lasting_client_has_a_session_of_its_own(call: Call) -> None:
    site = Site()
    called = call(site.app, JSON_LOGIN + PEOPLE)
    called.client().as_user("alice")
    lasting = called.client(lasting=True).as_user("alice")
    assert site.logins == ["alice", "alice"]
    assert lasting.get("/me").json() == "alice"
    called.client().as_user("alice")
    assert site.logins == ["alice", "alice"]


def test_forged_sessions(call: Call) -> None:
    site = Site()
    called = call(site.app, JSON_LOGIN + PEOPLE)
    identities = called.identities
    assert identities.forged("none").headers == {}
    assert identities.forged("malformed").headers == {"Cookie": "sid=this-is-not-a-session"}
    wrong = identities.forged("wrong_key", user="bob").headers["Cookie"].removeprefix("sid=")
    assert len(wrong) == len("02-1-0123456789abcdef")
    for kind in ("none", "malformed", "wrong_key"):
        assert called.client().as_identity(identities.forged(kind)).get("/me").status_code == 401
    with pytest.raises(IdentityError, match="cannot be forged") as caught:
        identities.forged("expired")
    assert caught.value.code == "identities.unknown-kind"
    for refused in (lambda: identities.forge("none"), lambda: identities.token("bob")):
        with pytest.raises(IdentityError, match="under scheme = 'session'"):
            refused()


FAILURES = [
    (JSON_LOGIN, "it answered 401, a status below 400 was expected"),
    (JSON_LOGIN + "status = 200\n", "it answered 401, 200 was expected"),
    (JSON_LOGIN.replace("/login/{tenant.id}", "/nowhere?p={user.password}"), "it answered 404"),
    (JSON_LOGIN.replace("/login/{tenant.id}", "/me") + 'method = "GET"\n', "it answered 401"),
    (JSON_LOGIN.replace("/login/{tenant.id}", "/out"), "it answered 200 and set no cookie for a session"),
]


@pytest.mark.parametrize(("login", "found"), FAILURES, ids=[found for _, found in FAILURES])
def test_a_login_that_fails_names_user_path_and_status(call: Call, login: str, found: str) -> None:
    called = call(Site().app, login + PEOPLE.replace("wonderland", "hush-hush"))
    with pytest.raises(IdentityError) as caught:
        called.client().as_user("alice")
    error = caught.value
    assert error.code == "identities.login-failed"
    path = next(line for line in login.splitlines() if line.startswith("path")).split('"')[1]
    assert f"user 'alice' failed at {'GET' if 'GET' in login else 'POST'} {path}: {found}" in error.message
    assert "hush" not in str(error)
    assert "hush" not in repr(called.callers.identities._scheme.__dict__)


def test_a_status_that_was_expected(call: Call) -> None:
    called = call(Site().app, JSON_LOGIN + "status = 201\n" + PEOPLE)
    assert called.client().as_user("bob").get("/me").json() == "bob"


def flask_site() -> flask.Flask:
    site = flask.Flask("site")
    site.secret_key = "signed"

    @site.post("/login")
    def login() -> Any:
        if PASSWORDS.get(flask.request.form["name"]) == flask.request.form["password"]:
            flask.session["user"] = flask.request.form["name"]
        return flask.redirect("/me")

    @site.get("/me")
    def me() -> Any:
        user = flask.session.get("user")
        return flask.jsonify(user), 200 if user else 401

    return site


def test_a_signed_cookie_of_flask(call: Call) -> None:
    form = '{ name = "{user.name}", password = "builder" }'
    scheme = f'scheme = "session"\nlogin.path = "/login"\nlogin.form = {form}'
    called = call(flask_site(), scheme + PEOPLE, kind="wsgi")
    assert called.client().as_user("bob").get("/me").json() == "bob"
    for kind in ("none", "malformed", "wrong_key"):
        assert (
            called.client().as_identity(called.identities.forged(kind, user="bob")).get("/me").status_code
            == 401
        )
    with pytest.raises(
        IdentityError, match=r"'alice' failed at POST /login: it answered 302 and set no cookie"
    ):
        called.client().as_user("alice")


def test_what_must_be_fetched_before_the_login(call: Call) -> None:
    seen = []

    async def token(request: Request) -> Response:
        return Response(headers={"set-cookie": "csrf=t-1; Path=/; Secure"})

    async def login(request: Request) -> Response:
        seen.append((request.cookies.get("csrf"), request.headers.get("x-token")))
        answer = Response(headers={"set-cookie": "csrf=t-2; Path=/; Secure"})
        if len(seen) == 1:
            answer.headers.append("set-cookie", "sid=s-1; Path=/")
        return answer

    routes = [Route("/token", token), Route("/login", login, methods=["POST"])]
    app = Starlette(routes=routes)
    text = 'scheme = "session"\nlogin = { path = "/login", csrf_cookie = "csrf", csrf_header = "X-Token"'
    called = call(app, text + ', csrf_path = "/token" }' + PEOPLE)
    headers = called.identities["alice"].headers
    assert seen == [("t-1", "t-1")]
    assert headers["X-Token"] == "t-2", "the token of the session that was begun"
    assert sorted(headers["Cookie"].split("; ")) == ["csrf=t-2", "sid=s-1"]
    forged = called.identities.forged("malformed").headers
    assert sorted(forged["Cookie"].split("; ")) == ["csrf=t-2", "sid=this-is-not-a-session"]
    with pytest.raises(IdentityError, match="set no cookie for a session"):
        called.client().as_user("bob")
    with pytest.raises(
        IdentityError, match="GET /login should have set the cookie 'csrf'; it answered 405"
    ) as caught:
        call(app, text + "}" + PEOPLE).identities["alice"].headers  # noqa: B018
    assert caught.value.code == "identities.no-csrf-cookie"
