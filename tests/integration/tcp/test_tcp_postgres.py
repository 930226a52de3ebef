"""Drivers and pools of PostgreSQL meet each fault as they would meet it in production."""

from __future__ import annotations

import asyncio
import socket

import asyncpg
import psycopg
import pytest
import sqlalchemy
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

LONG = "select repeat('x', 100000)"


def test_psycopg(database):
    with database.connect() as connection:
        assert connection.execute(LONG).fetchone() == ("x" * 100_000,)
        with database.faults.latency(0.01) as late:
            connection.execute("select 1")
        assert late.met == 1
        fault = database.faults.reset()
        with pytest.raises(psycopg.OperationalError) as error:
            connection.execute("select 1")
        assert error.value.sqlstate is None
        assert fault.met == 1
    with database.connect() as connection:
        database.faults.drop(after_bytes=50_000)
        with pytest.raises(psycopg.OperationalError, match="closed the connection unexpectedly"):
            connection.execute(LONG)
    with database.connect() as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_closing_a_connection_is_no_use(database):
    connection = database.connect()
    fault = database.faults.reset()
    connection.close()
    with database.faults.latency(0):  # setting a fault waits for what was sent before
        assert fault.met == 0


def test_logging_in_is_no_use_but_in_a_block(database):
    fault = database.faults.reset()
    with database.connect() as connection:
        assert fault.met == 0
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
    with database.faults.reset() as block, pytest.raises(psycopg.OperationalError):
        database.connect()
    assert (fault.met, block.met > 0) == (1, True)


def test_nobody_listens(database):
    with database.faults.down(), pytest.raises(psycopg.OperationalError, match="refused"):
        database.connect()
    database.faults.refuse()
    with pytest.raises(psycopg.OperationalError):
        database.connect()
    database.connect().close()


def test_a_reset_in_a_transaction_rolls_it_back(database):
    with database.connect() as admin:
        admin.execute("drop table if exists kept; create table kept (n int)")
    connection = psycopg.connect(database.url())
    connection.execute("insert into kept values (1)")
    database.faults.reset()
    with pytest.raises(psycopg.OperationalError):
        connection.execute("insert into kept values (2)")
    connection.close()
    with database.connect() as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)
        connection.execute("drop table kept")


def test_a_pool_of_asyncpg(database):
    async def main() -> None:
        async with asyncpg.create_pool(database.url(), min_size=1, max_size=1) as pool:
            assert await pool.fetchval("select 1") == 1
            with database.faults.latency(0.001) as late:
                assert await pool.fetchval("select 2") == 2
            assert late.met >= 2  # a statement that is new takes two round trips
            database.faults.reset()
            with pytest.raises((asyncpg.PostgresConnectionError, ConnectionResetError)):
                await pool.fetchval("select 1")
            assert await pool.fetchval("select 1") == 1
            async with pool.acquire() as connection:
                with database.faults.hang(), pytest.raises(TimeoutError):
                    await connection.fetchval("select 1", timeout=0.05)
                connection.terminate()
            assert await pool.fetchval("select 1") == 1
            with database.faults.down():
                with pytest.raises((asyncpg.PostgresConnectionError, OSError)):
                    await pool.fetchval("select 1")
                with pytest.raises(ConnectionRefusedError):
                    await pool.fetchval("select 1")
            assert await pool.fetchval("select 1") == 1

    asyncio.run(main())


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_an_asynchronous_engine(database, driver):
    statement = sqlalchemy.text("select 1")

    async def ask(engine) -> int:
        async with engine.connect() as connection:
            return await connection.scalar(statement)

    async def main() -> None:
        engine = create_async_engine(database.url(f"postgresql+{driver}"), pool_pre_ping=True)
        try:
            assert await ask(engine) == 1
            fault = database.faults.reset()
            assert await ask(engine) == 1  # the ping meets it, and the engine connects again
            assert fault.met == 1
            async with engine.connect() as connection:
                await connection.scalar(statement)
                database.faults.drop()
                with pytest.raises(DBAPIError) as error:
                    await connection.scalar(statement)
                assert error.value.connection_invalidated
            assert await ask(engine) == 1
        finally:
            await engine.dispose()

    asyncio.run(main())


def test_ports_are_told_apart(database):
    with database.connect() as one, database.connect() as other:
        for connection in (one, other):
            row = connection.execute("select inet_client_port()").fetchone()
            with socket.socket(fileno=connection.pgconn.socket) as raw:
                port = raw.getsockname()[1]
                raw.detach()
            assert row is not None
            assert database.proxy.client_port(row[0]) == port
        assert database.proxy.client_port(1) == 1
        [expected] = other.execute("select inet_client_port()").fetchone() or [None]
        assert expected in database.proxy.close_connections()
