"""Every way to send a statement is heard, once, and what nobody asked for is not."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys

import asyncpg
import psycopg
import psycopg2
import psycopg2.extras
import psycopg2.sql
import pytest
import sqlalchemy
from psycopg import sql
from psycopg_pool import AsyncConnectionPool, ConnectionPool
from sqlalchemy.ext.asyncio import create_async_engine

from seatrial import counted_statements
from seatrial.ledger.sql import unrecorded
from seatrial.ledger.sql.hooks import take_out
from seatrial.postgres.catalog import snapshot
from seatrial.postgres.handle import Handle
from tests.integration.ledger.conftest import PASSWORD, Hearing

READ = "select name from items"


async def asyncpg_everything(dsn: str) -> None:
    async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool:
        await pool.fetch("select 1 as pool")
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("insert into items (name) values ($1)", "secret-value")
            await connection.execute("select 2; select 3")
            await connection.fetchval("select 4")
            await connection.fetchrow("select 5 where false")
            await connection.executemany("insert into items (name) values ($1)", [("a",), ("b",)])
            prepared = await connection.prepare("select $1::int")
            await prepared.fetch(6)
            await prepared.fetchval(7)
            async for _ in connection.cursor("select 8"):
                pass
            await connection.copy_from_query("select 9", output=io.BytesIO())
            await connection.copy_records_to_table("items", records=[(1, "x")][:0], columns=["id", "name"])
            await connection.execute("savepoint mine; release mine")
        with pytest.raises(asyncpg.PostgresError):
            await pool.execute("select nothing from items")


def test_asyncpg(hearing: Hearing, dsn: str) -> None:
    asyncio.run(asyncpg_everything(dsn))
    assert [text.rstrip() for text in hearing.texts] == [
        "select 1 as pool",
        "insert into items (name) values ($1)",
        "select 2; select 3",
        "select 4",
        "select 5 where false",
        "insert into items (name) values ($1)",
        "select $1::int",
        "select $1::int",
        "select 8",
        "COPY (select 9) TO STDOUT",
        'COPY "items" FROM STDIN',
        "savepoint mine; release mine",
        "select nothing from items",
    ]
    rows = [statement.rows for statement in hearing.statements]
    assert rows[:6] == [1, 1, 1, None, 0, None]
    many = hearing.statements[5]
    assert (many.parameters, many.times, many.driver) == (1, 2, "asyncpg")
    assert hearing.statements[-1].failed == "UndefinedColumnError"
    assert all(statement.failed is None for statement in hearing.statements[:-1])
    assert "secret-value" not in hearing.files.path.read_text()


def psycopg_everything(dsn: str) -> None:
    with ConnectionPool(dsn, min_size=1, max_size=1, check=ConnectionPool.check_connection) as pool:
        with pool.connection() as connection:
            connection.execute("insert into items (name) values (%s)", ["secret-value"])
            with connection.cursor() as cursor:
                cursor.execute(b"select 2")
                cursor.executemany("insert into items (name) values (%s)", [("a",), ("b",)])
                cursor.execute(
                    sql.SQL("select {}, %s").format(sql.Identifier("name")) + sql.SQL(" from items"), [1]
                )
                assert list(cursor.stream("select 3")) == [(3,)]
                with cursor.copy("copy items to stdout") as copy:
                    assert len(list(copy)) > 0
            with connection.cursor("named") as server_side:
                server_side.execute("select 4")
            with connection.transaction():
                connection.execute("select 5", prepare=True)
            psycopg.types.TypeInfo.fetch(connection, "text")
        with pool.connection() as connection, pytest.raises(psycopg.Error):
            connection.execute("select nothing from items")


def test_psycopg(hearing: Hearing, dsn: str) -> None:
    psycopg_everything(dsn)
    assert hearing.texts == [
        "insert into items (name) values (%s)",
        "select 2",
        "insert into items (name) values (%s)",
        'select "name", %s from items',
        "select 3",
        "copy items to stdout",
        "select 4",
        "select 5",
        "select nothing from items",
    ]
    assert (hearing.statements[2].times, hearing.statements[2].parameters) == (2, 1)
    assert hearing.statements[-1].failed == "UndefinedColumn"
    assert "secret-value" not in hearing.files.path.read_text()


async def async_psycopg_everything(dsn: str) -> None:
    async with AsyncConnectionPool(dsn, min_size=1, max_size=1) as pool, pool.connection() as connection:
        await connection.execute("select 1")
        async with connection.cursor() as cursor:
            await cursor.execute("select %s::int", [2])
            await cursor.executemany("insert into items (name) values (%s)", [("a",)])
            assert [row async for row in cursor.stream("select 3")] == [(3,)]
            async with cursor.copy("copy items to stdout") as copy:
                assert len([part async for part in copy]) > 0
        async with connection.cursor("named") as server_side:
            await server_side.execute("select 4")


def test_async_psycopg(hearing: Hearing, dsn: str) -> None:
    asyncio.run(async_psycopg_everything(dsn))
    assert hearing.texts == [
        "select 1",
        "select %s::int",
        "insert into items (name) values (%s)",
        "select 3",
        "copy items to stdout",
        "select 4",
    ]


def test_psycopg2(hearing: Hearing, dsn: str) -> None:
    connection = psycopg2.connect(dsn)
    assert isinstance(connection, psycopg2.extensions.connection)
    with connection, connection.cursor() as cursor:
        cursor.execute("insert into items (name) values (%s)", ["secret-value"])
        cursor.executemany("insert into items (name) values (%s)", iter([("a",), ("b",)]))
        cursor.execute(psycopg2.sql.SQL("select {} from items").format(psycopg2.sql.Identifier("name")))
        cursor.copy_expert("copy items to stdout", io.StringIO())
        cursor.callproc("abs", [-1])
        psycopg2.extras.execute_values(cursor, "insert into items (name) values %s", [("c",), ("d",)])
    with connection, connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        cursor.execute("select 1 as one")
        assert cursor.fetchone() == {"one": 1}
    with connection, connection.cursor("named") as cursor:
        cursor.execute("select 2")
    with pytest.raises(psycopg2.Error), connection.cursor() as cursor:
        cursor.execute("select nothing from items")
    connection.close()
    assert hearing.texts == [
        "insert into items (name) values (%s)",
        "insert into items (name) values (%s)",
        'select "name" from items',
        "copy items to stdout",
        "SELECT * FROM abs()",
        "insert into items (name) values ('c'),('d')",
        "select 1 as one",
        "select 2",
        "select nothing from items",
    ]
    assert hearing.statements[1].times == 2
    assert hearing.statements[-1].failed == "UndefinedColumn"
    assert "secret-value" not in hearing.files.path.read_text()


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "pg"])
def test_sqlalchemy(hearing: Hearing, dsn: str, driver: str) -> None:
    url = dsn if driver == "pg" else dsn.replace("postgresql", f"postgresql+{driver}", 1)
    engine = sqlalchemy.create_engine(url, pool_pre_ping=True)
    for _ in range(2):
        with engine.begin() as connection:
            connection.execute(
                sqlalchemy.text("insert into items (name) values (:name)"), {"name": "secret-value"}
            )
            many = [{"name": "a"}, {"name": "b"}, {"name": "c"}]
            connection.execute(sqlalchemy.text("insert into items (name) values (:name)"), many)
            with connection.begin_nested():
                connection.execute(sqlalchemy.text(READ))
    with engine.connect() as connection, pytest.raises(sqlalchemy.exc.ProgrammingError):
        connection.execute(sqlalchemy.text("select nothing from items"))
    with engine.connect() as connection:
        raw = connection.connection.driver_connection.cursor()
        raw.execute("select 'by the driver'")
        raw.close()
    engine.dispose()
    insert = "insert into items (name) values (%(name)s)"
    assert [text.replace("::VARCHAR", "") for text in hearing.texts] == [
        *[insert, insert, READ] * 2,
        "select nothing from items",
        "select 'by the driver'",
    ]
    assert [statement.times for statement in hearing.statements] == [1, 3, 1, 1, 3, 1, 1, 1]
    assert hearing.statements[6].failed == "UndefinedColumn"
    assert "secret-value" not in hearing.files.path.read_text()


async def sqlalchemy_async(url: str) -> None:
    engine = create_async_engine(url, pool_pre_ping=True)
    for _ in range(2):
        async with engine.begin() as connection:
            await connection.execute(sqlalchemy.text(READ + " where name = :name"), {"name": "x"})
            result = await connection.stream(sqlalchemy.text(READ))
            await result.all()
    async with engine.connect() as connection:
        with pytest.raises(sqlalchemy.exc.ProgrammingError):
            await connection.execute(sqlalchemy.text("select nothing from items"))
        await connection.rollback()
        raw = await connection.get_raw_connection()
        await raw.driver_connection.execute("select 'by the driver'")
    await engine.dispose()


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_asynchronous_sqlalchemy(hearing: Hearing, dsn: str, driver: str) -> None:
    asyncio.run(sqlalchemy_async(dsn.replace("postgresql", f"postgresql+{driver}", 1)))
    texts = [text.partition(" where")[0] for text in hearing.texts]
    assert texts == [READ] * 4 + ["select nothing from items", "select 'by the driver'"]
    assert {statement.driver for statement in hearing.statements} == {driver}


def test_an_engine_that_is_older_than_the_record(tmp_path, dsn: str) -> None:
    engine = sqlalchemy.create_engine(dsn)
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("select 'before'"))
        hearing = Hearing(tmp_path / "run.jsonl")
        connection.execute(sqlalchemy.text("select 'held'"))
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("select 'new'"))
        hearing.close()
        connection.execute(sqlalchemy.text("select 'after'"))
    engine.dispose()
    assert [text for text in hearing.texts if "held" not in text] == ["select 'new'"]


def test_a_statement_that_sqlalchemy_never_finished_does_not_silence_the_rest(
    hearing: Hearing, dsn: str
) -> None:
    async def cancelled() -> None:
        engine = create_async_engine(dsn.replace("postgresql", "postgresql+asyncpg", 1))
        async with engine.connect() as connection:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await connection.execute(sqlalchemy.text("select pg_sleep(30)"))
        async with engine.connect() as connection:
            await connection.execute(sqlalchemy.text("select 'through it'"))
        await engine.dispose()
        connection = await asyncpg.connect(dsn)
        await connection.fetch("select 'beside it'")
        await connection.close()

    asyncio.run(cancelled())
    assert hearing.texts[-2:] == ["select 'through it'", "select 'beside it'"]


def test_the_handle_of_tests_is_told_apart_and_our_own_statements_are_not_heard(
    hearing: Hearing, dsn: str
) -> None:
    handle = Handle.of_url(dsn)
    assert handle.scalar("select count(*) from items where false") == 0
    handle.close()
    with unrecorded(), psycopg.connect(dsn) as connection:
        connection.execute("select 'ours'")
    assert [
        (text, statement.by) for text, statement in zip(hearing.texts, hearing.statements, strict=True)
    ] == [("select count(*) from items where false", "db")]


def test_a_snapshot_that_a_test_takes_is_a_statement_of_the_test(hearing: Hearing, dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        snapshot(connection)
    (text,) = hearing.texts
    assert "pg_constraint" in text
    assert hearing.statements[0].by == "test"


def test_secrets_in_a_statement(hearing: Hearing, dsn: str) -> None:
    hearing.recorder.credentials([PASSWORD])
    with psycopg.connect(dsn) as connection:
        connection.execute(f"select '{PASSWORD}'")
        connection.execute("alter role sailor password 'a new one'")
        connection.rollback()
    assert hearing.texts == ["select '***'", "alter role sailor password ***"]


def test_nothing_stays_when_it_is_over(tmp_path) -> None:
    before = _state()
    hearing = Hearing(tmp_path / "run.jsonl")
    assert _state() != before
    with counted_statements():
        take_out()
        hearing.hooks.remove()
        take_out()
    # An application may be sending at this moment.
    assert _state() != before
    take_out()
    assert _state() == before
    hearing.close()


def _state() -> list[object]:
    from asyncpg.prepared_stmt import PreparedStatement
    from sqlalchemy.pool import Pool

    owners = (
        psycopg.Cursor,
        psycopg.AsyncCursor,
        psycopg.ServerCursor,
        asyncpg.Connection,
        PreparedStatement,
    )
    return [
        *(dict(vars(owner)) for owner in owners),
        psycopg2._connect,
        list(sys.meta_path),
        len(sqlalchemy.Engine.dispatch.before_cursor_execute._clslevel.get(sqlalchemy.Engine, ())),
        len(Pool.dispatch.checkout._clslevel.get(Pool, ())),
    ]


def test_libraries_that_are_imported_later(tmp_path, dsn: str) -> None:
    code = """
