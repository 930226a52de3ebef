"""The anomalies of the literature as schedules, at every isolation: what PostgreSQL documents comes true."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from seatrial.checks.transactions import Schedule
from seatrial.checks.transactions.links import settled
from seatrial.errors import TransactionError
from seatrial.postgres.cluster import Cluster

RC, RR, SER = "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"
FIRST, SECOND, BOTH = (f"select value from test where {w} order by id" for w in ("id = 1", "id = 2", "true"))
WRITE = "update test set value = 11 where id = 1"
THIRDS = "select * from test where value % 3 = 0"


def put(row: int, value: int) -> str:
    return f"update test set value = {value} where id = {row}"


@pytest.fixture(scope="module")
def url(cluster: Cluster) -> Iterator[str]:
    with cluster.connect("postgres") as admin:
        admin.execute("create database anomalies owner clerk")
    yield cluster.address("anomalies", login="app").url()
    with cluster.connect("postgres") as admin:
        admin.execute("drop database anomalies")


@pytest.fixture
def database(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop table if exists test")
        connection.execute("create table test (id int primary key, value int)")
        connection.execute("insert into test values (1, 10), (2, 20)")
        yield connection
        who = "select pid from pg_stat_activity where datname = 'anomalies' and pid <> pg_backend_pid()"
        # A backend lives for a moment after its client has left; one that stays lets the test time out.
        while connection.execute(who).fetchone() is not None:
            pass


def g0(schedule: Schedule, level: str) -> list[tuple[int, ...]]:
    """Two write the same two rows: the second waits for the first."""
    one, two = schedule.session("one"), schedule.session("two")
    one.run(put(1, 11), gives=1)
    waiting = two.blocked(put(1, 12), by=one)
    one.run(put(2, 21), gives=1)
    one.commit()
    if level == RC:
        waiting.ends(gives=1)
        two.run(put(2, 22), gives=1)
        two.commit()
        return [(12,), (22,)]
    waiting.ends(fails="40001")
    two.rollback()
    return [(11,), (21,)]


def g1a(schedule: Schedule, _: str) -> list[tuple[int, ...]]:
    """What is rolled back was never read."""
    one, two = schedule.session("one"), schedule.session("two")
    one.run(put(1, 101))
    two.run(BOTH, gives=[(10,), (20,)])
    one.rollback()
    two.run(BOTH, gives=[(10,), (20,)])
    two.commit()
    return [(10,), (20,)]


def g1b(schedule: Schedule, level: str) -> list[tuple[int, ...]]:
    """What is overwritten before the commit was never read."""
    one, two = schedule.session("one"), schedule.session("two")
    one.run(put(1, 101))
    two.run(FIRST, gives=[(10,)])
    one.run(put(1, 11))
    one.commit()
    two.run(FIRST, gives=[(11,)] if level == RC else [(10,)])
    two.commit()
    return [(11,), (20,)]


def g1c(schedule: Schedule, level: str) -> list[tuple[int, ...]]:
    """Neither reads what the other one is writing."""
    one, two = schedule.session("one"), schedule.session("two")
    one.run(put(1, 11))
    two.run(put(2, 22))
    one.run(SECOND, gives=[(20,)])
    two.run(FIRST, gives=[(10,)])
    one.commit()
    two.commit(fails="40001" if level == SER else None)
    return [(11,), (20,)] if level == SER else [(11,), (22,)]


def otv(schedule: Schedule, level: str) -> list[tuple[int, ...]]:
    """Once seen, a transaction does not vanish."""
    one, two, three = (schedule.session(name) for name in ("one", "two", "three"))
    one.run(put(1, 11))
    one.run(put(2, 19))
    waiting = two.blocked(put(1, 12), by=one)
    one.commit()
    if level != RC:
        waiting.ends(fails="40001")
        two.rollback()
        three.run(BOTH, gives=[(11,), (19,)])
        return [(11,), (19,)]
    waiting.ends(gives=1)
    three.run(FIRST, gives=[(11,)])
    two.run(put(2, 18))
    three.run(SECOND, gives=[(19,)])
    two.commit()
    three.run(BOTH, gives=[(12,), (18,)])
    return [(12,), (18,)]


def pmp(schedule: Schedule, level: str) -> list[tuple[int, ...]]:
    """The rows of a condition, while another one adds to them."""
    one, two = schedule.session("one"), schedule.session("two")
    one.run("select * from test where value = 30", gives=[])
    two.run("insert into test values (3, 30)")
    two.commit()
    one.run(THIRDS, gives=[(3, 30)] if level == RC else [])
    one.commit()
    return [(10,), (20,), (30,)]


def pmp_of_a_write(schedule: Schedule, level: str) -> list[tuple[int, ...]]:
    """The same, where both write."""
    one, two = schedule.session("one"), schedule.session("two")
    one.run("update test set value = value + 10", gives=2)
    waiting = two.blocked("delete from test where value = 20", by=one)
    one.commit()
    if level == RC:
        waiting.ends(gives=0)
    else:
        waiting.ends(fails="40001")
    two.rollback()
    return [(20,), (30,)]


def p4(schedule: Schedule, level: str) -> list[tuple[int, ...]]:
    """A lost update."""
    one, two = schedule.session("one"), schedule.session("two")
    one.run(FIRST, gives=[(10,)])
    two.run(FIRST, gives=[(10,)])
    one.run(put(1, 11))
    waiting = two.blocked(put(1, 12), by=one)
    one.commit()
    waiting.ends(fails=None if level == RC else "40001")
    two.commit()
    return [(12,) if level == RC else (11,), (20,)]


def g_single(schedule: Schedule, level: str) -> list[tuple[int, ...]]:
    """Read skew."""
    one, two = schedule.session("one"), schedule.session("two")
    one.run(FIRST, gives=[(10,)])
    two.run(put(1, 12))
    two.run(put(2, 18))
    two.commit()
    one.run(SECOND, gives=[(18,)] if level == RC else [(20,)])
    one.commit()
    return [(12,), (18,)]


def g2_item(schedule: Schedule, level: str) -> list[tuple[int, ...]]:
    """Write skew."""
    one, two = schedule.session("one"), schedule.session("two")
    for session in (one, two):
        session.run(BOTH, gives=[(10,), (20,)])
    one.run(put(1, 11))
    two.run(put(2, 21))
    one.commit()
    two.commit(fails="40001" if level == SER else None)
    return [(11,), (20,)] if level == SER else [(11,), (21,)]


def g2(schedule: Schedule, level: str) -> list[tuple[int, ...]]:
    """Write skew over the rows of a condition."""
    one, two = schedule.session("one"), schedule.session("two")
    for session in (one, two):
        session.run(THIRDS, gives=[])
    one.run("insert into test values (3, 30)")
    two.run("insert into test values (4, 42)")
    one.commit()
    two.commit(fails="40001" if level == SER else None)
    return [(10,), (20,), (30,), *([] if level == SER else [(42,)])]


@pytest.mark.parametrize("level", [RC, RR, SER])
@pytest.mark.parametrize("anomaly", [g0, g1a, g1b, g1c, otv, pmp, pmp_of_a_write, p4, g_single, g2_item, g2])
def test_an_anomaly(
    anomaly: Callable[[Schedule, str], list[tuple[int, ...]]],
    level: str,
    url: str,
    database: psycopg.Connection,
) -> None:
    with Schedule(url, isolation=level, name=anomaly.__name__) as schedule:
        left = anomaly(schedule, level)
    assert database.execute(BOTH).fetchall() == left


def test_one_of_two_loses_a_deadlock(url: str, database: psycopg.Connection) -> None:
    with Schedule(url) as schedule:
        one, two = schedule.session("one"), schedule.session("two")
        one.run(put(1, 11))
        two.run(put(2, 22))
        first = one.blocked(put(2, 21), by=two)
        lost = schedule.one_fails("40P01", first, two.start(put(1, 12)))
        winner = two if lost.session is one else one
        lost.session.rollback()
        winner.commit()
    left = [(12,), (22,)] if winner is two else [(11,), (21,)]
    assert database.execute(BOTH).fetchall() == left


def openers(url: str) -> dict[str, Callable[[], Any]]:
    return {
        "psycopg": lambda: psycopg.connect(url),
        "psycopg, autocommit": lambda: psycopg.connect(url, autocommit=True),
        "psycopg, asynchronous": lambda: psycopg.AsyncConnection.connect(url),
        "asyncpg": lambda: asyncpg.connect(url),
        "Session": lambda: Session(create_engine(f"postgresql+psycopg{url[10:]}", poolclass=NullPool)),
        "AsyncSession": lambda: AsyncSession(
            create_async_engine(f"postgresql+asyncpg{url[10:]}", poolclass=NullPool)
        ),
        "a block": lambda: contextlib.closing(psycopg.connect(url)),
    }


@pytest.mark.parametrize("kind", openers("postgresql://"))
def test_sessions_of_every_library(kind: str, url: str, database: psycopg.Connection) -> None:
    async def add(session: Any) -> int:
        statement = text(WRITE) if "Session" in kind else WRITE
        await settled(session.execute(statement))
        return 7

    def add_blocking(session: Any) -> int:
        session.execute(text(WRITE) if kind == "Session" else WRITE)
        return 7

    function = add if kind in ("psycopg, asynchronous", "asyncpg", "AsyncSession") else add_blocking
    with Schedule(url, open=openers(url)[kind], isolation="repeatable read", name=kind) as schedule:
        one, two = schedule.session("one"), schedule.session("two", isolation="READ COMMITTED")
        one.run(FIRST, gives=[(10,)])
        two.run(function, gives=7)
        two.commit()
        one.run(FIRST, gives=[(10,)])
        assert one.run(function, fails="40001") == "40001"
        one.rollback()
        one.run(put(2, 0), gives=1)
        waiting = two.blocked("delete from test", by=one)
        one.commit()
        waiting.ends(gives=2)
    assert database.execute(BOTH).fetchall() == [(11,), (0,)]


def test_expectations_that_do_not_come_true(url: str, database: psycopg.Connection) -> None:
    with Schedule(url, name="sale", timeout=1) as schedule:
        one, two = schedule.session("one"), schedule.session("two")
        one.run(put(1, 11))
        wrong = {
            "outcome": lambda: one.run(FIRST, gives=[(12,)]),
            "blocked": lambda: two.run(put(1, 12)),
            "not-blocked": lambda: one.blocked(put(2, 1), by=two),
            "isolation": lambda: schedule.session("three", isolation="chaos"),
            "unknown-session": lambda: schedule.session("four", open=object),
        }
        for code, step in wrong.items():
            with pytest.raises(TransactionError) as found:
                step()
            assert found.value.code == f"transactions.{code}"
            if code == "outcome":
                assert found.value.message == f"sale: one: {FIRST}: expected [(12,)], found [(11,)]"
                assert found.value.detail == f"so far:\n  1. one: {put(1, 11)} -> 1"
        assert "seatrial-schedule-four" not in {thread.name for thread in threading.enumerate()}
        two.rollback()
        with pytest.raises(TransactionError, match="expected an error 40001, found 22012 DivisionByZero"):
            two.run("select 1 / 0", fails="40001")
        two.rollback()
        with pytest.raises(LookupError):
            two.run(lambda _: {}["none"])
        database.execute("select pg_advisory_lock(1)")
        with pytest.raises(TransactionError) as found:
            two.run("select pg_advisory_lock(1)")
        assert found.value.code == "transactions.hang"
        assert f"session {database.info.backend_pid}: idle" in found.value.detail
        database.execute("select pg_advisory_unlock(1)")


def test_a_step_that_nobody_looks_at(url: str, database: psycopg.Connection) -> None:
    with pytest.raises(TransactionError, match="two: update") as found, Schedule(url) as schedule:  # noqa: PT012 - the end of it raises
        one, two = schedule.session("one"), schedule.session("two")
        one.run(put(1, 11))
        two.blocked(put(1, 12), by=one)
        with pytest.raises(TransactionError, match="still running"):
            two.commit()
    assert found.value.code == "transactions.unfinished"
    assert database.execute(BOTH).fetchall() == [(10,), (20,)]
