"""Connections that stay open from test to test: each in its own loop, clean, and gone when that is over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from seatrial.app.pools import PoolHealer
from seatrial.config import DatabaseAddress
from seatrial.postgres.sessions import Sessions
from tests.support.server import running_server

SCHEMA = """
create role shop login superuser password 'shop';
create table ships (id int primary key, name text);
insert into ships values (1, 'Endeavour');
create table crew (id int, ship int constraint on_board references ships deferrable initially deferred);
create sequence numbers;
create function widen() returns void language plpgsql as
  $$ begin alter table ships add column weight int; end $$;
create function note(columns text) returns void language plpgsql as
  $$ begin execute 'create temp table notes (' || columns || ')'; end $$;
"""
HELD = "select count(*) from pg_stat_activity where application_name = 'seatrial session'"
PID = "select pg_backend_pid()"
SHIPS = "select * from ships"


@pytest.fixture(scope="module")
def place(shared_cache: Path) -> Iterator[tuple[DatabaseAddress, str]]:
    with running_server(shared_cache, roles=SCHEMA) as server:
        address = DatabaseAddress(
            host="127.0.0.1", port=server.port, user="shop", password="shop", name="postgres"
        )
        yield address, server.admin_dsn()


class Rig:
    """Tests in a row, each with a session: the statements it executes, and what the last of them gives."""

    def __init__(self, address: DatabaseAddress, admin: str, *, rollback: bool) -> None:
        self.sessions = Sessions(address)
        self.admin = admin
        self.rollback = rollback

    def held(self) -> int:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            row = connection.execute(HELD).fetchone()
        assert row is not None
        return int(row[0])

    def sync(self, *statements: str) -> Any:
        opened = self.sessions.open(rollback=self.rollback)
        for statement in statements:
            found = _rows(opened.session.execute(text(statement)))
        assert self.sessions.check() == []
        assert self.sessions.end(opened) == []
        return found

    def on(self, loop: asyncio.AbstractEventLoop, *statements: str) -> Any:
        opened = self.sessions.open_async(rollback=self.rollback)

        async def work() -> Any:
            for statement in statements:
                found = _rows(await opened.session.execute(text(statement)))
            return found

        found = loop.run_until_complete(work())
        assert self.sessions.check() == []
        assert self.sessions.end(opened) == []
        return found


def _rows(result: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in result] if result.returns_rows else []


@pytest.fixture(params=[True, False], ids=["rollback", "commit"])
def rig(place: tuple[DatabaseAddress, str], request: pytest.FixtureRequest) -> Iterator[Rig]:
    rig = Rig(*place, rollback=request.param)
    yield rig
    rig.sessions.close()
    _wait_until_none(rig)


def _wait_until_none(rig: Rig) -> None:
    with psycopg.connect(rig.admin, autocommit=True) as connection:
        for _ in range(10_000):
            if connection.execute(HELD).fetchone() == (0,):
                return
    raise AssertionError("a session has stayed")


def test_tests_of_one_loop_share_a_connection_unless_they_commit(rig: Rig) -> None:
    with asyncio.Runner() as runner:
        pids = [rig.on(runner.get_loop(), PID) for _ in range(2)]
    assert (pids[0] == pids[1]) is rig.rollback
    assert rig.sync(PID) == rig.sync(PID)
    rig.sessions.close()
    _wait_until_none(rig)


def test_every_loop_has_a_connection_of_its_own_and_keeps_it(rig: Rig) -> None:
    with asyncio.Runner() as one, asyncio.Runner() as other:
        pids = [rig.on(runner.get_loop(), PID) for runner in (one, other, one, other)]
    assert pids[0] != pids[1]
    assert (pids[:2] == pids[2:]) is rig.rollback
    _wait_until_none(rig)


def test_a_loop_that_ends_without_notice_takes_its_connection_and_is_blamed_on_nobody(rig: Rig) -> None:
    loop = asyncio.new_event_loop()
    rig.on(loop, PID)
    loop.close()
    with asyncio.Runner() as runner:
        rig.on(runner.get_loop(), SHIPS)
        # From now on no loop is trusted.
        _wait_until_none(rig)


def test_a_kept_connection_follows_the_database_when_that_is_replaced(
    place: tuple[DatabaseAddress, str],
) -> None:
    rig, healer = Rig(*place, rollback=True), PoolHealer()
    healer.install()
    with asyncio.Runner() as runner:
        pids = [rig.on(runner.get_loop(), PID), rig.sync(PID)]
        with healer.replacing({place[0].place}), psycopg.connect(rig.admin, autocommit=True) as connection:
            connection.execute(HELD.replace("count(*)", "pg_terminate_backend(pid, 5000)"))
        assert rig.on(runner.get_loop(), PID) not in pids
        assert rig.sync(PID) not in pids
    rig.sessions.close()
    healer.remove()


TRACES = {
    "a lock": "select pg_advisory_lock(7)",
    "a setting": "set search_path = 'nowhere'",
    "a prepared statement": "prepare plan as select 1",
    "a temporary table": "create temp table hold (id int)",
    "a value of a sequence": "select nextval('numbers')",
}
LEFT = """
select (select count(*) from pg_locks where locktype = 'advisory'), current_setting('search_path'),
  (select count(*) from pg_prepared_statements where from_sql), to_regclass('hold')::text
