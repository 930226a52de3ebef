"""What cannot be undone in place is seen, and answered with a fresh copy."""

from __future__ import annotations

import psycopg
import pytest

from seatrial.errors import IsolationError
from seatrial.postgres.cluster import Cluster
from seatrial.postgres.server import EmbeddedServer
from tests.integration.isolation.wal.sea import Sea, sail

DDL = [
    "create table t (a int)",
    "drop table keyless",
    "alter table plain add column more int",
    "alter table plain drop column note",
    "alter table plain alter column note set not null",
    "alter table plain disable trigger log",
    "create index on plain (note)",
    "create index concurrently on plain (note)",
    "create view v as select 1",
    "create type mood as enum ('calm')",
    "alter function log() security definer",
    "grant select on plain to public",
    "comment on table plain is 'x'",
    "alter sequence free increment 5",
    "create extension hstore",
    "create schema attic",
    "drop policy mine on secret",
    "alter table secret disable row level security",
    "create statistics s on a, b from keyless",
    "alter table halves detach partition half_1",
    "alter table parent rename to ancestor",
    "drop trigger refuse on append_only; delete from append_only",
]


@pytest.mark.parametrize("statements", DDL)
def test_ddl(sea: Sea, statements: str) -> None:
    sea.run(*statements.split("; "))
    assert sea.outcome() == "DDL"
    assert sea.outcome() == "untouched"


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        ("insert into plain (note) select repeat('x', 100) from generate_series(1, 20000)", "large write"),
        ("vacuum full big", "large seeded table rewritten"),
        ("begin; truncate big; insert into big values (1, 'x', 1); commit", "large seeded table rewritten"),
        ("select nextval('handed_out')", "sequence whose values sessions keep"),
    ],
)
def test_cheaper_or_safer_as_a_copy(sea: Sea, statements: str, reason: str) -> None:
    sea.run(*statements.split("; "))
    assert sea.outcome() == reason


@pytest.mark.parametrize(
    ("schema", "statement", "reason"),
    [
        (
            "create unlogged table t (a int); insert into t values (1)",
            "update t set a = 2",
            "seeded unlogged table",
        ),
        (
            """
            create table t (a int);
            create function f() returns trigger language plpgsql as $$ begin raise 'no'; end $$;
            create trigger g before delete on t for each row execute function f();
            alter table t enable always trigger g""",
            "insert into t values (1)",
            "trigger or rule that always fires",
        ),
        (
            """
            create table t (a int); create rule r as on delete to t do instead nothing;
            alter table t enable always rule r""",
            "insert into t values (1)",
            "trigger or rule that always fires",
        ),
        (
            "create table t (a int); create materialized view t_then as select now() as at, count(*) from t",
            "refresh materialized view t_then",
            "materialized view",
        ),
        ("select lo_from_bytea(77, 'abc')", "select lo_put(77, 0, 'xyz')", "large objects of the baseline"),
        ("create table t (); insert into t default values", "delete from t", "seeded table without columns"),
        (
            """
            create table t (a int); insert into t values (-1);
            alter table t add constraint positive check (a > 0) not valid""",
            "delete from t",
            "CheckViolation",
        ),
    ],
)
def test_what_a_reset_cannot_prove(
    server: tuple[Cluster, EmbeddedServer], schema: str, statement: str, reason: str
) -> None:
    with sail(*server, schema) as sea:
        for _ in range(2):
            sea.run(statement)
            assert sea.outcome() == reason


def test_a_role_that_a_test_made(sea: Sea) -> None:
    sea.run("create role mate login password 'x'", "create table t (a int)", "alter table t owner to owner")
    sea.run("grant select on plain to mate", "grant mate to owner", "comment on role mate is 'x'")
    assert sea.outcome() == "roles, databases or their settings"
    assert sea.run("select count(*) from pg_roles where rolname = 'mate'").fetchone() == (0,)


@pytest.mark.parametrize(
    "statement",
    [
        "alter role owner set work_mem = '1MB'",
        "alter role owner in database tested set search_path = a, b",
        "alter role owner valid until '2030-01-01'",
        "alter role owner connection limit 7",
        "alter role owner password 'other'",
        "grant pg_read_all_data to owner",
        "comment on role owner is 'x'",
        "alter database tested set work_mem = '1MB'",
        "grant create on database tested to public",
        "create database other",
    ],
)
def test_what_all_databases_share(sea: Sea, statement: str) -> None:
    for _ in range(2):
        sea.run(statement, admin=True)
        assert sea.outcome() in {"roles, databases or their settings", "large write"}
        assert sea.engine._baseline.shared.differences() == []
    assert sea.run("select 1").fetchone() == (1,)


def test_what_cannot_be_undone_is_named(server: tuple[Cluster, EmbeddedServer]) -> None:
    with server[0].connect("postgres") as admin:
        admin.execute("create role passenger")
        with sail(*server, "create table t (a int)") as sea:
            admin.execute("drop role passenger")
            with pytest.raises(IsolationError, match="could not be undone: role passenger") as raised:
                sea.restore()
    assert raised.value.code == "isolation.shared-state"


def test_temporary_tables_of_a_session_that_stays(sea: Sea) -> None:
    session = sea.connect()
    session.execute("create temp table t (a int)")
    session.execute("insert into plain (note) values ('x')")
    assert sea.outcome() == "reset"
    with pytest.raises(psycopg.OperationalError):
        session.execute("select * from t")
    assert sea.replaced == 1


def test_a_session_stays_where_no_copy_is_needed(sea: Sea) -> None:
    session = sea.connect()
    for _ in range(3):
        session.execute("insert into plain (note) values ('x')")
        assert sea.outcome() == "reset"
    assert session.execute("select count(*) from plain").fetchone() == (0,)
