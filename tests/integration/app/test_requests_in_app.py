"""Requests from threads and from any event loop, answered as a server would answer them."""

from __future__ import annotations

import asyncio
import contextvars
import os
import re
import signal
import threading
import time

import httpx2
import pytest
from fastapi import BackgroundTasks, FastAPI, Request
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse

from seatrial.errors import ApplicationError

FROM_TEST = contextvars.ContextVar("from_test", default=None)


def shop():
    """An application with one route for each thing that can be special about a response."""
    app = FastAPI()
    app.state.seen = []
    app.state.go_on = asyncio.Event()
    app.state.began = threading.Event()

    @app.get("/scope")
    async def scope(request: Request):
        plain = {
            k: v for k, v in request.scope.items() if k in ("root_path", "path", "scheme", "http_version")
        }
        raw = request.scope["raw_path"].decode()
        return plain | {
            "raw": raw, "query": request.scope["query_string"].decode(), "port": request.client.port,
            "spec": request.scope["asgi"]["spec_version"], "context": FROM_TEST.get(),
            "thread": threading.current_thread().name,
        }  # fmt: skip

    @app.get("/caf%C3%A9/{name}")
    @app.get("/café/{name}")
    async def named(name: str):
        return name

    @app.get("/threaded")
    def threaded():
        return threading.get_ident()

    @app.post("/echo")
    async def echo(request: Request):
        return {"bytes": len(await request.body()), "type": request.headers.get("content-type")}

    @app.post("/refuse")
    async def refuse():
        return JSONResponse({"detail": "too large"}, status_code=413)

    @app.get("/wait")
    async def wait(request: Request):
        app.state.began.set()
        while not await request.is_disconnected():  # noqa: ASYNC110 - Starlette offers a question, no event
            await asyncio.sleep(0)
        app.state.seen.append("disconnected")
        return "too late"

    @app.get("/stream")
    async def stream():
        async def parts():
            try:
                yield b"first"
                await app.state.go_on.wait()
                yield b"second"
            finally:
                app.state.seen.append("stream closed")

        return StreamingResponse(parts())

    @app.get("/large")
    async def large():
        async def parts():
            for number in range(640):
                app.state.seen.append(number)
                yield b"x" * 8192

        return StreamingResponse(parts())

    @app.get("/background")
    async def background(tasks: BackgroundTasks):
        tasks.add_task(app.state.go_on.wait)
        return "answered"

    @app.get("/raises")
    async def raises():
        raise ValueError("the cause")

    @app.get("/breaks")
    async def breaks():
        async def parts():
            yield b"half"
            raise ValueError("in the middle")

        return StreamingResponse(parts())

    @app.api_route("/head", methods=["HEAD", "GET"])
    async def head():
        return PlainTextResponse("body")

    @app.get("/exit")
    async def leave():
        raise SystemExit(3)

    return app


@pytest.fixture
def running(trial):
    return trial(shop())


def release(running):
    running.runner.run(_set(running.runner.app.state.go_on))


async def _set(event):
    event.set()


def test_the_scope_is_a_servers(running):
    FROM_TEST.set("leaked")
    first = running.client.get("/scope?a=b%20c").json()
    second = running.client.get("/scope").json()
    assert first["query"] == "a=b%20c"
    assert (first["root_path"], first["scheme"], first["http_version"], first["spec"]) == (
        "",
        "http",
        "1.1",
        "2.3",
    )
    assert first["context"] is None
    assert first["thread"] == "seatrial-app"
    assert first["port"] != second["port"]
    assert running.client.get("/café/olé").json() == "olé"


def test_bodies_of_every_kind_arrive(running):
    client = running.client
    assert client.post("/echo", content=b"abc").json()["bytes"] == 3
    assert client.post("/echo", content=(b"x" * 1000 for _ in range(50))).json()["bytes"] == 50_000
    assert client.post("/echo", content=iter([])).json()["bytes"] == 0
    form = client.post("/echo", files={"file": ("a.txt", b"y" * 200_000)}).json()
    assert form["bytes"] > 200_000
    assert form["type"].startswith("multipart/form-data")


def test_an_early_answer_ends_the_upload(running):
    taken = []

    def parts():
        for number in range(10_000):
            taken.append(number)
            yield b"x" * 1000

    assert running.client.post("/refuse", content=parts()).status_code == 413
    assert len(taken) < 10_000


def test_a_response_is_there_before_background_work_ends(running):
    assert running.client.get("/background").json() == "answered"
    (left,) = running.runner.wait_quiet(0)
    assert (left.kind, left.request) == ("request", "GET /background")
    release(running)
    assert running.runner.wait_quiet() == []


def test_parts_arrive_while_the_rest_is_not_written(running):
    with running.client.stream("GET", "/stream") as response:
        parts = response.iter_raw()
        assert next(parts) == b"first"
        release(running)
        assert next(parts) == b"second"


def test_closing_a_stream_disconnects(running):
    with running.client.stream("GET", "/stream") as response:
        assert next(response.iter_raw()) == b"first"
    assert running.runner.wait_quiet() == []
    assert running.runner.app.state.seen == ["stream closed"]


def test_nobody_reading_holds_the_application_back(running):
    with running.client.stream("GET", "/large") as response:
        assert {left.request for left in running.runner.wait_quiet(0.05)} == {"GET /large"}
        assert len(running.runner.app.state.seen) < 20
        assert sum(len(part) for part in response.iter_raw()) == 640 * 8192


def test_a_timeout_is_the_tests_and_the_application_goes_on(running):
    with pytest.raises(httpx2.ReadTimeout, match="GET /wait"):
        running.client.get("/wait", timeout=0.05)
    assert running.runner.wait_quiet() == []
    assert running.runner.app.state.seen == ["disconnected"]


