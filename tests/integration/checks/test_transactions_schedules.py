"""The anomalies of the literature as schedules, at every isolation: what PostgreSQL documents comes true."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from seatrial.checks.transactions import Schedule
from seatrial.postgres.cluster import Cluster

RC, RR, SER = "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"
FIRST, SECOND, BOTH = (f"select value from test where {w} order by id" for w in ("id = 1", "id = 2", "true"))
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
