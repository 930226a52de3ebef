"""A suite in which every leak has a test, and the tests between them notice what was not taken away."""

from __future__ import annotations

import re

from tests.support.project import Result

APPLICATION = """
import os
from contextlib import asynccontextmanager
import asyncpg
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

URL = os.environ["DATABASE_URL"]
kept = []

@asynccontextmanager
async def lifespan(app):
    listener = await asyncpg.connect(URL)
    await listener.add_listener("news", print)
    await listener.execute("select pg_advisory_lock(1)")
    app.state.engine = create_async_engine(URL.replace("://", "+asyncpg://", 1), pool_size=1, max_overflow=0)
    async with asyncpg.create_pool(URL, min_size=1, max_size=1) as app.state.pool:
        yield
    await app.state.engine.dispose()
    listener.terminate()

app = FastAPI(lifespan=lifespan)

@app.get("/count")
async def count():
    async with app.state.engine.connect() as connection:
        await connection.scalar(text("select 1"))
    return await app.state.pool.fetchval("select count(*) from orders")

@app.get("/leak-pool")
async def leak_pool():
    kept.append(await app.state.pool.acquire())

@app.get("/leak-engine")
async def leak_engine():
    connection = await app.state.engine.connect()
    kept.append(connection)
    await connection.execute(text("insert into orders (item) values ('async engine')"))

@app.get("/leak-connection")
async def leak_connection():
    connection = await asyncpg.connect(URL)
    kept.append(connection)
    await connection.execute("begin; insert into orders (item) values ('asyncpg')")
"""

CONFTEST = """
import os
import psycopg
import psycopg_pool
import pytest
import sqlalchemy
from sqlalchemy.orm import Session

@pytest.fixture(scope="session")
def engine():
    url = os.environ["DATABASE_URL"].replace("://", "+psycopg://", 1)
    engine = sqlalchemy.create_engine(url, pool_size=1, max_overflow=0, pool_timeout=2)
    yield engine
    engine.dispose()

@pytest.fixture
def session(engine):
    with Session(engine) as session:
        yield session

@pytest.fixture(scope="session")
def pool():
    with psycopg_pool.ConnectionPool(os.environ["DATABASE_URL"], min_size=1, max_size=1, timeout=5) as pool:
        yield pool
"""

LEAKS = """
import os
import threading
import time
import psycopg
import pytest
from sqlalchemy import text

KEPT = []
URL = os.environ["DATABASE_URL"]

@pytest.fixture
def clean(client, db, engine, pool):
    # Before and after each leak: everything works, and nothing is there.
    assert client.get("/count").json() == 0
    with engine.connect() as connection:
        assert connection.scalar(text("select pg_try_advisory_xact_lock(4711)"))
    with pool.connection() as connection:
        assert connection.execute("select count(*) from orders").fetchone() == (0,)
    assert "LEAKED" not in os.environ

def keep(connection):
    KEPT.append(connection)
    return connection

@pytest.mark.usefixtures("clean")
class TestLeaks:
    def test_transaction(self, db):
        keep(psycopg.connect(URL)).execute("insert into orders (item) values ('raw')")
        assert db.scalar("select count(*) from orders") == 0

    def test_aborted_transaction(self):
        with pytest.raises(psycopg.Error):
            keep(psycopg.connect(URL)).execute("insert into nowhere values (1)")

    def test_transaction_elsewhere(self):
        other = keep(psycopg.connect(URL, dbname="postgres"))
        other.execute("comment on database seatrial is 'held'")
        assert other.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS

    def test_engine_transaction(self, engine):
        assert take(engine).execute(text("insert into orders (item) values ('engine')")).rowcount == 1

    def test_engine_checkout(self, engine):
        connection = take(engine)
        assert connection.scalar(text("select 1")) == 1
        connection.commit()

    def test_pool_checkout(self, pool):
        connection = keep(pool.getconn())
        assert connection.execute("select 1").fetchone() == (1,)
        connection.commit()

    def test_application_pool(self, client):
        assert client.get("/leak-pool").status_code == 200

    def test_application_engine(self, client):
        assert client.get("/leak-engine").status_code == 200

    def test_application_connection(self, client):
        assert client.get("/leak-connection").status_code == 200

    def test_lock(self, engine):
        with engine.connect() as connection:
            assert connection.scalar(text("select 1 from pg_advisory_lock(4711)")) == 1
            connection.commit()

    def test_environment(self, monkeypatch):
        monkeypatch.setenv("NOT_LEAKED", "1")
        os.environ["LEAKED"] = "a secret"
        assert os.environ.pop("HOME")

    def test_statement(self, db):
        threading.Thread(target=sleep_in_server, daemon=True).start()
        while not db.scalar(RUNNING):
            time.sleep(0.01)
        assert db.scalar(RUNNING) == 1

    def test_thread(self):
        threading.Thread(target=write_on_and_on, daemon=True).start()
        writing.wait(5)
        assert writing.is_set()

def take(engine):
    return keep(engine.connect())

RUNNING = "select count(*) from pg_stat_activity where state = 'active' and query = 'select pg_sleep(30)'"
writing = threading.Event()

def sleep_in_server():
    with psycopg.connect(URL) as connection:
        connection.execute("select pg_sleep(30)")

def write_on_and_on():
    with psycopg.connect(URL, autocommit=True) as connection:
        while True:
            connection.execute("insert into orders (item) values ('thread')")
            writing.set()
            time.sleep(0.01)
"""

