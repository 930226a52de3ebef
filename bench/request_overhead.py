"""What a request costs through seatrial's transports, next to other ways to call the same application."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bench.figures import Goal, Section, Table, spread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from fastapi import FastAPI

    from bench.machine import Noise

    Figures = dict[str, list[float]]

WARM_UP = 100
PAUSE_S = 0.004
IN_LOOP = "httpx2.ASGITransport in the same loop"
SYNC = "seatrial, sync client"
ASYNC = "seatrial, async client"
TEST_CLIENT = "Starlette's TestClient"
GOAL_US = 150
ROOT = Path(__file__).resolve().parent.parent


def make_app() -> FastAPI:
    """A FastAPI application with one JSON route."""
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/")
    async def root() -> dict[str, int]:
        return {"answer": 42}

    return app


def timed(call: Callable[[], object], calls: int, pause: float) -> list[float]:
    """Microseconds of each call, with `pause` seconds before each."""
    times = []
    for _ in range(calls):
        time.sleep(pause)
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) * 1e6)
    return times


async def timed_async(call: Callable[[], Awaitable[object]], calls: int, pause: float) -> list[float]:
    """Microseconds of each awaited call, with `pause` seconds before each."""
    times = []
    for _ in range(calls):
        await asyncio.sleep(pause)
        began = time.perf_counter()
        await call()
        times.append((time.perf_counter() - began) * 1e6)
    return times


def medians_of_rounds(rounds: int, calls: int, pause: float) -> Figures:
    """Median microseconds of each way, one figure for each round."""
    import httpx2
    from starlette.testclient import TestClient

    from seatrial.app import AppRunner, AsyncClient, Client, LoadedApp

    def no_headers(_: Any) -> Mapping[str, str]:
        return {}

    app = make_app()
    runner = AppRunner(lambda: LoadedApp(app=app, kind="asgi3", path="bench:app"))
    runner.start()
    url = runner.base_url
    client = Client(transport=runner.sync_transport(), base_url=url, authenticate=no_headers)
    async_client = AsyncClient(transport=runner.async_transport(), base_url=url, authenticate=no_headers)
    in_loop = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://localhost")
    with asyncio.Runner() as loop, TestClient(app) as test_client:
        ways: dict[str, Callable[[int], list[float]]] = {
            IN_LOOP: lambda n: loop.run(timed_async(lambda: in_loop.get("/"), n, pause)),
            SYNC: lambda n: timed(lambda: client.get("/"), n, pause),
            ASYNC: lambda n: loop.run(timed_async(lambda: async_client.get("/"), n, pause)),
            TEST_CLIENT: lambda n: timed(lambda: test_client.get("/"), max(n // 5, 1), pause),
        }
        for run in ways.values():
            run(calls if pause else WARM_UP)
        found: Figures = {way: [] for way in ways}
        for _ in range(rounds):
            for way, run in ways.items():
                found[way].append(statistics.median(run(calls)))
        loop.run(async_client.aclose())
        loop.run(in_loop.aclose())
    client.close()
    runner.stop()
    return found


def measured_in_a_process(rounds: int, calls: int, *, pause: float, cores: set[int] | None) -> Figures:
    """Run `medians_of_rounds` in a fresh process, on these cores or on all."""
    pinned = ",".join(map(str, cores or ()))
    done = subprocess.run(
        [sys.executable, "-m", __spec__.name, str(rounds), str(calls), str(pause), pinned],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    return cast("Figures", json.loads(done.stdout))


def section(rounds: int, calls: int, noise: Noise) -> Section:
    """Measure, explain, and judge."""
    settings: dict[str, tuple[float, set[int] | None]] = {
        "all cores, one request after another": (0, None),
        f"all cores, idle for {PAUSE_S * 1000:.0f} ms before each": (PAUSE_S, None),
    }
    if sys.platform == "linux":
        settings["pinned to one core"] = (0, {min(os.sched_getaffinity(0))})
    tables, goals = [], []
    for title, (pause, cores) in settings.items():
        noise.note()
        found = measured_in_a_process(rounds, calls // 4 if pause else calls, pause=pause, cores=cores)
        tables.append(_table(title, found))
        goals.append(_goal(title, found))
    return Section(
        title="A request",
        method=f"Microseconds of one GET that a FastAPI application answers with JSON; {rounds} interleaved "
        f"rounds of {calls} requests (a quarter where idle), median [least .. most] of the rounds' medians. "
        "The application runs in a thread of its own, so on several cores a request may wake one that "
        "sleeps: after idle time that can cost more than all else here, and differs between machines.",
        tables=tables,
        goals=goals,
    )


def _table(title: str, found: Figures) -> Table:
    base = statistics.median(found[IN_LOOP])
    table = Table(columns=(title, "us", "more", "ratio"))
    for way, values in found.items():
        middle = statistics.median(values)
        table.rows.append((way, spread(values, digits=0), f"{middle - base:+.0f}", f"{middle / base:.2f}"))
    return table


def _goal(title: str, found: Figures) -> Goal:
    slower = max(statistics.median(found[way]) for way in (SYNC, ASYNC))
    more = slower - statistics.median(found[IN_LOOP])
    return Goal(
        text=f"{title}: at most {GOAL_US} us more than {IN_LOOP}",
        found=f"{more:+.0f} us with the slower client",
        met=more <= GOAL_US,
    )


if __name__ == "__main__":
    ROUNDS, CALLS, PAUSE, CORES = sys.argv[1:]
    if CORES:
        os.sched_setaffinity(0, {int(core) for core in CORES.split(",")})
    print(json.dumps(medians_of_rounds(int(ROUNDS), int(CALLS), float(PAUSE))))
