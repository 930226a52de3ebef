"""Requests at the same time: the running application is stopped where it uses the database."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from seatrial.checks.transactions import Explored, Schedule, assert_serializable
from seatrial.config import load_settings
from seatrial.errors import TransactionError
from seatrial.trial import Trial
from tests.support.project import PYPROJECT, Project

SCHEMA = "create table stock (id int primary key, pieces int not null); insert into stock values (1, 10);\n"
APP = """
import asyncio
import os
from contextlib import asynccontextmanager
from contextvars import copy_context

import asyncpg
from fastapi import Depends, FastAPI
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import sessionmaker

url = os.environ["DATABASE_URL"]
engine = create_engine(url.replace("postgresql", "postgresql+psycopg"))
async_engine = create_async_engine(url.replace("postgresql", "postgresql+asyncpg"))

@asynccontextmanager
async def lifespan(app):
    async with asyncpg.create_pool(url, min_size=1) as app.state.pool:
        yield
    engine.dispose()
    await async_engine.dispose()

app = FastAPI(lifespan=lifespan)

async def sell(pieces, lock=""):
    async with app.state.pool.acquire() as connection, connection.transaction():
        left = await connection.fetchval("select pieces from stock where id = 1" + lock)
        await connection.execute("update stock set pieces = $1 where id = 1", left - pieces)

@app.post("/sell/{pieces}")
async def waiting(pieces: int, lock: str = ""):
    await sell(pieces, lock)

@app.post("/blocking/sell/{pieces}")
def blocking(pieces: int, lock: str = ""):
    with engine.begin() as connection:
        left = connection.scalar(text("select pieces from stock where id = 1" + lock))
        connection.execute(text("update stock set pieces = :p where id = 1"), {"p": left - pieces})

async def async_session():
    async with async_sessionmaker(async_engine).begin() as session:
        yield session

def session():
    with sessionmaker(engine).begin() as session:
        yield session

@app.post("/depends/sell/{pieces}")
async def depends(pieces: int, lock: str = "", session=Depends(async_session)):
    left = await session.scalar(text("select pieces from stock where id = 1" + lock))
    await session.execute(text("update stock set pieces = :p where id = 1"), {"p": left - pieces})

@app.post("/blocking/depends/sell/{pieces}")
def blocking_depends(pieces: int, lock: str = "", session=Depends(session)):
    left = session.scalar(text("select pieces from stock where id = 1" + lock))
    session.execute(text("update stock set pieces = :p where id = 1"), {"p": left - pieces})

@app.post("/later/sell/{pieces}")
async def later(pieces: int, lock: str = ""):
    app.state.later = asyncio.create_task(sell(pieces, lock))

@app.post("/blocking/later/sell/{pieces}")
async def blocking_later(pieces: int, lock: str = ""):
    app.state.later = asyncio.get_running_loop().run_in_executor(
        None, copy_context().run, blocking, pieces, lock
    )

@app.post("/opens/a/pool/sell/{pieces}")
async def opens_a_pool(pieces: int, lock: str = ""):
    if not hasattr(app.state, "second_pool"):
        app.state.second_pool = AsyncConnectionPool(url, min_size=1, max_size=2, open=False)
        await app.state.second_pool.open()
    async with app.state.second_pool.connection() as connection:
        cursor = await connection.execute("select pieces from stock where id = 1" + lock)
        (left,) = await cursor.fetchone()
        await connection.execute("update stock set pieces = %s where id = 1", [left - pieces])
"""
BEFORE_THE_ANSWER = ["/sell", "/blocking/sell", "/opens/a/pool/sell"]
AFTER_THE_ANSWER = ["/depends/sell", "/blocking/depends/sell", "/later/sell", "/blocking/later/sell"]
Together = Callable[..., Explored]


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory, shared_cache: Any) -> Iterator[Trial]:
    root = tmp_path_factory.mktemp("stock")
    # A name of its own: other tests of this process have imported a module `shop`.
    settings = PYPROJECT.replace("shop:app", "stock_at_once:app")
    files = {"schema.sql": SCHEMA, "stock_at_once.py": APP, "pyproject.toml": settings}
    Project(root=root, cache=shared_cache).write(files)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEATRIAL_CACHE", str(shared_cache))
        patch.setattr(sys, "path", list(sys.path))
        trial = Trial(load_settings(root / "pyproject.toml"), database="embedded")
        try:
            trial.prepare()
            trial.start(application=True)
            yield trial
            if (pool := getattr(trial.runner.app.state, "second_pool", None)) is not None:
                trial.runner.run(pool.close())
        finally:
            trial.close()
            sys.modules.pop("stock_at_once", None)


@pytest.fixture
def together(trial: Trial) -> Iterator[Together]:
    """Run calls at the same time on the database of the application."""
    assert trial.database is not None
    db = trial.database.handle()

    def run(*calls: Callable[[], Any], **options: Any) -> Explored:
        return assert_serializable(
            *calls,
            url=db.url(),
            prepare=lambda: db.execute("update stock set pieces = 10"),
            state="select pieces from stock",
            **options,
        )

    yield run
    db.close()


@pytest.mark.parametrize("path", [*BEFORE_THE_ANSWER, *AFTER_THE_ANSWER])
def test_requests(path: str, trial: Trial, together: Together) -> None:
    with trial.clients.client() as client:

        def post(pieces: int, lock: str) -> Callable[[], Any]:
            return lambda: client.post(f"{path}/{pieces}", params={"lock": lock})

        with pytest.raises(TransactionError) as found:
            together(post(1, ""), post(2, ""))
        assert found.value.code == "transactions.not-serializable"
        assert "call 1 then call 2: [(7,)]" in found.value.detail
        assert together(post(1, " for update"), post(2, " for update")).complete


def test_functions_that_use_the_applications_pool(trial: Trial, together: Together) -> None:
    sell = sys.modules["stock_at_once"].sell
    with pytest.raises(TransactionError) as found:
        together(lambda: sell(1), lambda: sell(2), run=trial.runner.run)
    assert found.value.code == "transactions.not-serializable"


def test_a_request_that_does_not_work_alone(trial: Trial, together: Together) -> None:
    with trial.clients.client() as client, pytest.raises(TransactionError) as found:
        together(lambda: client.post("/sell/x"), lambda: client.post("/sell/1"))
    assert "call 1 works alone, found status 422" in found.value.message


def test_a_schedule_on_the_applications_pool(trial: Trial) -> None:
    assert trial.database is not None
    pool = trial.runner.app.state.pool
    with Schedule(trial.database.address.url(), open=pool.acquire, run=trial.runner.run) as schedule:
        one, two = schedule.session("one"), schedule.session("two")
        one.run("update stock set pieces = 3", gives=1)
        waiting = two.blocked(lambda connection: connection.execute("update stock set pieces = 4"), by=one)
        one.rollback()
        assert waiting.ends() == "UPDATE 1"
        assert two.run("select pieces from stock", gives=[(4,)]) == [(4,)]
    assert pool.get_idle_size() == pool.get_size()