import sys
from pathlib import Path
from seatrial.ledger import LedgerFiles, Recorder, read
from seatrial.ledger.recorder import Sender
from seatrial.ledger.sql.hooks import SqlHooks
assert not {"sqlalchemy", "psycopg", "psycopg2", "asyncpg"} & set(sys.modules)
files = LedgerFiles(Path(sys.argv[1]))
files.open()
recorder = Recorder(files.descriptor())
recorder.begin(versions={}, settings={})
hooks = SqlHooks(recorder, lambda: Sender("test"))
hooks.install()
import importlib.util
assert all(importlib.util.find_spec(name) for name in ("sqlalchemy", "psycopg", "psycopg2", "asyncpg"))
import psycopg, psycopg2, asyncpg, asyncio, sqlalchemy
assert type(psycopg.__spec__.loader).__name__ == type(psycopg.__loader__).__name__ == "SourceFileLoader"
dsn = sys.argv[2]
with psycopg.connect(dsn) as connection:
    connection.execute("select 'psycopg'")
connection = psycopg2.connect(dsn)
connection.cursor().execute("select 'psycopg2'")
connection.close()
async def run():
    connection = await asyncpg.connect(dsn)
    await connection.fetch("select 'asyncpg'")
    await connection.close()
asyncio.run(run())
with sqlalchemy.create_engine(dsn).connect() as connection:
    connection.execute(sqlalchemy.text("select 'sqlalchemy'"))
hooks.remove()
recorder.close()
files.finish()
ledger = read(files.path)
print([ledger.sql(statement) for statement in ledger.statements])
"""
    command = [sys.executable, "-c", code, str(tmp_path / "run.jsonl"), dsn]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    expected = ["select 'psycopg'", "select 'psycopg2'", "select 'asyncpg'", "select 'sqlalchemy'"]
    assert done.stdout.strip() == str(expected), done.stderr
