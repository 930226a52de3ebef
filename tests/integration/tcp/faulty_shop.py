"""An application with a pool of each kind, and a suite that breaks the way to its database."""

from __future__ import annotations

PYPROJECT = """
[tool.seatrial]
app = "shop:app"
[tool.seatrial.env]
DATABASE_URL = "{database.url}"
[tool.seatrial.database]
schema = { sql = ["schema.sql"] }
faults = true
"""

APPLICATION = """
import asyncio
import os
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

URL = os.environ["DATABASE_URL"]
INSERT = "insert into orders (item) values ('x')"
COUNT = "select count(*) from orders"


async def with_asyncpg(app, statement):
    async with app.state.asyncpg.acquire() as connection:
        return await connection.fetchval(statement + " returning id" if "insert" in statement else statement)


async def with_psycopg(app, statement):
    async with app.state.psycopg.connection() as connection:
        cursor = await connection.execute(statement)
        return (await cursor.fetchone())[0] if cursor.description else 1


async def with_sqlalchemy(app, statement):
    async with app.state.engine.begin() as connection:
        result = await connection.execute(text(statement))
        return result.scalar() if result.returns_rows else 1


ASK = {"asyncpg": with_asyncpg, "psycopg": with_psycopg, "sqlalchemy": with_sqlalchemy}


@asynccontextmanager
async def lifespan(app):
    app.state.engine = create_async_engine(URL.replace("postgresql", "postgresql+asyncpg"))
    async with (
        asyncpg.create_pool(URL, min_size=1, max_size=3) as app.state.asyncpg,
        AsyncConnectionPool(URL, min_size=1, max_size=3, timeout=1, open=False) as app.state.psycopg,
    ):
        yield
    await app.state.engine.dispose()


app = FastAPI(lifespan=lifespan)


async def answer(call):
    try:
        return {"count": await asyncio.wait_for(call, 3)}
    except Exception as error:
        cause = error.__cause__ if type(error).__module__.startswith("sqlalchemy") else error
        state = getattr(cause, "sqlstate", None) or getattr(error, "sqlstate", None)
        body = {"error": type(error).__name__, "sqlstate": state}
        return JSONResponse(body, status_code=503)


@app.post("/{driver}")
async def insert(driver: str):
    return await answer(ASK[driver](app, INSERT))


@app.get("/{driver}")
async def count(driver: str):
    return await answer(ASK[driver](app, COUNT))


@app.get("/impatient/{driver}")
async def impatient(driver: str):
    async def ask():
        async with app.state.asyncpg.acquire() as connection:
            try:
                return await connection.fetchval(COUNT, timeout=0.1)
            except TimeoutError:
                connection.terminate()
                raise
    return await answer(ask())
"""

SUITE = """
import pytest

DRIVERS = ["asyncpg", "psycopg", "sqlalchemy"]


def healthy(client, db):
    for number, driver in enumerate(DRIVERS, start=1):
        assert client.post(f"/{driver}").status_code == 200
        assert client.get(f"/{driver}").json() == {"count": number}
    assert db.scalar("select count(*) from orders") == 3


VERBS = {
    "reset": lambda faults: faults.reset(),
    "reset later": lambda faults: faults.reset(after_bytes=3),
    "drop": lambda faults: faults.drop(),
    "terminate": lambda faults: faults.terminate(),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("driver", DRIVERS)
def test_a_broken_connection(client, db, driver, verb):
    assert client.post(f"/{driver}").status_code == 200
    fault = VERBS[verb](db.faults)
    reply = client.get(f"/{driver}")
    assert reply.status_code == 503, reply.text
    if driver == "psycopg":  # asyncpg tells of a connection that is gone, whatever the server says
        assert reply.json()["sqlstate"] == ("57P01" if verb == "terminate" else None)
    assert fault.met == 1
    assert db.scalar("select count(*) from orders") == 1


@pytest.mark.parametrize("turn", range(2))
def test_nothing_of_it_is_left(client, db, turn):
    healthy(client, db)


def test_all_is_lost(client, db):
    healthy(client, db)
    with db.faults.reset(), db.faults.refuse():
        for driver in DRIVERS:
            assert client.get(f"/{driver}").status_code == 503


def test_asyncpg_alone_is_lost(client, db):
    assert client.post("/asyncpg").status_code == 200
    with db.faults.reset(), db.faults.refuse():
        for _ in range(3):
            assert client.get("/asyncpg").status_code == 503


def test_nothing_of_that_is_left(client, db):
    healthy(client, db)


def test_nobody_listens(client, db):
    with db.faults.down():
        for driver in DRIVERS:
            assert client.get(f"/{driver}").status_code == 503
        assert db.scalar("select count(*) from orders") == 0


def test_nothing_of_the_absence_is_left(client, db):
    healthy(client, db)


def test_pools_are_cut_and_do_not_notice(client, db):
    healthy(client, db)
    with db.faults.down():
        pass


def test_nothing_of_the_cut_is_left(client, db):
    healthy(client, db)


def test_a_query_hangs(client, db):
    fault = db.faults.hang()
    reply = client.get("/impatient/asyncpg")
    assert (reply.status_code, reply.json()["error"]) == (503, "TimeoutError")
    assert fault.met == 1


def test_nothing_of_the_hang_is_left(client, db):
    healthy(client, db)


def test_late_and_slow(client, db):
    client.post("/asyncpg")
    late = db.faults.latency(0.05)
    slow = db.faults.slow(5000)
    assert client.get("/asyncpg").json() == {"count": 1}
    assert (late.met, slow.met) == (1, 1)


def test_nobody_meets_it(client, db):
    client.get("/asyncpg")
    db.faults.hang(times=2)


def test_the_next_does_not_meet_it_either(client, db):
    healthy(client, db)


def test_it_is_told_beside_another_error(db):
    db.faults.reset()
    assert False


def test_wrong_arguments(db):
    from seatrial import FakeError

    for call in (
        lambda: db.faults.latency(-1),
        lambda: db.faults.latency(float("nan")),
        lambda: db.faults.slow(0),
        lambda: db.faults.reset(after_bytes=-1),
        lambda: db.faults.drop(after_bytes=1.5),
        lambda: db.faults.hang(times=0),
        lambda: db.faults.terminate(times=True),
    ):
        with pytest.raises(FakeError) as error:
            call()
        assert error.value.code == "faults.argument"
"""
