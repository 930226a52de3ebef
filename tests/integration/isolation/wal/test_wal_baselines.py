"""Baselines nest: what was pushed belongs to every test until it is popped."""

from __future__ import annotations

import pytest

from seatrial.postgres.cluster import Cluster
from seatrial.postgres.server import EmbeddedServer
from tests.integration.isolation.wal.sea import Sea, sail


def names(sea: Sea) -> list[str]:
    return [str(note) for (note,) in sea.run("select note from plain order by note").fetchall()]


def push(sea: Sea) -> None:
    sea.engine.push(sea.replacing)
    sea.engine.hand_over()


def pop(sea: Sea) -> None:
    sea.engine.pop(sea.replacing)
    sea.engine.hand_over()


def test_nested_baselines(sea: Sea) -> None:
    assert sea.outcome() == "untouched"
    sea.run("insert into plain (note) values ('module')", "update seeded set note = 'module' where id = 1")
    push(sea)
    sea.run("insert into plain (note) values ('test')", "update seeded set note = 'test'")
    assert sea.outcome() == "reset"
    assert names(sea) == ["module"]
    sea.run("create table of_the_class (a int)", "insert into plain (note) values ('class')")
    push(sea)
    sea.run("delete from plain", "insert into of_the_class values (1)")
    assert sea.outcome() == "reset"
    assert names(sea) == ["class", "module"]
    sea.run("drop table of_the_class")
    pop(sea)
    assert sea.outcome() == "untouched"
    assert names(sea) == ["module"]
    sea.run("delete from plain")
    pop(sea)
    assert sea.difference() == {}
    assert names(sea) == []
    sea.run("insert into plain (note) values ('x')")
    assert sea.outcome() == "reset"


def test_a_push_of_nothing_copies_nothing(server: tuple[Cluster, EmbeddedServer]) -> None:
    with sail(*server, "create table plain (id serial, note text)") as sea:
        push_and_pop_nothing(sea)


def push_and_pop_nothing(sea: Sea) -> None:
    for _ in range(2):
        sea.engine.push(sea.replacing)
        sea.engine.hand_over()
        sea.run("insert into plain (note) values ('x')")
        assert sea.outcome() == "reset"
        sea.engine.push(sea.replacing)
    assert sea.replaced == 0
    for _ in range(4):
        sea.engine.pop(sea.replacing)
    assert sea.replaced == 0
    assert sea.difference() == {}


def test_what_looks_like_nothing_and_is_not(sea: Sea) -> None:
    """An unlogged table leaves no trace in the log."""
    sea.outcome()
    sea.run("insert into fast (n) values (5)")
    push(sea)
    assert sea.run("select n from fast").fetchall() == [(5,)]
    sea.run("insert into fast (n) values (6)")
    sea.outcome()
    assert sea.run("select n from fast").fetchall() == [(5,)]
    pop(sea)
    assert sea.run("select n from fast").fetchall() == []


def test_a_role_of_a_module_goes_with_it(sea: Sea) -> None:
    sea.outcome()
    sea.run("create role of_the_module", "create table t (a int)", "grant select on t to of_the_module")
    push(sea)
    sea.run("insert into t values (1)")
    assert sea.outcome() == "reset"
    pop(sea)
    assert sea.run("select count(*) from pg_roles where rolname = 'of_the_module'").fetchone() == (0,)
    assert sea.difference() == {}


def test_an_open_transaction_is_not_pushed(sea: Sea) -> None:
    sea.outcome()
    session = sea.connect()
    session.execute("begin; insert into plain (note) values ('never committed')")
    push(sea)
    assert names(sea) == []
    assert sea.outcome() == "untouched"


def test_nothing_remains_when_it_is_closed(sea: Sea) -> None:
    sea.outcome()
    sea.run("insert into plain (note) values ('x')")
    push(sea)
    sea.run("create table t (a int)")
    sea.outcome()
    sea.disconnect()
    sea.engine.close(drop_databases=True)
    with sea.cluster.connect("postgres") as admin:
        left = admin.execute("select datname from pg_database where datname like 'tested%'").fetchall()
    assert left == []


SETTINGS = (
    "alter database tested set work_mem = '3MB'",
    "alter database tested connection limit 50",
    "grant temporary on database tested to pg_monitor",
    "revoke connect on database tested from public",
)


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_a_fixture_sets_for_the_database_is_there_in_copies_of_it(sea: Sea, setting: str) -> None:
    """CREATE DATABASE copies neither settings nor rights, and a pushed baseline may have some."""
    sea.run(setting, admin=True)
    push(sea)
    there = sea.run(OF_THE_DATABASE).fetchall()
    sea.run("create table of_a_test (a int)")
    assert sea.outcome() == "DDL"
    assert sea.run(OF_THE_DATABASE).fetchall() == there
    pop(sea)
    assert sea.run(OF_THE_DATABASE).fetchall() != there


OF_THE_DATABASE = """
select datconnlimit, (select array_agg(a::text order by a::text) from unnest(datacl) a),
       (select setconfig from pg_db_role_setting where setdatabase = pg_database.oid)
from pg_database where datname = current_database()
"""


END_ALL_SESSIONS = "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"


def test_our_sessions_may_have_ended_before_a_push_or_a_pop(sea: Sea) -> None:
    sea.outcome()
    sea.run("insert into plain (note) values ('module')")
    sea.run(
        "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()", admin=True
    )
    push(sea)
    sea.run("insert into plain (note) values ('test')")
    assert sea.outcome() in ("reset", "connection lost")
    assert names(sea) == ["module"]
    sea.run(
        "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()", admin=True
    )
    pop(sea)
    assert names(sea) == []
