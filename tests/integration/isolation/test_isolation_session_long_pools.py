"""Acceptance: an application that lives for the whole session never notices a replaced database."""

from __future__ import annotations

import pytest

from tests.support.project import PYPROJECT, Project

SCHEMA = "create type mood as enum ('calm', 'rough'); create table logs (id serial, mood mood, note text);\n"

# One application, three ways to its database. Every statement is prepared and reused, as drivers do.
APP = """
import logging
from contextlib import asynccontextmanager
from fastapi import FastAPI
import access

errors = []

class Collect(logging.Handler):
    def emit(self, record):
        errors.append(record.getMessage())

logging.getLogger().addHandler(Collect(logging.WARNING))

@asynccontextmanager
async def lifespan(app):
    async with access.pool() as app.state.pool:
        yield

app = FastAPI(lifespan=lifespan)

@app.middleware("http")
async def watch(request, call_next):
    try:
        return await call_next(request)
    except Exception as error:
        errors.append(repr(error))
        raise

@app.post("/logs")
async def write(note: str):
    return await access.insert(app.state.pool, note)

@app.get("/logs")
async def read():
    return await access.count(app.state.pool)

@app.post("/ddl")
async def ddl():
    await access.run(app.state.pool, "alter table logs alter column note type varchar(99)")
    await access.run(app.state.pool, "drop table if exists extra")
    await access.run(app.state.pool, "create table extra (m mood)")
    await access.run(app.state.pool, "alter type mood add value 'stormy'")

@app.get("/errors")
async def seen():
    return errors
"""

ASYNCPG = """
import os
import asyncpg

def pool():
    return asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=2, max_size=5)

async def insert(pool, note):
    async with pool.acquire() as connection, connection.transaction():
        sql = "insert into logs (mood, note) values ('calm', $1) returning id"
        return await connection.fetchval(sql, note)

async def count(pool):
    return await pool.fetchval("select count(*) from logs where mood = $1", "calm")

async def run(pool, sql):
    await pool.execute(sql)
"""

PSYCOPG = """
import os
import psycopg_pool

def pool():
    return psycopg_pool.AsyncConnectionPool(
        os.environ["DATABASE_URL"], min_size=2, max_size=5, open=False, kwargs={"prepare_threshold": 0}
    )

async def insert(pool, note):
    async with pool.connection() as connection:
        sql = "insert into logs (mood, note) values ('calm', %s) returning id"
        return (await (await connection.execute(sql, [note])).fetchone())[0]

async def count(pool):
    async with pool.connection() as connection:
        cursor = await connection.execute("select count(*) from logs where mood = %s", ["calm"])
        return (await cursor.fetchone())[0]

async def run(pool, sql):
    async with pool.connection() as connection:
        await connection.execute(sql)
"""

SQLALCHEMY = """
import os
from contextlib import asynccontextmanager
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

@asynccontextmanager
async def pool():
    engine = create_async_engine(os.environ["DATABASE_URL"].replace("://", "+asyncpg://", 1), pool_size=3)
    yield engine
    await engine.dispose()

async def insert(engine, note):
    async with engine.begin() as connection:
        sql = text("insert into logs (mood, note) values ('calm', :note) returning id")
        return await connection.scalar(sql, {"note": note})

async def count(engine):
    async with engine.connect() as connection:
        return await connection.scalar(text("select count(*) from logs where mood = 'calm'"))

async def run(engine, sql):
    async with engine.begin() as connection:
        await connection.execute(text(sql))
"""

TESTS = """
import pytest

@pytest.mark.parametrize("n", range(200))
def test_one_of_many(client, db, n):
    assert client.get("/logs").json() == 0
    assert [client.post("/logs", params={"note": "x"}).json() for _ in range(3)] == [1, 2, 3]
    assert client.post("/ddl").status_code == 200
    assert client.get("/errors").json() == []
    assert db.scalar("select count(*) from logs") == 3
    assert db.scalar("select current_database()") == "seatrial"
    assert db.scalar("select to_regclass('extra') is not null")
"""

# What the application could see of us: a function of its libraries that is not theirs any more.
CONFTEST = """
import asyncpg, psycopg_pool, sqlalchemy.pool, sqlalchemy.ext.asyncio
import pytest

WATCHED = [asyncpg, asyncpg.pool.Pool, asyncpg.connection.Connection, psycopg_pool.AsyncConnectionPool,
           sqlalchemy.pool.Pool, sqlalchemy.pool.QueuePool, sqlalchemy.ext.asyncio]
BEFORE = [{name: id(value) for name, value in vars(place).items() if callable(value)} for place in WATCHED]

@pytest.fixture(scope="session", autouse=True)
def nothing_is_patched():
    yield
    after = [{name: id(value) for name, value in vars(place).items() if callable(value)} for place in WATCHED]
    assert after == BEFORE
"""


@pytest.mark.parametrize(
    "access", [ASYNCPG, PSYCOPG, SQLALCHEMY], ids=["asyncpg", "psycopg_pool", "sqlalchemy"]
)
def test_two_hundred_tests_with_ddl_leave_no_trace(project: Project, access: str) -> None:
    project.write(
        {
            "pyproject.toml": PYPROJECT,
            "schema.sql": SCHEMA,
            "shop.py": APP,
            "access.py": access,
            "conftest.py": CONFTEST,
            "test_many.py": TESTS,
        }
    )
    project.pytest("-q").expect(passed=200)
