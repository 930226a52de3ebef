"""What a request costs through seatrial's transports, next to other ways to call the same application.

Run ``python bench/request_overhead.py``. Each way is measured in interleaved rounds, in a process of its own:
once free to use all cores and once pinned to one, because waking an idle core dominates the difference.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS, CALLS, WARM_UP = 7, 150, 100
WAYS = ("ASGITransport, same loop", "seatrial, sync client", "seatrial, async client", "Starlette TestClient")
GOAL_US = 150


def make_app():
    """A FastAPI application with one JSON route."""
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/")
    async def root() -> dict[str, int]:
        return {"answer": 42}

    return app


def measure(call: Callable[[], object], calls: int) -> list[float]:
    """Return microseconds per call."""
    times = []
    for _ in range(calls):
        begin = time.perf_counter()
        call()
        times.append((time.perf_counter() - begin) * 1e6)
    return times


async def measure_async(call, calls: int) -> list[float]:
    """Return microseconds per awaited call."""
    times = []
    for _ in range(calls):
        begin = time.perf_counter()
        await call()
        times.append((time.perf_counter() - begin) * 1e6)
    return times


def medians(rounds: int = ROUNDS, calls: int = CALLS) -> dict[str, float]:
    """Return the median microseconds of each way, measured in interleaved rounds."""
    import httpx2
    from starlette.testclient import TestClient

    from seatrial.app import AppRunner, AsyncClient, Client, LoadedApp

    app = make_app()
    runner = AppRunner(lambda: LoadedApp(app=app, kind="asgi3", path="bench:app"))
    runner.start()
    options = {"base_url": runner.base_url, "authenticate": lambda _: {}}
    client = Client(transport=runner.sync_transport(), **options)
    async_client = AsyncClient(transport=runner.async_transport(), **options)
    same_loop = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://localhost")
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    with asyncio.Runner() as loop, TestClient(app) as test_client:
        ways = {
            WAYS[0]: lambda n: loop.run(measure_async(lambda: same_loop.get("/"), n)),
            WAYS[1]: lambda n: measure(lambda: client.get("/"), n),
            WAYS[2]: lambda n: loop.run(measure_async(lambda: async_client.get("/"), n)),
            WAYS[3]: lambda n: measure(lambda: test_client.get("/"), max(n // 5, 1)),
        }
        for run in ways.values():
            run(WARM_UP)
        for _ in range(rounds):
            for way, run in ways.items():
                found[way] += run(calls)
        loop.run(async_client.aclose())
        loop.run(same_loop.aclose())
    client.close()
    runner.stop()
    return {way: statistics.median(times) for way, times in found.items()}


def measured_in_a_process(*, pinned: bool) -> dict[str, float]:
    """Run :func:`medians` in a fresh process, on one core or on all."""
    done = subprocess.run(
        [sys.executable, __file__, "--pinned" if pinned else "--free"],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def main() -> None:
    """Print both tables and the difference to the first way."""
    for title, pinned in (("free to use all cores", False), ("pinned to one core", True)):
        if pinned and not hasattr(os, "sched_setaffinity"):
            print(f"{title}: this system cannot pin")
            continue
        result = measured_in_a_process(pinned=pinned)
        base = result[WAYS[0]]
        print(f"{title} (median microseconds per request, goal: at most +{GOAL_US})")
        for way, value in result.items():
            print(f"  {way:28} {value:7.0f}  {value - base:+7.0f}")


if __name__ == "__main__":
    if "--pinned" in sys.argv:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if "--pinned" in sys.argv or "--free" in sys.argv:
        print(json.dumps(medians()))
    else:
        main()
