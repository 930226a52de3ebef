"""The pools of a running application: empty, recovered, and after a restart of the server."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seatrial.checks import Finding, Ground, Inapplicable, Note
from seatrial.checks.pool.exhaustion import exhaustion
from seatrial.checks.pool.recovery import recovery
from seatrial.config import load_settings
from seatrial.trial import Trial
from tests.support.project import Project

# Every kind of pool at once; the request uses one of them and answers for it.
SHOP = """
import os
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI, Response
from psycopg_pool import AsyncConnectionPool, ConnectionPool
from sqlalchemy import create_engine, exc, text
from sqlalchemy.ext.asyncio import create_async_engine

url = os.environ["DATABASE_URL"]
engine = create_engine(url.replace("postgresql", "postgresql+psycopg"), pool_size=2, max_overflow=1, PING)
kept = []

@asynccontextmanager
async def lifespan(app):
    app.state.engine = create_async_engine(
        url.replace("postgresql", "postgresql+asyncpg"), pool_size=1, max_overflow=1, pool_timeout=TIMEOUT
    )
    async with (
        asyncpg.create_pool(url, min_size=1, max_size=2),
        AsyncConnectionPool(url, min_size=1, max_size=2, name="waiting"),
    ):
        with ConnectionPool(url, min_size=1, max_size=2, name="blocking", CHECK):
            yield
    await app.state.engine.dispose()
    engine.dispose()

app = FastAPI(lifespan=lifespan)

@app.get("/orders")
async def orders():
    try:
        async with app.state.engine.connect() as connection:
            return list(await connection.scalars(text("select item from orders")))
    except exc.TimeoutError:
        REFUSED
        return Response(status_code=503)
"""
# Nobody waits that long: a test that did would be ended.
SETTINGS = """
[tool.seatrial.checks.pool]
request = "/orders"
wait = 300
"""
POOLLESS = """
from fastapi import FastAPI
app = FastAPI()

@app.get("/orders")
def orders():
    return []
"""
ONLY_NULL = """
import os
from fastapi import FastAPI
from sqlalchemy import NullPool, create_engine

url = os.environ["DATABASE_URL"].replace("postgresql", "postgresql+psycopg")
engine = create_engine(url, poolclass=NullPool)
app = FastAPI()

@app.get("/orders")
def orders():
    with engine.connect() as connection:
        return list(connection.exec_driver_sql("select item from orders").scalars())
"""
PATIENT = """
import os
from contextlib import asynccontextmanager
import asyncpg
from fastapi import FastAPI

@asynccontextmanager
async def lifespan(app):
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=2) as app.state.pool:
        yield

app = FastAPI(lifespan=lifespan)

@app.get("/orders")
async def orders():
    return await app.state.pool.fetch("select item from orders")
