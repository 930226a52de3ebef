"""The drivers log in with a token, and find the database as they find it without a gate."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

import asyncpg
import psycopg
import psycopg2
import pytest
import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine

from tests.integration.lakebase.conftest import ADA, APP, DATABASE, trusting

WHO = "select current_user::text, session_user::text, current_database()"


@pytest.mark.parametrize("user", [ADA, APP])
@pytest.mark.parametrize("verified", [False, True])
def test_psycopg(endpoint, user, verified):
    trust = {"sslmode": "verify-full", "sslrootcert": endpoint.ca} if verified else {}
    with endpoint.psycopg(user=user, **trust) as connection:
        assert connection.execute(WHO.encode()).fetchone() == (user, user, DATABASE)
        assert connection.pgconn.ssl_in_use
    assert [(login.role, login.sqlstate) for login in endpoint.logins] == [(user, "")]


def test_psycopg2(endpoint):
    arguments = endpoint.arguments()
    connection = psycopg2.connect(
        dbname=DATABASE, sslmode="verify-full", sslrootcert=endpoint.ca, **arguments
    )
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(WHO)
        assert cursor.fetchone() == (ADA, ADA, DATABASE)


@pytest.mark.parametrize("verified", [False, True])
def test_asyncpg(endpoint, verified):
    async def main() -> None:
        how = trusting(endpoint) if verified else "require"
        connection = await asyncpg.connect(
            database=DATABASE, ssl=how, server_settings={"search_path": "somewhere"}, **endpoint.arguments()
        )
        assert tuple(await connection.fetchrow(WHO)) == (ADA, ADA, DATABASE)
        assert await connection.fetchval("show search_path") == "somewhere"
        await connection.close()

    asyncio.run(main())


def test_a_pool_of_sqlalchemy(endpoint):
    async def main() -> None:
        url = sqlalchemy.URL.create(
            "postgresql+asyncpg",
            ADA,
            endpoint.token(),
            endpoint.host,
            endpoint.port,
            DATABASE,
            query={"ssl": "require"},
        )
        engine = create_async_engine(url, pool_size=3)

        async def ask() -> int:
            async with engine.connect() as connection:
                await connection.execute(sqlalchemy.text("select pg_sleep(0)"))
                return await connection.scalar(sqlalchemy.text("select pg_backend_pid()"))

        pids = await asyncio.gather(*(ask() for _ in range(9)))
        assert 1 <= len(set(pids)) <= 9
        await engine.dispose()

    asyncio.run(main())


def test_a_certificate_of_somebody_else_is_not_believed(endpoint):
    with pytest.raises(psycopg.OperationalError, match="certificate"):
        endpoint.psycopg(sslmode="verify-full", sslrootcert=str(ssl.get_default_verify_paths().cafile))
    assert endpoint.logins == []


def test_startup_parameters_arrive(endpoint):
    with endpoint.psycopg(application_name="shop", options="-c work_mem=3MB") as connection:
        assert connection.execute("show application_name").fetchone() == ("shop",)
        assert connection.execute("show work_mem").fetchone() == ("3MB",)
        assert connection.info.parameter_status("server_encoding") == "UTF8"


def test_ten_at_once(endpoint):
    async def main() -> None:
        arguments = endpoint.arguments()

        async def one(number: int) -> int:
            connection = await asyncpg.connect(database=DATABASE, ssl="require", **arguments)
            together.append(number)
            if len(together) == 10:
                all_there.set()
            await all_there.wait()
            answer = await connection.fetchval("select $1::int", number)
            await connection.close()
            return answer

        together: list[int] = []
        all_there = asyncio.Event()
        assert await asyncio.gather(*(one(number) for number in range(10))) == list(range(10))

    asyncio.run(main())
    assert len(endpoint.logins) == 10


def test_megabytes_both_ways(endpoint):
    megabytes = 8
    line = b"x" * 1023 + b"\n"
    with endpoint.psycopg() as connection:
        connection.execute("create temporary table lines (line text)")
        with connection.cursor() as cursor:
            with cursor.copy("copy lines from stdin") as copy:
                for _ in range(megabytes):
                    copy.write(line * 1024)
            with cursor.copy("copy lines to stdout") as copy:
                received = b"".join(bytes(piece) for piece in copy)
        assert received == line * 1024 * megabytes


def test_a_listener_hears_of_others(endpoint):
    with endpoint.psycopg() as listener, endpoint.psycopg() as other:
        listener.execute("listen tides")
        other.execute("notify tides, 'high'")
        [heard] = listener.notifies(timeout=30, stop_after=1)
        assert (heard.channel, heard.payload, heard.pid) == ("tides", "high", other.info.backend_pid)


def test_a_running_statement_is_cancelled(endpoint):
    async def main() -> None:
        connection = await psycopg.AsyncConnection.connect(
            dbname=DATABASE, sslmode="require", **endpoint.arguments()
        )
        async with connection:
            running = asyncio.create_task(connection.execute("select pg_sleep(60)"))
            await _is_active(endpoint, connection.info.backend_pid)
            await connection.cancel_safe(timeout=30)
            with pytest.raises(psycopg.errors.QueryCanceled):
                await running

    asyncio.run(main())


async def _is_active(endpoint, pid: int) -> None:
    with endpoint.psycopg() as watch:
        active = b"select 1 from pg_stat_activity where pid = %s and state = 'active'"
        while not watch.execute(active, [pid]).fetchall():  # noqa: ASYNC110 - the server has no event for us
            await asyncio.sleep(0)


def test_asyncpg_cancels_a_statement_that_takes_too_long(endpoint):
    async def main() -> None:
        connection = await asyncpg.connect(database=DATABASE, ssl="require", **endpoint.arguments())
        with pytest.raises(TimeoutError):
            await connection.execute("select pg_sleep(60)", timeout=0.1)
        assert await connection.fetchval("select 1") == 1
        await connection.close()

    asyncio.run(main())


@pytest.mark.skipif(psycopg.pq.version() < 170000, reason="libpq speaks TLS at once since 17")
def test_tls_without_a_request_for_it(endpoint):
    with endpoint.psycopg(
        sslnegotiation="direct", sslmode="verify-full", sslrootcert=endpoint.ca
    ) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
