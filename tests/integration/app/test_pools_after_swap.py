"""Pools that live for a whole session survive the replacement of their database, and nobody sees it."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
from pathlib import Path

import psycopg
import pytest

from seatrial.app.pools import PoolHealer

_spec = importlib.util.spec_from_file_location("pool_apps", Path(__file__).with_name("pool_apps.py"))
pool_apps = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(pool_apps)

APPS = {
    "asyncpg": (pool_apps.asyncpg_app, "postgresql"),
    "psycopg_pool": (pool_apps.psycopg_app, "postgresql"),
    "psycopg_pool, sync": (pool_apps.sync_psycopg_app, "postgresql"),
    "psycopg2.pool": (pool_apps.psycopg2_app, "postgresql"),
    "sqlalchemy asyncpg": (pool_apps.sqlalchemy_app, "postgresql+asyncpg"),
    "sqlalchemy psycopg async": (pool_apps.sqlalchemy_app, "postgresql+psycopg"),
    "sqlalchemy psycopg": (pool_apps.sync_sqlalchemy_app, "postgresql+psycopg"),
    "sqlalchemy psycopg2": (pool_apps.sync_sqlalchemy_app, "postgresql+psycopg2"),
}
SESSION_LONG = ("asyncpg", "psycopg_pool", "sqlalchemy asyncpg")


@pytest.fixture
def healer():
    made = []

    def make(runner):
        made.append(PoolHealer(runner))
        return made[-1]

    yield make
    for item in made:
        item.remove()


def ddl(scratch, size):
    with psycopg.connect(scratch.url(), autocommit=True) as connection:
        connection.execute(pool_apps.ROUNDS_OF_DDL.format(size=size))


@pytest.mark.slow
@pytest.mark.timeout(400)  # hundreds of databases, on a machine that may be busy
@pytest.mark.parametrize(("names", "rounds"), [(SESSION_LONG, 50), (tuple(APPS), 10)], ids=["long", "all"])
def test_swaps_with_ddl_leave_no_trace_in_any_pool(trial, scratch, healer, caplog, names, rounds):  # noqa: PLR0917 - fixtures
    scratch.swap()
    trials = {
        name: trial(make(scratch.url(driver))) for name, (make, driver) in APPS.items() if name in names
    }
    clients = {name: running.client for name, running in trials.items()}
    for client in clients.values():
        assert client.post("/items/first").status_code == 200  # connections older than the healers
    healers = [healer(running.runner) for running in trials.values()]
    caplog.clear()

    for number in range(rounds):
        with contextlib.ExitStack() as stack:
            for item in healers:
                stack.enter_context(item.replacing(scratch.addresses))
            scratch.swap()
        ddl(scratch, 100 + number)
        count = 2
        for name, client in clients.items():
            for _ in range(3):
                count += 1
                assert (name, client.post("/items/one").json()) == (name, count)
        asyncio.run(at_once(trials))
        assert [found for item in trials.values() for found in item.runner.wait_quiet()] == []
        assert [found for item in trials.values() for found in item.runner.take_errors()] == []
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []


async def at_once(trials):
    """Three requests to each application at once, so that its pool grows."""
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(running.async_client()) for running in trials.values()]
        answers = await asyncio.gather(*(client.post(f"/items/{n}") for client in clients for n in "abc"))
    assert {answer.status_code for answer in answers} == {200}


def test_without_healing_the_first_query_fails(trial, scratch):
    running = trial(pool_apps.sqlalchemy_app(scratch.url("postgresql+asyncpg")))
    assert running.client.post("/items/first").status_code == 200
    scratch.swap()
    assert running.client.post("/items/second").status_code == 500


def test_engines_of_other_servers_and_of_sqlite_keep_their_connections(trial, scratch, healer):
    from sqlalchemy import create_engine, text
    from sqlalchemy.pool import StaticPool

    pools = healer(trial(pool_apps.asyncpg_app(scratch.url())).runner)
    pools.install()
    memory = create_engine("sqlite://", poolclass=StaticPool)
    elsewhere = create_engine(scratch.url("postgresql+psycopg"))
    with memory.begin() as connection:
        connection.execute(text("create table kept (id int)"))
    with elsewhere.connect() as connection:
        session = connection.scalar(text("select pg_backend_pid()"))

    with pools.replacing({("127.0.0.1", scratch.port + 1)}):
        pass

    with memory.connect() as connection:
        assert connection.scalar(text("select count(*) from kept")) == 0
    with elsewhere.connect() as connection:
        assert connection.scalar(text("select pg_backend_pid()")) == session
    with pools.replacing(scratch.addresses):
        pass
    with elsewhere.connect() as connection:
        assert connection.scalar(text("select pg_backend_pid()")) != session
    memory.dispose()
    elsewhere.dispose()