"""
LATE = PATIENT.replace("import FastAPI", "import FastAPI, Response").replace(
    "    return await",
    """    try:
        async with app.state.pool.acquire(timeout=5.5):
            pass
    except TimeoutError:
        return Response(status_code=503)
    return await""",
)
BREAKING = PATIENT.replace(
    "import FastAPI", "import FastAPI\nfrom fastapi.responses import StreamingResponse"
).replace(
    '    return await app.state.pool.fetch("select item from orders")',
    """    async def rows():
        yield b"items:"
        connection = await app.state.pool.acquire(timeout=0.1)
        # Without a time of its own, giving it back would have what is left of those 0.1 s.
        await app.state.pool.release(connection, timeout=60)
        yield b"none"
    return StreamingResponse(rows())""",
)
SOUND = {
    "PING": "pool_pre_ping=True",
    "CHECK": "check=ConnectionPool.check_connection",
    "TIMEOUT": "300",
    "REFUSED": "pass",
}
Look = Callable[..., list[Finding | Note]]


@pytest.fixture
def look(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Look]:
    """What a check says of the sound application with something changed."""
    monkeypatch.setenv("SEATRIAL_CACHE", str(project.cache))
    trials: list[Trial] = []

    def find(check: Callable[[Ground], Iterator[Finding | Note]], **changes: str) -> list[Finding | Note]:
        trials.append(trial := Trial(load_settings(shop(project, **changes)), database="embedded"))
        trial.prepare()
        return list(check(Ground.of_trial(trial)))

    try:
        yield find
    finally:
        for trial in trials:
            trial.close()


def shop(
    project: Project,
    *,
    text: str = SHOP,
    settings: str = SETTINGS,
    transport: str = "memory",
    **changes: str,
) -> Path:
    for name, value in {**changes, **SOUND, **changes}.items():
        text = text.replace(name, value)
    project.shop(**{"shop.py": text})
    file = project.root / "pyproject.toml"
    toml = file.read_text(encoding="utf-8").replace("app =", f'transport = "{transport}"\napp =')
    file.write_text(toml + settings, encoding="utf-8")
    return file


def findings(said: list[Finding | Note]) -> list[str]:
    return [str(each) for each in said if isinstance(each, Finding)]


def test_sound_pools(look: Look) -> None:
    said = look(exhaustion)
    assert findings(said) == []
    assert sorted(each.text for each in said if isinstance(each, Note)) == [
        "SQLAlchemy engine (asyncpg): 2 connections; whoever finds none waits 300 s",
        "SQLAlchemy engine (psycopg): 3 connections; whoever finds none waits 30 s",
        "asyncpg pool: 2 connections; whoever finds none waits for ever, unless acquire() is given a timeout",
        "psycopg_pool blocking: 2 connections; whoever finds none waits 30 s",
        "psycopg_pool waiting: 2 connections; whoever finds none waits 30 s",
    ]


def test_pools_that_are_not(look: Look) -> None:
    limitless = {"max_overflow=1, PING": "max_overflow=-1"}
    found = findings(look(exhaustion, TIMEOUT="301", REFUSED="raise", **limitless))
    assert sorted(line.partition(": under")[0].partition("\n")[0] for line in found) == [
        "GET /orders: expected status 503 while SQLAlchemy engine (asyncpg) is empty, found status 500",
        "SQLAlchemy engine (asyncpg): expected that it refuses after 300 s at most, found 301 s",
        "SQLAlchemy engine (psycopg): expected a limit of its connections, found none",
    ]


def test_a_connection_that_is_never_given_back(look: Look) -> None:
    leaking = {"return list(": "kept.append(app.state.engine.connect()); await kept[-1]; return list("}
    (found,) = findings(look(exhaustion, **leaking))
    assert "SQLAlchemy engine (asyncpg): expected 2 connections at the same time, found TimeoutError" in found


def test_a_client_that_would_wait_for_ever(look: Look) -> None:
    (found,) = findings(look(exhaustion, text=PATIENT, settings=SETTINGS.replace("300", "1")))
    assert "GET /orders: expected status 503 while asyncpg pool is empty, found no answer in 1 s" in found


def test_an_application_that_refuses_in_the_time_that_it_was_given(look: Look) -> None:
    # Later than clients wait that were told nothing, and long before `wait` is over.
    assert findings(look(exhaustion, text=LATE, settings=SETTINGS.replace("300", "60"))) == []


def test_a_connection_to_the_application_that_breaks_is_no_answer(look: Look) -> None:
    settings = SETTINGS.replace("300", "60")
    (found,) = findings(look(exhaustion, text=BREAKING, settings=settings, transport="socket"))
    assert "GET /orders: expected status 503 while asyncpg pool is empty, found no answer but Remote" in found


def test_the_server_is_restarted_under_them(look: Look) -> None:
    said = look(recovery)
    assert findings(said) == []
    notes = {
        each.text.partition(":")[0]: each.text.partition(": ")[2] for each in said if isinstance(each, Note)
    }
    for name in ("SQLAlchemy engine (psycopg)", "asyncpg pool", "psycopg_pool blocking"):
        assert notes[name] == "served at once after the restart"
    # Without a ping the first use finds out, and all others are spared.
    assert notes["SQLAlchemy engine (asyncpg)"].startswith("1 uses failed after the restart")
    assert notes["psycopg_pool waiting"].startswith("2 uses failed after the restart")


def test_every_connection_that_a_pool_keeps_may_cost_one_use(look: Look) -> None:
    said = look(recovery, **{'min_size=1, max_size=2, name="waiting"': 'min_size=10, name="waiting"'})
    assert findings(said) == []
    notes = [each.text for each in said if isinstance(each, Note)]
    assert any(note.startswith("psycopg_pool waiting: 10 uses failed") for note in notes)


SCANT = """
class Scant(ConnectionPool):
    taken = 0

    def getconn(self, timeout=None):
        if self.taken == 1:
            raise RuntimeError("no more")
        self.taken += 1
        return super().getconn(timeout)

    def putconn(self, connection):
        self.taken -= 1
        super().putconn(connection)

