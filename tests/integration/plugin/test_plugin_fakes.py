"""Fakes in a user's suite: what they hold against a test fails that test, and only that one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

PYPROJECT = """
[tool.seatrial]
app = "desk:app"
[tool.seatrial.env]
MODEL_URL = "{fakes.model.url}"
SSL_CERT_FILE = "{fakes.ca_file}"
[tool.seatrial.fakes]
model = { kind = "openai", https = true }
"""
DESK = """
import os
import httpx2
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

async def ask(request):
    path = request.query_params.get("path", "/v1/chat/completions")
    headers = {"Authorization": "Bearer k"}
    async with httpx2.AsyncClient(base_url=os.environ["MODEL_URL"], headers=headers) as model:
        answer = await model.post(path, json=await request.json())
    return JSONResponse({"status": answer.status_code, "answer": answer.json()})

app = Starlette(routes=[Route("/ask", ask, methods=["POST"])])
"""
TESTS = """
BODY = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}

def test_a_agrees(client, fakes):
    fakes.model.reply("good day")
    answer = client.post("/ask", json=BODY).json()
    assert answer["answer"]["choices"][0]["message"]["content"] == "good day"
    fakes.model.assert_called(times=1)

def test_b_asks_for_what_nobody_expects(client):
    assert client.post("/ask?path=/v1/unheard-of", json=BODY).json()["status"] == 501

def test_c_starts_empty(client, fakes):
    assert fakes.model.calls() == []
    assert client.post("/ask", json=BODY).json()["status"] == 200

def test_d_scripts_a_fault_that_nothing_meets(client, fakes):
    fakes.model.fail(503, times=2)
    assert client.post("/ask", json=BODY).json()["status"] == 503

def test_e_starts_without_the_fault(client):
    assert client.post("/ask", json=BODY).json()["status"] == 200

def test_f_fails_on_its_own_and_is_told_why(client, fakes):
    fakes.model.reply("nobody comes to ask for this")
    assert client.post("/ask?path=/v1/unheard-of", json=BODY).json()["status"] == 200

def test_g_asks_while_it_is_cleaned_up(client, cleaning):
    assert client.post("/ask", json=BODY).json()["status"] == 200
"""
CONFTEST = """
import pytest

@pytest.fixture
def cleaning(client):
    yield
    client.post("/ask?path=/v1/at-the-end", json={})
"""


@pytest.fixture
def desk(tmp_path: Path) -> Project:
    project = Project(tmp_path / "desk", tmp_path / "cache")
    files = {"pyproject.toml": PYPROJECT, "desk.py": DESK, "conftest.py": CONFTEST, "test_desk.py": TESTS}
    return project.write(files)


def test_a_disagreement_fails_the_test_that_has_it(desk: Project) -> None:
    result = desk.pytest("-p", "no:randomly").expect(1, passed=4, failed=3, error=1)
    output = result.output
    assert "model: it was asked what it does not serve: POST /v1/unheard-of" in output
    assert "model: nothing met the scripted fail(503)" in output
    assert result.errors("model: nothing met") == 1, "a test that failed half way has reasons for that"
    assert "model: it was asked what it does not serve: POST /v1/at-the-end" in output
    assert "ERROR at teardown of test_g_asks_while_it_is_cleaned_up" in output
    for name in ("test_b_asks", "test_d_scripts", "test_f_fails"):
        assert f"FAILED test_desk.py::{name}" in output


LEFT_RUNNING = """
import asyncio

async def ask_and_forget(request):
    await ask(request)
    request.app.state.forgotten = asyncio.create_task(asyncio.sleep(3600))
    return JSONResponse({})

app.routes.append(Route("/forget", ask_and_forget, methods=["POST"]))
"""


def test_a_test_that_fails_in_two_ways_is_told_of_both(desk: Project) -> None:
    test = """
def test_it(client):
    assert client.post("/forget?path=/v1/unheard-of", json={}).status_code == 200
"""
    desk.write({"desk.py": DESK + LEFT_RUNNING, "test_desk.py": test})
    output = desk.pytest().expect(1, failed=1).output
    assert "[app.left-running]" in output
    assert "model: it was asked what it does not serve: POST /v1/unheard-of" in output


def test_workers_have_fakes_of_their_own(desk: Project) -> None:
    many = """
import pytest

@pytest.mark.parametrize("n", range(20))
def test_each_gets_its_own_reply(client, fakes, n):
    fakes.model.reply(f"reply {n}")
    body = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
    assert client.post("/ask", json=body).json()["answer"]["choices"][0]["message"]["content"] == f"reply {n}"
    fakes.model.assert_called(times=1, attempts=1)
"""
    desk.write({"test_desk.py": many})
    desk.pytest("-p", "no:asyncio", "-n", "2", plugins=True).expect(0, passed=20)


ASKS_AT_START = """
from contextlib import asynccontextmanager

@asynccontextmanager
async def lifespan(app):
    async with httpx2.AsyncClient(base_url=os.environ["MODEL_URL"]) as model:
        answer = await model.get("/v1/quota")
    {then}
    yield

app = Starlette(lifespan=lifespan)
"""


@pytest.mark.parametrize("then", ["pass", "answer.raise_for_status()"])
def test_what_nobody_serves_at_the_start_stops_the_run(desk: Project, then: str) -> None:
    desk.write({"desk.py": DESK + ASKS_AT_START.format(then=then)})
    result = desk.pytest()
    assert result.status == 4, result.output
    assert "model: it was asked what it does not serve: GET /v1/quota" in result.output
    assert "passed" not in result.output


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ("opnai = {}", "did you mean 'openai'?"),
        ('model = { kind = "opnai" }', "did you mean 'openai'?"),
        ("model = {}", 'model = { kind = "http" }'),
        ("openai = { prot = 80 }", "expects the options api_key, found prot"),
        ('openai = { https = "yes" }', "expects https as true or false, found 'yes'"),
    ],
)
def test_a_wrong_declaration_is_told_before_the_first_test(desk: Project, declared: str, words: str) -> None:
    settings = f"[tool.seatrial]\n[tool.seatrial.fakes]\n{declared}\n"
    desk.write({"pyproject.toml": settings, "conftest.py": "raise RuntimeError('too late')"})
    result = desk.pytest()
    assert result.status == 4, result.output
    assert words in result.output
    assert "too late" not in result.output
