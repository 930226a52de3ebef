"""A Redis of the team's behind faults, declared among the fakes."""

from __future__ import annotations

import gc

import pytest

from seatrial.errors import FakeError
from seatrial.fakes import Fakes
from seatrial.tcp import Target
from tests.support.project import Project

PYPROJECT = """
[tool.seatrial]
app = "counter:app"
[tool.seatrial.env]
REDIS_URL = "redis://{fakes.cache.address}/0"
[tool.seatrial.fakes]
cache = { kind = "tcp", target = "$REDIS_URL" }
"""
COUNTER = """
import os
import redis
from fastapi import FastAPI, HTTPException

app = FastAPI()
client = redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=10)

@app.post("/hits/{name}")
def hit(name: str):
    try:
        return {"hits": client.incr(name)}
    except redis.RedisError as error:
        raise HTTPException(503, type(error).__name__)
"""
TESTS = """
import uuid
import pytest

@pytest.fixture
def name():
    return uuid.uuid4().hex

def test_a_counts(client, name):
    assert client.post(f"/hits/{name}").json() == {"hits": 1}

def test_b_a_reset_is_met(client, fakes, name):
    fakes.cache.faults.reset(times=2)
    assert client.post(f"/hits/{name}").status_code == 503
    assert client.post(f"/hits/{name}").json() in ({"hits": 1}, {"detail": "ConnectionError"})

def test_c_counts_again(client, name):
    assert client.post(f"/hits/{name}").json() == {"hits": 1}

def test_d_nobody_meets_the_fault(client, fakes):
    fakes.cache.faults.hang()
    assert fakes.cache.mode == "mock"

def test_e_counts_still(client, name):
    assert client.post(f"/hits/{name}").json() == {"hits": 1}

def test_e2_what_hangs_is_let_go_at_the_end(client, fakes, name):
    fakes.cache.faults.hang()
    with pytest.raises(Exception, match="gave no answer"):
        client.post(f"/hits/{name}", timeout=0.3)

def test_f_it_is_down(client, fakes, name):
    with fakes.cache.faults.down():
        assert client.post(f"/hits/{name}").status_code == 503
    assert client.post(f"/hits/{name}").json() == {"hits": 1}
"""


@pytest.mark.parametrize("options", [("-p", "no:randomly"), ("-p", "no:asyncio", "-n", "2")])
def test_faults_of_a_service_in_a_suite(project: Project, valkey: Target, options: tuple[str, ...]) -> None:
    project.write({"pyproject.toml": PYPROJECT, "counter.py": COUNTER, "test_counter.py": TESTS})
    result = project.pytest(*options, plugins="-n" in options, REDIS_URL=f"unix://{valkey.path}")
    result.expect(1, passed=6, failed=1)
    assert "FAILED test_counter.py::test_d_nobody_meets_the_fault" in result.output
    assert "cache: nobody met hang()" in result.output


@pytest.mark.parametrize(
    ("table", "code", "words"),
    [
        ({}, "faults.target", "found no text under target"),
        ({"target": "127.0.0.1:6379", "port": 1}, "faults.target", "found port"),
        ({"target": "$NOT_SET_ANYWHERE"}, "faults.target", "NOT_SET_ANYWHERE"),
        ({"target": "redis://cache.example.com:6379"}, "faults.remote-target", "cache.example.com"),
    ],
)
def test_a_target_that_is_none_is_refused(table: dict[str, object], code: str, words: str) -> None:
    with pytest.raises(FakeError, match=words) as refused:
        Fakes({"cache": {"kind": "tcp", **table}})
    assert refused.value.code == code


def test_what_speaks_no_http_says_so() -> None:
    fakes = Fakes({"cache": {"kind": "tcp", "target": "127.0.0.1:6379"}})
    try:
        for ask in (fakes.url, fakes.http, lambda name: fakes.listen_on(name, 0)):
            with pytest.raises(FakeError, match="it speaks no HTTP") as refused:
                ask("cache")
            assert refused.value.code == "fakes.kind"
    finally:
        fakes.stop()


def test_a_kind_that_is_nearly_right_is_suggested() -> None:
    with pytest.raises(FakeError, match="did you mean 'tcp'"):
        Fakes({"cache": {"kind": "tpc", "target": "127.0.0.1:6379"}})


def test_a_wrong_table_beside_a_right_one_leaves_no_port_behind() -> None:
    right = {"kind": "tcp", "target": "127.0.0.1:6379"}
    with pytest.raises(FakeError, match="found no text under target"):
        Fakes({"cache": right, "queue": {"kind": "tcp"}})
    gc.collect()  # a socket that nobody closed would warn now, and warnings are errors


def test_a_target_elsewhere_may_be_allowed_and_starts_nothing() -> None:
    fakes = Fakes(
        {"cache": {"kind": "tcp", "target": "redis://cache.example.com"}}, allow_hosts=["cache.example.com"]
    )
    try:
        assert fakes.part("cache", "address") == f"127.0.0.1:{fakes.port('cache')}"
        assert list(fakes) == ["cache"]
        assert fakes.problems() == []
    finally:
        fakes.stop()