url = os"""


def test_what_was_taken_before_an_error_is_given_back(look: Look) -> None:
    scant = {"with ConnectionPool": "with Scant", "CHECK):": ") as app.state.scant:", "url = os": SCANT}
    with pytest.raises(RuntimeError, match="no more"):
        look(recovery, **scant)
    assert sys.modules["shop"].app.state.scant.taken == 0


def test_without_pools_there_is_nothing_to_look_at(look: Look, project: Project) -> None:
    with pytest.raises(Inapplicable, match="no pool"):
        look(exhaustion, text=POOLLESS)


def test_a_request_that_uses_no_pool(look: Look) -> None:
    (found,) = findings(look(exhaustion, settings=SETTINGS.replace("/orders", "/openapi.json")))
    assert "found that it works with any of them empty" in found


ENDLESS = "SQLAlchemy engine (psycopg): 3 connections; whoever finds none waits without a limit"
POOLLESS_ENGINE = (
    "SQLAlchemy engine (psycopg): its NullPool is not looked at, it opens a connection for everybody, "
    "without a limit"
)


def test_a_pool_that_lets_everybody_wait_for_ever(look: Look) -> None:
    said = look(exhaustion, PING="pool_timeout=None")
    (found,) = findings(said)
    assert "expected that it refuses after 300 s at most, found without a limit" in found
    assert Note(ENDLESS) in said


def test_an_engine_without_a_pool_is_not_passed_over_in_silence(look: Look) -> None:
    null = {
        "pool_size=2, max_overflow=1, PING": "poolclass=NullPool",
        "import create_engine": "import NullPool, create_engine",
    }
    said = look(exhaustion, **null)
    assert findings(said) == []
    assert Note(POOLLESS_ENGINE) in said


def test_a_pool_of_psycopg_without_a_limit(look: Look) -> None:
    null = {
        'with ConnectionPool(url, min_size=1, max_size=2, name="blocking", CHECK)': "with NullConnectionPool("
        'url, name="blocking")',
        "import AsyncConnectionPool, ConnectionPool": "import AsyncConnectionPool, NullConnectionPool",
    }
    (found,) = findings(look(exhaustion, **null))
    assert "psycopg_pool blocking: expected a limit of its connections, found none" in found


def test_an_application_whose_only_engine_has_no_pool(look: Look) -> None:
    with pytest.raises(Inapplicable, match=r"no pool of SQLAlchemy.*its NullPool is not looked at"):
        look(exhaustion, text=ONLY_NULL)


CREATORS = {
    'create_engine(url.replace("postgresql", "postgresql+psycopg"), ': "create_engine("
    '"postgresql+psycopg://", creator=lambda: psycopg.connect(url), ',
    'url.replace("postgresql", "postgresql+asyncpg"), ': '"postgresql+asyncpg://", '
    "async_creator=lambda: asyncpg.connect(url), ",
    "import asyncpg": "import asyncpg, psycopg",
    "kept = []": 'kept = [create_engine("sqlite:///aside.db")]',
}


GENEROUS = """
from sqlalchemy.pool import QueuePool

class Odd(QueuePool):
    def _do_get(self):
        try:
            return super()._do_get()
        except exc.TimeoutError:
            INSTEAD
"""


@pytest.mark.parametrize(
    ("instead", "found"),
    [
        (
            "return self._create_connection()",
            "expected that it refuses when all 3 connections are taken, found one more",
        ),
        (
            "raise RuntimeError('no')",
            "expected that it refuses when all 3 connections are taken, found RuntimeError: no",
        ),
    ],
)
def test_a_pool_that_does_not_refuse(instead: str, found: str, look: Look) -> None:
    odd = {"url = os": GENEROUS.replace("INSTEAD", instead) + "url = os", "PING": "poolclass=Odd"}
    (told,) = findings(look(exhaustion, **odd))
    assert found in told


def test_a_pool_that_is_larger_than_the_server_allows(look: Look) -> None:
    (told,) = findings(look(exhaustion, PING="pool_pre_ping=True", **{"pool_size=2": "pool_size=200"}))
    assert "expected 201 connections at the same time, found OperationalError" in told
    assert "max_connections" in told


def test_in_a_process_of_its_own(project: Project) -> None:
    shop(project)
    result = project.run(sys.executable, "-m", "seatrial", "check", "pool")
    assert result.status == 0, result.output
    assert "pool.exhaustion: ok" in result.output
    assert "pool.recovery: ok" in result.output
    assert "psycopg_pool blocking: served at once" in result.output
    result = project.pytest("--seatrial-checks", "pool.recovery", "-rA").expect(passed=1)
    assert "psycopg_pool blocking: served at once" in result.output


def test_engines_whose_urls_do_not_say_where_they_lead(project: Project) -> None:
    # In a process of its own: nothing but a connection tells such an engine from one of another test.
    shop(project, **CREATORS)
    result = project.run(sys.executable, "-m", "seatrial", "check", "pool.exhaustion")
    assert result.status == 0, result.output
    assert set(re.findall(r"engine \((\w+)\):", result.output)) == {"psycopg", "asyncpg"}


def test_an_engine_that_opens_no_connection_is_told(project: Project) -> None:
    shop(project, **{**CREATORS, "psycopg.connect(url)": 'psycopg.connect("host=/nowhere")'})
    result = project.run(sys.executable, "-m", "seatrial", "check", "pool.exhaustion")
    assert result.status == 1, result.output
    assert re.search(r"engine \(psycopg\): .*/nowhere", result.output), result.output
