"""Litestar, Flask and Django, websockets, and the same over a real socket."""

from __future__ import annotations

import asyncio
import sys
import threading

import httpx2
import pytest
from fastapi import FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route

from seatrial.errors import ApplicationError

websockets = pytest.importorskip("httpx2.websockets")


@pytest.fixture(params=["memory", "socket"])
def transport(request):
    return request.param


def chat():
    app = FastAPI()
    app.state.ends = []

    @app.websocket("/echo")
    async def echo(socket: WebSocket):
        await socket.accept(subprotocol=(socket.scope["subprotocols"] or [None])[0])
        try:
            while True:
                await socket.send_text(f"got {await socket.receive_text()}")
        finally:
            app.state.ends.append("ended")

    @app.websocket("/short")
    async def short(socket: WebSocket):
        await socket.accept()
        await socket.send_bytes(b"x" * 200_000)
        await socket.close(4001, "enough")

    @app.websocket("/raises")
    async def raises(socket: WebSocket):
        await socket.accept()
        raise ValueError("in the socket")

    @app.get("/raises")
    async def plain():
        raise ValueError("in the request")

    return app


def test_a_websocket_speaks_both_ways(trial, transport):
    running = trial(chat(), transport=transport)
    with running.client.as_user("alice").websocket("/echo", subprotocols=["a", "b"]) as socket:
        assert socket.subprotocol == "a"
        for text in ("one", "two"):
            socket.send_text(text)
            assert socket.receive_text(timeout=10) == f"got {text}"
        assert socket.ping().wait(10)
    assert running.runner.wait_quiet() == []
    assert running.runner.app.state.ends == ["ended"]
    assert running.runner.take_errors() == []


def test_a_websocket_closed_by_the_application(trial, transport):
    running = trial(chat(), transport=transport)
    with running.client.websocket("/short", max_message_size_bytes=1 << 20) as socket:
        assert len(socket.receive_bytes(timeout=10)) == 200_000
        with pytest.raises(websockets.WebSocketDisconnect) as caught:
            socket.receive_text(timeout=10)
    assert (caught.value.code, caught.value.reason) == (4001, "enough")


def test_a_refused_and_a_failing_websocket(trial, transport):
    running = trial(chat(), transport=transport)
    with pytest.raises(websockets.WebSocketUpgradeError) as caught, running.client.websocket("/unknown"):
        pass
    assert caught.value.response.status_code == 403
    # uvicorn drops the connection or closes it with 1011, depending on its websocket library.
    ends = (websockets.WebSocketDisconnect, websockets.WebSocketNetworkError)
    with running.client.websocket("/raises") as socket, pytest.raises(ends) as closed:
        socket.receive_text(timeout=10)
    assert transport == "socket" or closed.value.code == 1011
    assert [str(failure.exception) for failure in running.runner.take_errors()] == ["in the socket"]


def test_websockets_in_asyncio_and_trio(trial):
    import trio

    running = trial(chat())

    async def talk():
        async with running.async_client() as client, client.websocket("/echo") as socket:
            await socket.send_text("hello")
            return await socket.receive_text(timeout=10)

    assert asyncio.run(talk()) == trio.run(talk) == "got hello"


def test_a_missing_websocket_library_is_explained(trial, monkeypatch):
    import importlib.util

    running = trial(chat())
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "wsproto" else found(name))
    with pytest.raises(ApplicationError) as caught:
        running.client.websocket("/echo")
    assert caught.value.code == "app.websockets-missing"


def test_a_socket_serves_real_http_and_exceptions_are_recorded(trial):
    running = trial(chat(), transport="socket")
    assert running.client.base_url.host == "127.0.0.1"
    with httpx2.Client() as other:
        assert other.get(f"{running.runner.base_url}/raises").status_code == 500
    # The answer is on the wire before the application raises.
    assert running.runner.wait_quiet() == []
    (failure,) = running.runner.take_errors()
    assert (str(failure.exception), failure.request) == ("in the request", "GET /raises")


