"""The same tests under every way to run asynchronous ones, and under none."""

from __future__ import annotations

import pytest

from tests.support.project import SHOP, Project

APPLICATION = (
    SHOP
    + """
from fastapi import WebSocket
from fastapi.responses import StreamingResponse

@app.get("/stream")
async def stream():
    async def lines():
        for row in await app.state.pool.fetch("select n::text from generate_series(1, 3) as n"):
            yield row["n"] + "\\n"
    return StreamingResponse(lines())

@app.websocket("/echo")
async def echo(websocket: WebSocket):
    await websocket.accept()
    await websocket.send_text("echo " + await websocket.receive_text())
    await websocket.close()
"""
)

SYNC = """
import pytest

def test_sync_client(client, db):
    assert client.post("/orders", params={"item": "anchor"}).json() == {"id": 1}
    assert db.rows("select item from orders") == [{"item": "anchor"}]
    with client.stream("GET", "/stream") as answer:
        assert list(answer.iter_lines()) == ["1", "2", "3"]
    with client.websocket("/echo") as socket:
        socket.send_text("ahoy")
        assert socket.receive_text() == "echo ahoy"

def test_sync_run_in_app(run_in_app, app):
    assert run_in_app(app.state.pool.fetchval("select 1")) == 1
"""

ASYNC = """
import pytest
{mark}

@pytest.mark.parametrize("turn", (1, 2))
async def test_async_client(async_client, client, db, turn):
    assert (await async_client.post("/orders", params={{"item": "rope"}})).json() == {{"id": 1}}
    assert client.get("/orders").json() == ["rope"]
    assert db.scalar("select item from orders") == "rope"
    async with async_client.stream("GET", "/stream") as answer:
        assert [line async for line in answer.aiter_lines()] == ["1", "2", "3"]
    async with async_client.websocket("/echo") as socket:
        await socket.send_text("ahoy")
        assert await socket.receive_text() == "echo ahoy"

async def test_async_run_in_app(run_in_app, app):
    assert await run_in_app(app.state.pool.fetchval("select 1")) == 1
"""

ASYNCIO, ANYIO = ("-p", "pytest_asyncio.plugin"), ("-p", "anyio.pytest_plugin")
TWO_BACKENDS = """
import pytest

@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param
"""


@pytest.mark.parametrize(
    ("arguments", "mark", "conftest", "tests"),
    [
        ((*ASYNCIO, "--asyncio-mode=strict"), "pytestmark = pytest.mark.asyncio", "", 3),
        ((*ASYNCIO, "--asyncio-mode=auto"), "", "", 3),
        (ANYIO, "pytestmark = pytest.mark.anyio", TWO_BACKENDS, 6),
    ],
    ids=["asyncio-strict", "asyncio-auto", "anyio-on-both-backends"],
)
def test_async_and_sync_tests_run_side_by_side(
    project: Project, arguments: tuple[str, ...], mark: str, conftest: str, tests: int
) -> None:
    project.shop(SYNC, **{"shop.py": APPLICATION, "test_async.py": ASYNC.format(mark=mark)})
    project.write(
        {"conftest.py": conftest, "pytest.ini": "[pytest]\nasyncio_default_fixture_loop_scope=function\n"}
    )
    if "anyio" in mark:
        (project.root / "pytest.ini").unlink()
    result = project.pytest(*arguments).expect(passed=2 + tests)
    assert f"{2 + tests} used seatrial" in result.output


def test_sync_tests_need_no_plugin(project: Project) -> None:
    project.shop(SYNC, **{"shop.py": APPLICATION}).pytest().expect(passed=2)
