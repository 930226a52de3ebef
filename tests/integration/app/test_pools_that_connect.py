"""An application whose pool connects is not quiet: replacing its database then would cost a connection."""

from __future__ import annotations

import threading

import pytest

from seatrial.postgres.faults import POSTGRES
from seatrial.tcp import Faults, ProxyThread, Target, TcpProxy
from tests.integration.app import pool_apps


@pytest.fixture
def proxy(scratch):
    scratch.swap()
    made = TcpProxy(
        "database", Target(host="127.0.0.1", port=scratch.port), thread=ProxyThread(), wire=POSTGRES
    )
    made.start()
    yield made
    made.stop()


async def lose_a_connection(app):
    """As a pool of asyncpg does when a server ends a session: it makes another at once."""
    pool = app.state.pool
    async with pool.acquire() as connection:
        connection.terminate()


async def grow(app):
    pool = app.state.pool
    await pool.resize(pool.min_size + 1, 9)


def asyncpg_size(app):
    return app.state.pool.get_size() - app.state.pool.get_min_size()


def psycopg_size(app):
    return app.state.pool.get_stats()["pool_available"] - app.state.pool.min_size


POOLS = {
    "asyncpg": (pool_apps.asyncpg_app, lose_a_connection, asyncpg_size),
    "psycopg_pool": (pool_apps.psycopg_app, grow, psycopg_size),
}


@pytest.mark.parametrize("name", POOLS)
def test_a_pool_that_is_connecting_is_waited_for(trial, scratch, proxy, name):
    make, begin_to_connect, missing = POOLS[name]
    host, port = proxy.address
    app = make(scratch.url().replace(f"127.0.0.1:{scratch.port}", f"{host}:{port}"))
    runner = trial(app).runner
    runner.start()
    runner.wait_quiet(30)
    for _ in range(3):  # a place where it was seen once must not pass for one where it has nothing to do
        waiting = threading.Thread(target=runner.wait_quiet, args=(30,))
        with Faults(proxy).hang(times=None):
            runner.run(begin_to_connect(app))
            runner.wait_quiet(0.05)
            waiting.start()
            waiting.join(0.2)
            assert waiting.is_alive()
        waiting.join(30)
        assert not waiting.is_alive()
        assert missing(app) == 0
