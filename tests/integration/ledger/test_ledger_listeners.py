"""Several who listen to statements, and pools that were there before any of them."""

from __future__ import annotations

import asyncio

import psycopg
import psycopg2
import psycopg2.extras
import psycopg2.sql
import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine

from seatrial import counted_statements
from seatrial.ledger.sql.hooks import take_out
from tests.integration.ledger.conftest import Hearing

READ = "select name from items"


def test_several_listen_at_the_same_time(hearing: Hearing, dsn: str) -> None:
    url = dsn.replace("postgresql", "postgresql+psycopg", 1)
    engine = sqlalchemy.create_engine(url)
    old = psycopg2.connect(dsn)

    def send(number: int) -> None:
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("select :number"), {"number": number})
        with psycopg.connect(dsn) as connection:
            connection.execute("select %s as by_psycopg", [number])
        with old.cursor() as cursor:
            cursor.execute("select %s as by_psycopg2", [number])

    send(1)
    with counted_statements(by="test") as seen:
        send(2)
        with counted_statements(by="test") as inner:
            send(3)
    send(4)
    engine.dispose()
    old.close()
    assert (len(seen), len(inner)) == (6, 3), str(seen)
    # SQLAlchemy's values have names.
    assert len({statement.values for statement in seen.statements}) == 4
    assert [(each.times, each.different) for each in seen.repeated] == [(2, 2)] * 3
    assert inner.repeated == []
    assert len(hearing.texts) == 12
    assert len({statement.values for statement in hearing.statements}) == 8


def test_a_pool_that_is_older_asks_its_connections_unheard(dsn: str) -> None:
    url = dsn.replace("postgresql", "postgresql+psycopg", 1)

    async def read_waiting() -> None:
        engine = create_async_engine(url, pool_pre_ping=True)
        engine.dialect._dialect_specific_select_one = "select 'as SQLAlchemy 2.0'"
        async with engine.connect():
            pass
        with counted_statements(by="test") as seen:
            async with engine.connect() as connection:
                await connection.execute(sqlalchemy.text(READ))
        await engine.dispose()
        assert seen.texts == [READ]

    engine = sqlalchemy.create_engine(url, pool_pre_ping=True)
    engine.dialect._dialect_specific_select_one = "select 'as SQLAlchemy 2.0'"
    take_out()
    engine.connect().close()
    with counted_statements(by="test") as seen, engine.connect() as connection:
        connection.execute(sqlalchemy.text(READ))
    engine.dispose()
    take_out()
    assert seen.texts == [READ]
    asyncio.run(read_waiting())
    take_out()
