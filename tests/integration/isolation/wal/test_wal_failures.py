"""Whatever goes wrong on the way ends in a fresh copy, never in a guess."""

from __future__ import annotations

import contextlib
import os
import signal

import psycopg
import pytest

from seatrial.errors import IsolationError
from tests.integration.isolation.wal.sea import Sea


def test_a_log_that_is_gone(sea: Sea) -> None:
    sea.run("insert into plain (note) values ('x')")
    sea.engine._log._position = "0/28"
    sea.engine._log._expected = "0"
    with sea.cluster.connect("postgres") as admin:
        admin.execute("select pg_switch_wal(); checkpoint")
    assert sea.outcome() in {"WAL gone", "large write", "InvalidParameterValue"}
    sea.run("insert into plain (note) values ('x')")
    assert sea.outcome() == "reset"


def test_another_segment_of_the_log(sea: Sea) -> None:
    for _ in range(3):
        sea.run(
            "insert into plain (note) values ('x')",
            "select pg_switch_wal()",
            "delete from seeded",
            admin=True,
        )
        sea.outcome()
    sea.run("insert into plain (note) values ('x')")
    assert sea.outcome() == "reset"


@pytest.mark.parametrize("which", ["work", "mirror", "control"])
def test_a_session_of_ours_is_lost(sea: Sea, which: str) -> None:
    sea.outcome()
    pids = {
        "work": lambda: sea.engine._work._session.pid,
        "mirror": lambda: sea.engine._baseline.mirror().session.pid,
        "control": lambda: sea.engine._control.connection.info.backend_pid,
    }
    sea.run(
        "delete from big where id = 5",
        "refresh materialized view total",
        "create temp table t (); drop table t",
    )
    with sea.cluster.connect("postgres") as admin:
        admin.execute("select pg_terminate_backend(%s, 5000)", [pids[which]()])
    assert sea.outcome() in {"connection lost", "AdminShutdown", "reset"}
    sea.run("insert into plain (note) values ('x')")
    assert sea.outcome() == "reset"


def crash(sea: Sea) -> None:
    """Kill a session, and wait until the server has noticed: it ends all others then."""
    witness = sea.connect()
    os.kill(sea.connect().info.backend_pid, signal.SIGKILL)
    with contextlib.suppress(psycopg.OperationalError):
        while True:
            witness.execute("select 1")


def test_a_server_that_crashed_and_recovered(sea: Sea) -> None:
    sea.outcome()
    sea.run("insert into plain (note) values ('x')")
    crash(sea)
    sea.restore()
    assert sea.difference() == {}
    sea.run("insert into plain (note) values ('x')", "update big set note = 'x' where id = 3")
    assert sea.outcome() == "reset"
    sea.run("create table t (a int)")
    assert sea.outcome() == "DDL"


def test_a_lock_that_nobody_gives_back(sea: Sea) -> None:
    """Session-level advisory locks do not hold us up, and table locks end with their transaction."""
    session = sea.connect()
    session.execute("select pg_advisory_lock(1)")
    session.execute("insert into plain (note) values ('x')")
    assert sea.outcome() == "reset"


def until_it_fails(sea: Sea) -> None:
    """One copy is ready already; there is no further one."""
    for _ in range(3):
        sea.run("create table t (a int)")
        sea.engine.restore(sea.replacing)


def test_no_copy_can_be_made(sea: Sea) -> None:
    sea.outcome()
    sea.run("create table t (a int)")
    assert sea.outcome() == "DDL"
    with sea.cluster.connect("template_of_tested"):
        with pytest.raises(IsolationError) as raised:
            until_it_fails(sea)
        assert raised.value.code == "isolation.no-clone"
    sea.restore()
    assert sea.difference() == {}


def test_the_last_resort_failing_is_an_error_of_ours(sea: Sea, monkeypatch: pytest.MonkeyPatch) -> None:
    sea.outcome()
    sea.run("create table t (a int)")

    def no_space(*_: object, **__: object) -> None:
        raise psycopg.errors.DiskFull("no space")

    with monkeypatch.context() as patched:
        patched.setattr(sea.engine._named, "exchange", no_space)
        with pytest.raises(IsolationError, match="nor replaced by a copy") as raised:
            sea.restore()
    assert raised.value.code == "isolation.not-restored"
    assert sea.outcome() == "an earlier failure"