def test_no_timeout_ends_while_a_debugger_is_open(running):
    client, ended = running.client, []
    running.runner.suspended = True

    def ask():
        with pytest.raises(httpx2.ReadTimeout):
            client.get("/wait", timeout=0.02)
        ended.append("timeout")

    asking = threading.Thread(target=ask)
    asking.start()
    asking.join(0.2)
    assert ended == []
    running.runner.suspended = False
    asking.join()
    assert ended == ["timeout"]


@pytest.mark.parametrize("path", ["/raises", "/exit"])
def test_an_exception_is_a_500_and_kept_with_its_traceback(running, path):
    response = running.client.get(path)
    assert response.status_code == 500
    error = response.extensions["seatrial.exception"]
    (failure,) = running.runner.take_errors()
    assert failure.exception is error
    assert failure.request == f"GET {path}"
    assert __file__ in failure.describe()
    assert "seatrial/app" not in failure.describe()
    assert running.runner.take_errors() == []
    assert running.client.get("/head").status_code == 200


def test_a_failure_in_the_middle_breaks_the_connection(running):
    with pytest.raises(httpx2.RemoteProtocolError) as caught:
        running.client.get("/breaks")
    assert "in the middle" in str(running.runner.last_error().exception)
    assert caught.value.__cause__ is not None


def test_head_has_no_body(running):
    response = running.client.head("/head")
    assert (response.content, response.headers["content-length"]) == (b"", "4")


async def _use(running):
    async with running.async_client() as client:
        assert (await client.as_user("alice").get("/scope")).status_code == 200

        async def parts():
            for _ in range(20):
                yield b"x" * 100

        assert (await client.post("/echo", content=parts())).json()["bytes"] == 2000
        assert len((await client.get("/large")).content) == 640 * 8192
        with pytest.raises(httpx2.ReadTimeout):
            await client.get("/wait", timeout=0.05)
        return await running.runner.run_in_app(asyncio.sleep(0, "from the application's loop"))


def test_one_application_serves_threads_asyncio_and_trio(running):
    import trio

    assert asyncio.run(_use(running)) == trio.run(_use, running) == "from the application's loop"
    assert running.runner.run_in_app(asyncio.sleep(0, "blocking")) == "blocking"
    threads = set()
    calls = [
        threading.Thread(target=lambda: threads.add(running.client.get("/threaded").json())) for _ in range(4)
    ]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert threading.get_ident() not in threads
    assert threads


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        (asyncio.sleep, r"Call it: run_in_app\(sleep\(\.\.\.\)\)"),
        (time.monotonic, "call it in the test itself"),
    ],
)
def test_what_cannot_be_awaited(running, given, remedy):
    with pytest.raises(ApplicationError, match=r"expects a coroutine, found (sleep|monotonic)") as refused:
        running.runner.run_in_app(given)
    assert re.search(remedy, str(refused.value))


@pytest.mark.asyncio
async def test_under_pytest_asyncio(running):
    assert await _use(running) == "from the application's loop"


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_under_anyio(running, anyio_backend):
    assert await _use(running) == "from the application's loop"


def test_cancelling_a_request_disconnects(running):
    async def run():
        async with running.async_client() as client:
            call = asyncio.create_task(client.get("/wait"))
            await asyncio.to_thread(running.runner.app.state.began.wait)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call

    began = running.client.get("/scope")
    assert began.status_code == 200
    asyncio.run(run())
    assert running.runner.wait_quiet() == []
    assert running.runner.app.state.seen == ["disconnected"]


def test_a_call_from_the_applications_own_thread_is_refused(running):
    async def call_home():
        return running.client.get("/scope")

    with pytest.raises(ApplicationError) as caught:
        running.runner.run(call_home())
    assert caught.value.code == "app.deadlock"


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_is_told_that_it_has_no_application(running):
    client = running.client
    assert client.get("/scope").status_code == 200
    child = os.fork()
    if child == 0:
        try:
            client.get("/scope", timeout=5)
        except ApplicationError as error:
            os._exit(0 if error.code == "app.forked" else 2)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_frozen_time_does_not_stop_the_application(running, monkeypatch):
    client = running.client
    assert client.get("/scope").status_code == 200
    frozen = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: frozen)
    assert running.runner.run(asyncio.sleep(0.01, "awake")) == "awake"
    with pytest.raises(httpx2.ReadTimeout):
        client.get("/wait", timeout=0.05)
    assert running.runner.wait_quiet() == []


def test_errors_of_a_coroutine_reach_the_test(running):
    async def fail():
        raise LookupError("in the app")

    with pytest.raises(LookupError, match="in the app"):
        running.runner.run(fail())
    assert running.runner.take_errors() == []


def test_an_interrupt_reaches_a_test_that_waits_for_an_answer(running):
    client, began = running.client, running.runner.app.state.began

    def interrupt():
        began.wait()
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    helper = threading.Thread(target=interrupt)
    helper.start()
    with pytest.raises(KeyboardInterrupt):
        client.get("/wait", timeout=None)
    helper.join()
    assert running.runner.wait_quiet() == []
    assert running.runner.app.state.seen == ["disconnected"]


def test_a_held_loop_does_nothing_until_it_is_released(running):
    assert running.client.get("/scope").status_code == 200
    seen = []

    async def note():
        seen.append("ran")

    with running.runner.held():
        caller = threading.Thread(target=running.runner.run, args=(note(),))
        caller.start()
        caller.join(0.05)
        assert seen == []
    caller.join()
    assert seen == ["ran"]
