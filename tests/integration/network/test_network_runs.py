"""The guard in a team's run: which test fails, what it says, and who is let alone."""

from __future__ import annotations

import re

import pytest

from tests.support.project import Project

PYPROJECT = """
[tool.seatrial]
app = "desk:app"
"""

DESK = """
import asyncio
import os
import threading
from contextlib import asynccontextmanager, suppress

import httpx2
from fastapi import FastAPI

def report():
    with suppress(OSError):
        import socket
        socket.create_connection(("start-up.example.com", 443))

@asynccontextmanager
async def lifespan(app):
    if "TELEMETRY" in os.environ:
        thread = threading.Thread(target=report, name="telemetry")
        thread.start()
        thread.join()
    yield

app = FastAPI(lifespan=lifespan)

@app.get("/swallowed")
async def swallowed(host: str):
    async with httpx2.AsyncClient() as client:
        with suppress(httpx2.ConnectError):
            await asyncio.wait_for(client.get(f"https://{host}/"), 30)
    return "fine"

@app.get("/sync")
def sync(host: str):
    return httpx2.get(f"https://{host}/").text
"""

TESTS = """
import socket
import pytest

def reach(host):
    with pytest.raises(OSError):
        socket.create_connection((host, 25))

@pytest.fixture(scope="module")
def wide():
    reach("wide.example.com")

@pytest.fixture
def ends_badly(client):
    yield
    reach("teardown.example.com")

@pytest.fixture
def breaks(client):
    socket.create_connection(("192.0.2.1", 25))

@pytest.mark.parametrize("host", ["payments.example.com", "192.0.2.9"])
def test_swallowed(client, host):
    assert client.get("/swallowed", params={"host": host}).json() == "fine"

def test_raised(client):
    assert client.get("/sync", params={"host": "sync.example.com"}).status_code == 500

def test_innocent(client):
    assert client.get("/sync").status_code == 422

def test_with_a_wide_fixture(client, wide):
    assert client

def test_with_a_teardown(ends_badly):
    assert True

def test_with_a_fixture_that_breaks(breaks):
    assert True

def test_foreign():
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.connect(("192.0.2.1", 9))  # of a datagram socket: nothing is sent
    assert True
"""


@pytest.fixture
def desk(project: Project) -> Project:
    return project.write({"pyproject.toml": PYPROJECT, "desk.py": DESK, "test_desk.py": TESTS})


def test_every_way_to_another_machine_fails_the_test_that_took_it(desk):
    result = desk.pytest("-p", "no:randomly", HTTPS_PROXY="", HTTP_PROXY="", ALL_PROXY="")
    output = result.output
    result.expect(1, passed=3, failed=3, error=3)
    failed = [
        line.partition(" - ")[0] for line in output.splitlines() if line.startswith(("FAILED", "ERROR"))
    ]
    assert failed == [
        "FAILED test_desk.py::test_swallowed[payments.example.com]",
        "FAILED test_desk.py::test_swallowed[192.0.2.9]",
        "FAILED test_desk.py::test_raised",
        "ERROR test_desk.py::test_with_a_wide_fixture",
        "ERROR test_desk.py::test_with_a_teardown",
        "ERROR test_desk.py::test_with_a_fixture_that_breaks",
    ]
    assert "this test tried to reach other machines" in output
    line = DESK[: DESK.index("await asyncio.wait_for")].count("\n")
    for host in ("payments.example.com", "192.0.2.9"):
        place = re.escape(f"{desk.root / 'desk.py'}:{line} swallowed")
        assert re.search(rf"  {re.escape(host)}:443, in the thread '[^']+', from\n    {place}\n", output)
    assert "  sync.example.com:443, in the thread " in output
    assert "the fixture 'wide' of module scope tried to reach other machines" in output
    assert "the teardown of this test tried to reach other machines" in output
    assert "the setup of this test tried to reach other machines" in output
    assert "seatrial keeps tests on this machine: 192.0.2.1:25 was not asked" in output


def test_a_start_up_that_reaches_out_is_told_before_the_first_test(desk):
    output = desk.pytest(TELEMETRY="1").expect(4).output
    assert "the start-up of the application tried to reach other machines" in output
    assert "  start-up.example.com:443, in the thread 'telemetry', from" in output
    assert f"{desk.root / 'desk.py'}:" in output
    assert "network.remote-host" in output