"""
CLEAN = [(0, '"$user", public', 0, None)]


@pytest.mark.parametrize("trace", TRACES)
def test_the_next_test_finds_no_trace(rig: Rig, trace: str) -> None:
    with asyncio.Runner() as runner:
        rig.on(runner.get_loop(), TRACES[trace])
        assert rig.on(runner.get_loop(), LEFT) == CLEAN
    rig.sync(TRACES[trace])
    assert rig.sync(LEFT) == CLEAN
    opened = rig.sessions.open(rollback=rig.rollback)
    with pytest.raises(Exception, match="not yet defined"):
        opened.session.execute(text("select lastval()"))
    rig.sessions.end(opened)


@pytest.mark.parametrize("change", ["alter table ships add column weight int", "select widen()"])
def test_a_schema_that_was_rolled_back_is_not_remembered(
    place: tuple[DatabaseAddress, str], change: str
) -> None:
    rig = Rig(*place, rollback=True)
    with asyncio.Runner() as runner:
        assert rig.on(runner.get_loop(), change, SHIPS) == [(1, "Endeavour", None)]
        assert rig.on(runner.get_loop(), SHIPS) == [(1, "Endeavour")]
    rig.sessions.close()


def test_temporary_tables_of_one_name_are_not_confused(rig: Rig) -> None:
    narrow, wide = "select note('id int')", "select note('id int, text text')"
    with asyncio.Runner() as runner:
        rig.on(runner.get_loop(), "savepoint x", narrow, "select * from notes", "rollback to x")
        rig.on(runner.get_loop(), wide, "select * from notes")
        rig.on(runner.get_loop(), narrow, "select * from notes")


def test_a_constraint_that_the_test_makes_is_deferred_too(place: tuple[DatabaseAddress, str]) -> None:
    rig = Rig(*place, rollback=True)
    learn = rig.sessions.open(rollback=True)
    learn.session.execute(text(SHIPS))
    learn.session.commit()
    rig.sessions.end(learn)
    opened = rig.sessions.open(rollback=True)
    session = opened.session
    session.execute(text("alter table crew add constraint one unique (id) deferrable initially deferred"))
    session.commit()
    session.execute(text("insert into crew values (1, 2), (1, 2)"))
    session.execute(text("insert into ships values (2, 'Beagle')"))
    session.execute(text("update crew set id = 2 where ctid = (select max(ctid) from crew)"))
    session.commit()
    session.execute(text("insert into crew values (3, 9)"))
    with pytest.raises(IntegrityError, match="on_board"):
        session.commit()
    session.rollback()
    assert rig.sessions.end(opened) == []
    rig.sessions.close()
