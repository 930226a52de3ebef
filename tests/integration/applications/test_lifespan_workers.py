"""Workers of the lifespan that use threads and start further tasks, as queues and schedulers do."""

from __future__ import annotations

from tests.support.project import Project

WORKERS = """
import asyncio
import queue
from contextlib import asynccontextmanager
from fastapi import FastAPI

inbox = queue.Queue()
done = []

async def poll_in_a_thread():
    while True:
        try:
            done.append(await asyncio.to_thread(inbox.get, True, 0.05))
        except queue.Empty:
            continue

async def start_others_late(never):
    await asyncio.sleep(0.05)
    while True:
        inner = asyncio.create_task(never.wait())
        await asyncio.wait([inner])

@asynccontextmanager
async def lifespan(app):
    tasks = [asyncio.create_task(poll_in_a_thread()), asyncio.create_task(start_others_late(asyncio.Event()))]
    yield
    for task in tasks:
        task.cancel()

app = FastAPI(lifespan=lifespan)

@app.post("/work")
async def work(n: int):
    inbox.put(n)

@app.post("/thread")
async def thread():
    asyncio.get_running_loop().run_in_executor(None, inbox_closed.wait, 3)

import threading
inbox_closed = threading.Event()
"""

PYPROJECT = '[tool.seatrial]\napp = "workers:app"\n'


def test_they_are_not_taken_for_what_a_test_left_running(project: Project) -> None:
    tests = """
    import pytest

    @pytest.mark.parametrize("n", range(4))
    def test_work_is_accepted(client, n):
        assert client.post("/work", params={"n": n}).status_code == 200
    """
    project.write({"pyproject.toml": PYPROJECT, "workers.py": WORKERS, "test_workers.py": tests})
    project.pytest().expect(passed=4)


def test_a_job_that_a_request_left_in_a_thread_is_still_named(project: Project) -> None:
    tests = """
    def test_a_thread_is_left(client):
        assert client.post("/thread").status_code == 200
    """
    project.write({"pyproject.toml": PYPROJECT, "workers.py": WORKERS, "test_workers.py": tests})
    result = project.pytest()
    assert "started by POST /thread" in result.output
    assert result.counts == {"failed": 1}, result.output