CODES = {
    "test_transaction": "leak.open-transaction",
    "test_aborted_transaction": "leak.open-transaction",
    "test_transaction_elsewhere": "leak.open-transaction",
    "test_engine_transaction": "leak.open-transaction",
    "test_engine_checkout": "leak.checked-out",
    "test_pool_checkout": "leak.checked-out",
    "test_application_pool": "leak.checked-out",
    "test_application_engine": "leak.open-transaction",
    "test_application_connection": "leak.open-transaction",
    "test_lock": "leak.session-lock",
    "test_environment": "leak.changed-environment",
    "test_statement": "leak.running-statement",
    "test_thread": "leak.thread-at-work",
}

PLACES = {
    "test_engine_transaction": r"test_shop\.py:\d+ take\n\s+\S+test_shop\.py:\d+ test_engine_transaction",
    "test_engine_checkout": r"test_shop\.py:\d+ take\n\s+\S+test_shop\.py:\d+ test_engine_checkout",
    "test_application_engine": r"shop\.py:\d+ leak_engine",
    "test_application_connection": r"shop\.py:\d+ leak_connection",
    "test_statement": r"test_shop\.py:\d+ sleep_in_server",
    "test_thread": r"test_shop\.py:\d+ write_on_and_on",
}

QUERIES = {
    "test_transaction": "insert into orders (item) values ('raw')",
    "test_aborted_transaction": "insert into nowhere values (1)",
    "test_transaction_elsewhere": "comment on database seatrial is 'held'",
    "test_engine_transaction": "insert into orders (item) values ('engine')",
    "test_application_engine": "insert into orders (item) values ('async engine')",
    "test_application_connection": "insert into orders (item) values ('asyncpg')",
    "test_lock": "ExclusiveLock on (4711)",
    "test_statement": "select pg_sleep(30)",
    "test_thread": "insert into orders (item) values ('thread')",
}


def failures(result: Result) -> dict[str, str]:
    """The text of every failed tear-down, by the name of its test."""
    parts = re.split(r"^_+ (?:\[gw\d\] )?ERROR at teardown of (\S+) _+$", result.output, flags=re.MULTILINE)
    names, texts = parts[1::2], parts[2::2]
    return {
        name.rpartition(".")[2]: re.split(r"^[_=-]{5,}", text, flags=re.MULTILINE)[0]
        for name, text in zip(names, texts, strict=True)
    }
