"""Sessions in the middle of something are ended and reported, inside `replacing()` only; the others stay."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator

import psycopg
import pytest

from tests.integration.isolation.wal.sea import Sea


@pytest.mark.parametrize(
    "statements",
    [
        ("insert into plain (note) values ('never committed')",),
        ("delete from seeded",),
        ("select 1",),
        ("lock table plain in access exclusive mode",),
        ("select * from seeded for update",),
        ("savepoint s", "insert into plain (note) values ('x')"),
        ("create table t (a int)",),
    ],
    ids=lambda statements: statements[-1],
)
def test_an_open_transaction_is_ended_and_reported(sea: Sea, statements: tuple[str, ...]) -> None:
    bystander = sea.connect()
    session = sea.connect()
    sea.run("insert into plain (note) values ('committed')")
    session.execute("begin")
    for statement in statements:
        session.execute(statement.encode())
    assert sea.outcome() == "reset"
    (ended,) = sea.engine.ended
    assert ended.pid == session.info.backend_pid
    assert ended.state == "idle in transaction"
    assert ended.query == statements[-1]
    assert ended.transaction_start is not None
    assert sea.replaced == 1
    with pytest.raises(psycopg.OperationalError):
        session.execute("commit")
    assert sea.difference() == {}
    assert bystander.execute("select count(*) from plain").fetchone() == (0,)


def test_a_failed_transaction_is_ended_as_well(sea: Sea) -> None:
    session = sea.connect()
    session.execute("begin; insert into plain (note) values ('x')")
    with pytest.raises(psycopg.errors.DivisionByZero):
        session.execute("select 1 / 0")
    sea.outcome()
    assert [ended.state for ended in sea.engine.ended] == ["idle in transaction (aborted)"]
    sea.outcome()
    assert list(sea.engine.ended) == []


def test_a_running_statement_is_ended(sea: Sea) -> None:
    session = sea.connect()

    def write_late() -> None:
        with contextlib.suppress(psycopg.OperationalError):
            session.execute(
                "with slow as materialized (select pg_sleep(60)) "
                "insert into plain (note) select 'late' from slow"
            )

    thread = threading.Thread(target=write_late)
    thread.start()
    while sea.run("select count(*) from pg_stat_activity where query like 'with slow%'").fetchone() == (0,):
        pass
    sea.outcome()
    thread.join()
    assert [ended.state for ended in sea.engine.ended] == ["active"]
    assert sea.difference() == {}


def test_a_session_that_is_just_leaving_is_not_ended(sea: Sea) -> None:
    for _ in range(20):
        session = sea.connect()
        session.execute("begin; insert into seeded (note) select 'x' from generate_series(1, 100)")
        session.close()
        sea.restore()
        assert list(sea.engine.ended) == []
    assert sea.replaced == 0
    assert sea.difference() == {}


def test_a_session_whose_client_is_gone_is_waited_for(sea: Sea) -> None:
    """A busy machine may not serve it for a while; here its process is stopped for that time."""
    session = sea.connect()
    session.execute("begin; insert into seeded (note) values ('x')")
    pid = session.info.backend_pid
    os.kill(pid, signal.SIGSTOP)
    served = threading.Timer(0.5, os.kill, (pid, signal.SIGCONT))
    served.start()
    session.close()
    sea.restore()
    served.join()
    assert list(sea.engine.ended) == []
    assert sea.difference() == {}


def test_prepared_transactions_are_rolled_back(sea: Sea) -> None:
    session = sea.connect()
    session.execute(
        "begin; insert into plain (note) values ('x'); select nextval('free'); prepare transaction 'it''s'"
    )
    assert sea.outcome() == "reset"
    assert session.execute("select count(*) from pg_prepared_xacts").fetchone() == (0,)
    session.execute("begin; create table t (a int); prepare transaction 'x'")
    sea.outcome()
    assert sea.replaced == 0


def test_a_prepared_transaction_does_not_hold_up_a_copy(sea: Sea) -> None:
    sea.run(
        "create table t (a int)", "begin", "insert into plain (note) values ('x')", "prepare transaction 'x'"
    )
    assert sea.outcome() == "DDL"


def test_values_a_session_keeps_of_a_sequence_are_forgotten(sea: Sea) -> None:
    session = sea.connect()
    session.execute("select nextval('handed_out')")
    sea.outcome()
    with pytest.raises(psycopg.OperationalError):
        session.execute("select nextval('handed_out')")
    assert sea.run("select nextval('handed_out')").fetchone() == (1,)


def test_sessions_end_inside_replacing_only(sea: Sea) -> None:
    """Whoever ends sessions must have told the application's pools before."""
    sessions = [sea.connect() for _ in range(3)]
    alive: list[int] = []
    admin = sea.connect("postgres", login="admin")

    @contextlib.contextmanager
    def watched() -> Iterator[None]:
        pids = [session.info.backend_pid for session in sessions]
        row = admin.execute("select count(*) from pg_stat_activity where pid = any(%s)", [pids]).fetchone()
        assert row is not None
        alive.append(row[0])
        yield

    sea.run("create table t (a int)")
    sea.engine.restore(watched)
    assert alive == [3]


def test_writers_that_never_pause_end_in_a_right_state(sea: Sea) -> None:
    """Rows that another thread adds after a reset cannot be prevented; those of before must be gone."""
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with contextlib.suppress(psycopg.Error), sea.cluster.connect("tested", login="owner") as session:
                for _ in range(20):
                    session.execute("insert into plain (note) values ('rogue')")
                    session.execute("update seeded set note = 'rogue' where id = 5")

    thread = threading.Thread(target=write)
    thread.start()
    for _ in range(25):
        sea.restore()
    stop.set()
    thread.join()
    sea.outcome()
