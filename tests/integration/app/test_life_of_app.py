"""Start-up, shutdown and what keeps an application from being quiet."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
import time

import pytest
from fastapi import FastAPI, Request

from seatrial.app import AppRunner, LoadedApp
from seatrial.errors import ApplicationError


def with_lifespan(before, after=None):
    @contextlib.asynccontextmanager
    async def lifespan(app):
        await before(app)
        yield {"shared": "state"}
        if after:
            await after(app)

    return FastAPI(lifespan=lifespan)


async def nothing(_):
    """Start at once."""


def work_for(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def start_error(trial, app, **options):
    with pytest.raises(ApplicationError) as caught:
        trial(app, **options).runner.start()
    return caught.value


def test_startup_and_shutdown_run_once_in_one_task_and_state_is_copied(trial):
    seen = []

    async def note(_):
        seen.append(asyncio.current_task())

    app = with_lifespan(note, note)

    @app.get("/state")
    async def state(request: Request):
        request.state.own = "mine"
        return dict(request.scope["state"])

    running = trial(app)
    assert running.client.get("/state").json() == {"shared": "state", "own": "mine"}
    assert running.client.get("/state").json() == {"shared": "state", "own": "mine"}
    running.runner.start()
    running.close()
    assert len(seen) == 2
    assert seen[0] is seen[1]


def test_an_application_without_lifespan_is_left_alone(trial):
    async def app(scope, receive, send):
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    assert trial(app).client.get("/").status_code == 204


async def failing(_):
    raise LookupError("no such setting")


def test_a_failing_startup_shows_the_applications_traceback(trial):
    error = start_error(trial, with_lifespan(failing))
    assert error.code == "app.startup-failed"
    assert "LookupError: no such setting" in error.detail
    assert __file__ in error.detail


def test_a_bare_lifespan_that_raises_is_no_unsupported_one(trial):
    async def app(scope, receive, send):
        await receive()
        raise LookupError("bare")

    error = start_error(trial, app)
    assert error.code == "app.startup-failed"
    assert "LookupError: bare" in error.detail


def test_a_suspended_startup_is_shown_where_it_waits(trial):
    async def wait_for_ever(_):
        await asyncio.Event().wait()

    error = start_error(trial, with_lifespan(wait_for_ever), startup_timeout=0.3)
    assert error.code == "app.startup-hangs"
    assert "wait_for_ever" in error.detail
    assert "loop is free" in error.detail


def test_a_blocked_startup_is_shown_where_it_blocks(trial):
    gate = threading.Event()

    async def block_for_ever(_):
        gate.wait()

    running = trial(with_lifespan(block_for_ever), startup_timeout=0.3)
    timer = threading.Timer(2, gate.set)
    timer.start()
    with pytest.raises(ApplicationError) as caught:
        running.runner.start()
    gate.set()
    timer.cancel()
    timer.join()
    assert "blocked here" in caught.value.detail
    assert "block_for_ever" in caught.value.detail


def test_a_startup_that_is_at_work_is_not_taken_for_a_stuck_one(trial):
    async def work(_):
        work_for(1.0)

    runner = trial(with_lifespan(work), startup_timeout=0.8).runner
    runner.start()
    assert runner.is_running


def test_time_in_a_debugger_is_no_time_of_the_startup(trial):
    async def be_looked_at_and_go_on(_):
        runner.suspended = True
        work_for(1.2)
        runner.suspended = False
        work_for(0.2)

    runner = trial(with_lifespan(be_looked_at_and_go_on), startup_timeout=0.1).runner
    runner.start()
    assert runner.is_running


def test_a_startup_that_goes_round_in_circles_ends(trial):
    gate = threading.Event()

    async def go_round_in_circles(_):
        while not gate.is_set():
            pass

    running = trial(with_lifespan(go_round_in_circles), startup_timeout=0.1)
    try:
        with pytest.raises(ApplicationError) as caught:
            running.runner.start()
    finally:
        gate.set()
    assert caught.value.code == "app.startup-hangs"
    assert "go_round_in_circles" in caught.value.detail


@pytest.mark.parametrize("way", ["loop", "signal"])
def test_a_signal_handler_is_explained(trial, way):
    async def install(_):
        if way == "loop":
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, print)
        else:
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)

    assert start_error(trial, with_lifespan(install)).code == "app.signal-handler"


def test_an_application_may_guard_its_signal_handler(trial):
    async def install(_):
        with contextlib.suppress(NotImplementedError, RuntimeError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, print)

    assert trial(with_lifespan(install)).client.get("/nothing").status_code == 404


def test_an_import_error_is_the_applications_own():
    def load():
        raise LookupError("their module")

    runner = AppRunner(load)
    with pytest.raises(LookupError, match="their module"):
        runner.start()
    with pytest.raises(LookupError):
        runner.start()


def test_the_application_is_imported_in_its_own_thread_with_its_loop_set():
    seen = {}

    def load():
        seen["loop"] = asyncio.get_event_loop()
        seen["thread"] = threading.current_thread().name
        return LoadedApp(app=with_lifespan(nothing), kind="asgi3", path="x:y")

    runner = AppRunner(load)
    runner.start()
    try:
        assert runner.run(_running_loop()) is seen["loop"]
        assert seen["thread"] == "seatrial-app"
    finally:
        runner.stop()


async def _running_loop():
    return asyncio.get_running_loop()


def test_a_failing_shutdown_is_told(trial):
    runner = trial(with_lifespan(nothing, failing)).runner
    runner.start()
    with pytest.raises(ApplicationError) as caught:
        runner.stop()
    assert caught.value.code == "app.shutdown-failed"
    assert "no such setting" in caught.value.detail


def test_what_resists_being_stopped_is_named(trial):
    async def stubborn():
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(3600)

    async def begin(app):
        app.state.task = asyncio.create_task(stubborn())

    runner = trial(with_lifespan(begin)).runner
    runner.start()
    with pytest.raises(ApplicationError) as caught:
        runner.stop()
    assert caught.value.code == "app.stop-incomplete"
    assert "stubborn" in caught.value.detail


def busy():
    """An application that leaves work behind in every way."""
    app = FastAPI()
    gate = app.state.gate = threading.Event()

    async def worker(app):
        while True:
            event = await app.state.queue.get()
            await event.wait()
            app.state.done = True

    async def begin(app):
        app.state.queue = asyncio.Queue()
        app.state.worker = asyncio.create_task(worker(app))

    async def end(app):
        app.state.worker.cancel()

    app = with_lifespan(begin, end)
    app.state.gate = gate

    async def forgotten():
        await asyncio.sleep(3600)

    @app.get("/task")
    async def task():
        app.state.kept = asyncio.create_task(forgotten())

    @app.get("/job")
    async def job():
        asyncio.get_running_loop().run_in_executor(None, gate.wait)

    @app.get("/worker")
    async def give_work():
        app.state.event = asyncio.Event()
        app.state.queue.put_nowait(app.state.event)

    return app


def test_an_application_that_has_just_started_is_quiet_at_once(trial):
    runner = trial(busy()).runner
    runner.start()
    assert runner._quiescence.is_quiet()


def test_a_forgotten_task_is_named_and_cancelled(trial):
    running = trial(busy())
    assert running.client.get("/task").status_code == 200
    (left,) = running.runner.wait_quiet(0.05)
    assert (left.kind, left.request) == ("task", "GET /task")
    assert left.name.endswith("forgotten")
    assert __file__ in left.created_at
    assert any("forgotten" in place for place in left.await_chain)
    assert "started by GET /task" in left.describe()
    assert running.runner.cancel([left], 1) == []
    assert running.runner.wait_quiet(0) == []


def test_a_job_in_a_thread_is_named_and_cannot_be_cancelled(trial):
    running = trial(busy())
    assert running.client.get("/job").status_code == 200
    (left,) = running.runner.wait_quiet(0.05)
    assert (left.kind, left.request) == ("executor", "GET /job")
    assert __file__ in left.created_at
    assert running.runner.cancel([left], 0.05) == [left]
    running.runner.app.state.gate.set()
    assert running.runner.wait_quiet() == []


def test_work_given_to_a_worker_of_the_lifespan_is_waited_for(trial):
    running = trial(busy())
    client, runner = running.client, running.runner
    assert runner.wait_quiet(0) == []
    client.get("/worker")
    found = []

    def wait():
        found.append((runner.wait_quiet(30), getattr(runner.app.state, "done", False)))

    waiting = threading.Thread(target=wait)
    waiting.start()
    waiting.join(0.05)
    assert found == []

    async def finish():
        runner.app.state.event.set()

    runner.run(finish())
    waiting.join()
    assert found == [([], True)]


def test_the_http_log_is_quiet_only_while_an_application_runs(trial):
    before = logging.getLogger("httpx2").level
    running = trial(busy())
    running.runner.start()
    assert logging.getLogger("httpx2").level == logging.WARNING
    running.close()
    assert logging.getLogger("httpx2").level == before


def test_two_threads_that_come_first_start_one_application(trial):
    started = []

    async def note(_):
        started.append("started")

    running = trial(with_lifespan(note))
    clients = [threading.Thread(target=lambda: running.client.get("/nothing")) for _ in range(4)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert started == ["started"]


def test_a_runner_may_start_again_after_it_was_stopped(trial):
    started = []

    async def note(_):
        started.append("started")

    running = trial(with_lifespan(note))
    assert running.client.get("/nothing").status_code == 404
    running.runner.stop()
    assert not running.runner.is_running
    assert running.client.get("/nothing").status_code == 404
    assert started == ["started", "started"]