def test_a_missing_server_is_explained(trial, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(ApplicationError) as caught:
        trial(chat(), transport="socket").runner.start()
    assert caught.value.code == "app.uvicorn-missing"


def test_litestar_exceptions_are_kept(trial):
    litestar = pytest.importorskip("litestar")

    @litestar.get("/raises", sync_to_thread=False)
    def raises() -> None:
        raise ValueError("swallowed")

    @litestar.get("/missing", sync_to_thread=False)
    def missing() -> None:
        raise litestar.exceptions.NotFoundException

    running = trial(litestar.Litestar([raises, missing]))
    response = running.client.get("/raises")
    assert response.status_code == 500
    assert str(response.extensions["seatrial.exception"]) == "swallowed"
    assert len(running.runner.take_errors()) == 1
    assert running.client.get("/missing").status_code == 404
    assert running.runner.take_errors() == []


def flask_app():
    flask = pytest.importorskip("flask")
    app = flask.Flask("shop")
    app.gate = threading.Event()

    @app.post("/echo")
    def echo():
        return {
            "bytes": len(flask.request.data),
            "user": flask.request.headers.get("x-user"),
            "path": flask.request.path,
        }

    @app.get("/raises")
    def raises():
        raise ValueError("swallowed")

    @app.get("/stream")
    def stream():
        def parts():
            yield "first"
            app.gate.wait()
            yield "second"

        return flask.Response(parts())

    return app


def test_flask(trial, transport):
    running = trial(flask_app(), "wsgi", transport=transport)
    alice = running.client.as_user("alice")
    assert alice.post("/echo", content=b"abc").json() == {"bytes": 3, "user": "alice", "path": "/echo"}
    assert running.client.get("/raises").status_code == 500
    assert [str(failure.exception) for failure in running.runner.take_errors()] == ["swallowed"]
    assert running.client.get("/nothing").status_code == 404
    with running.client.stream("GET", "/stream") as response:
        parts = response.iter_raw()
        assert next(parts) == b"first"
        assert [left.kind for left in running.runner.wait_quiet(0)] == ["executor"]
        running.runner.app.gate.set()
        assert next(parts) == b"second"
    assert running.runner.wait_quiet() == []


def test_flask_from_asynchronous_tests(trial):
    running = trial(flask_app(), "wsgi")

    async def ask():
        async def parts():
            yield b"abc"
            yield b"def"

        async with running.async_client() as client:
            answers = await asyncio.gather(*(client.post("/echo", content=b"abc") for _ in range(5)))
            streamed = await client.post("/echo", content=parts())
        return [answer.json()["bytes"] for answer in (*answers, streamed)]

    assert asyncio.run(ask()) == [3, 3, 3, 3, 3, 6]


@pytest.mark.parametrize("kind", ["wsgi", "asgi3"])
def test_django(trial, kind):
    django = pytest.importorskip("django")
    from django.conf import settings
    from django.http import JsonResponse
    from django.urls import path

    def fine(request):
        return JsonResponse({"path": request.path, "user": request.headers.get("x-user")})

    def raises(_):
        raise ValueError("swallowed")

    if not settings.configured:
        settings.configure(
            ALLOWED_HOSTS=["*"], ROOT_URLCONF=(), SECRET_KEY="x", LOGGING_CONFIG=None, USE_TZ=True
        )
        django.setup()
    settings.ROOT_URLCONF = (path("fine/", fine), path("raises/", raises))
    from django.core.asgi import get_asgi_application
    from django.core.wsgi import get_wsgi_application

    app = get_wsgi_application() if kind == "wsgi" else get_asgi_application()
    running = trial(app, kind)
    assert running.client.as_user("alice").get("/fine/").json() == {"path": "/fine/", "user": "alice"}
    response = running.client.get("/raises/")
    assert response.status_code == 500
    assert str(response.extensions["seatrial.exception"]) == "swallowed"
    assert running.runner.wait_quiet() == []


def test_an_exception_that_follows_its_500_is_waited_for(trial):
    async def app(scope, receive, send):
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body"})
        await asyncio.sleep(0.01)
        raise ValueError("afterwards")

    response = trial(app).client.get("/")
    assert str(response.extensions["seatrial.exception"]) == "afterwards"


def test_middleware_that_streams_internally(trial):
    async def boom(_):
        raise KeyError("behind middleware")

    async def fine(_):
        return JSONResponse({"fine": True})

    async def dispatch(request, call_next):
        return await call_next(request)

    app = Starlette(
        routes=[Route("/boom", boom), Route("/fine", fine)],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=dispatch)],
    )
    running = trial(app)
    assert running.client.get("/fine").json() == {"fine": True}
    assert isinstance(running.client.get("/boom").extensions["seatrial.exception"], KeyError)
