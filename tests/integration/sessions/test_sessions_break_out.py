"""A test that leaves the transaction it runs in is told so, and the next test does not notice."""

from __future__ import annotations

import re

import pytest

from tests.integration.sessions.models_project import write
from tests.support.project import Project

AFTER = """

@pytest.mark.parametrize("turn", range(2))
def test_z_is_not_affected(db_session, turn):
    assert names(db_session) == ["of the seed"]
    assert committed() == ["of the seed"]
    db_session.add(Customer(id=2, name="after"))
    db_session.commit()
    assert names(db_session) == ["after", "of the seed"]
"""
WRITES = 'db_session.add(Customer(id=2, name="lost")); db_session.commit()'
WAYS = {
    "a raw COMMIT": (
        'db_session.execute(text(" /* x */ commit"))',
        "it executes '/\\* x \\*/ commit', which ends the transaction",
    ),
    "a raw ROLLBACK": ('db_session.execute(text("ROLLBACK"))', "which ends the transaction"),
    "a COMMIT that is hidden": (
        'db_session.connection().exec_driver_sql("select 1; commit")',
        "its transaction was ended, and another one begun",
    ),
    "a COMMIT of the driver": (
        "db_session.connection().connection.driver_connection.commit()",
        "its transaction was ended, and another one begun",
    ),
    "a commit of the connection": (
        "db_session.connection().commit()",
        "it commits the transaction itself",
    ),
    "a rollback of the connection": (
        "db_session.connection().rollback()",
        "it rolls the transaction back",
    ),
    "VACUUM": (
        'db_session.execute(text("vacuum customers"))',
        "VACUUM cannot run inside a transaction block",
    ),
    "CREATE DATABASE": (
        'db_session.execute(text("create database more"))',
        "CREATE DATABASE cannot run inside a transaction block",
    ),
    "an index made concurrently": (
        'db_session.execute(text("create index concurrently i on customers (name)"))',
        "CREATE INDEX CONCURRENTLY cannot run inside a transaction block",
    ),
    "SERIALIZABLE for the session": (
        'db_session.rollback(); db_session.connection(execution_options={"isolation_level": "SERIALIZABLE"})',
        "it asks for the isolation level SERIALIZABLE",
    ),
    "SERIALIZABLE by a statement": (
        'db_session.execute(text("set transaction isolation level serializable"))',
        "SET TRANSACTION ISOLATION LEVEL must",
    ),
    "SERIALIZABLE for later": (
        'db_session.execute(text("set default_transaction_isolation = serializable"))',
        "which only a later transaction would follow",
    ),
    "AUTOCOMMIT": (
        'db_session.connection().execution_options(isolation_level="AUTOCOMMIT")',
        "it asks for the isolation level AUTOCOMMIT",
    ),
    "a second connection of the engine": (
        "db_session.get_bind().engine.connect()",
        "it opens a second connection",
    ),
    "its connection is ended": (
        "elsewhere(f\"select pg_terminate_backend({db_session.scalar(text('select pg_backend_pid()'))})\")",
        "its connection cannot be used any more",
    ),
    "a second connection that writes": (
        "elsewhere(\"insert into customers values (3, 'of another')\")",
        "another connection has written to the database",
    ),
    "a second connection that deletes": (
        'elsewhere("delete from customers")',
        "another connection has written to the database",
    ),
    "a second connection that makes a table": (
        'elsewhere("create table more (id int)")',
        "another connection has written to the database",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_break_out_is_told_and_undone(project: Project, way: str) -> None:
    code, words = WAYS[way]
    test = f"""
def test_a_breaks_out(db_session):
    db_session.add(Customer(id=4, name="earlier"))
    db_session.commit()
    assert names(db_session) == ["earlier", "of the seed"]
    {code}
"""
    result = write(project, test + AFTER).pytest("-p", "no:randomly").expect(1, failed=1, passed=2)
    assert "[rollback.broke-out]" in result.output
    assert re.search(words, result.output), result.output
    assert '@pytest.mark.isolation("reset")' in result.output


SWALLOWED = """
def test_a_swallows_the_error(db_session):
    try:
        db_session.connection().commit()
    except Exception:
        pass
    assert committed() == ["of the seed"]
"""


def test_code_that_swallows_the_error_does_not_hide_it(project: Project) -> None:
    result = write(project, SWALLOWED + AFTER).pytest().expect(1, failed=1, passed=2)
    assert "FAILED test_sessions.py::test_a_swallows_the_error" in result.output
    assert "it commits the transaction itself" in result.output


OPEN = """
left = []

def test_a_leaves_a_transaction_open(db_session):
    left.append(psycopg.connect(os.environ["DATABASE_URL"]))
    left[0].execute("insert into customers values (3, 'of another')")
    assert names(db_session) == ["of the seed"]

def test_b_and_its_commit_has_no_effect(db_session):
    with pytest.raises(psycopg.OperationalError):
        left[0].commit()
    assert names(db_session) == ["of the seed"]
"""


def test_a_transaction_of_another_connection_that_is_left_open(project: Project) -> None:
    result = write(project, OPEN + AFTER).pytest("-p", "no:randomly").expect(1, error=1, passed=4)
    assert "another connection has written to the database" in result.output
    assert "insert into customers values (3, 'of another')" in result.output


READS = """
def test_reads_and_undone_writes_of_others_are_none(db_session):
    assert elsewhere("select count(*) from customers") == [(1,)]
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("insert into customers values (3, 'undone')")
        connection.rollback()
    with psycopg.connect(os.environ["DATABASE_URL"], dbname="postgres", autocommit=True) as connection:
        connection.execute("create temp table elsewhere (id int)")
    db_session.add(Order(customer_id=1))
    db_session.commit()
    assert names(db_session) == ["of the seed"]
"""


def test_what_others_do_elsewhere_or_undo_is_no_break_out(project: Project) -> None:
    result = write(project, READS + AFTER).pytest().expect(passed=3)
    assert not re.search(r"isolation    .*(reset|fresh)", result.output), result.output


TWO_WAYS = """
def test_a_handle(db_session, db):
    assert db.scalar("select 1") == 1

def test_b_while_it_runs(db_session, request):
    assert request.getfixturevalue("db")

def test_c_both_sessions(db_session, async_db_session):
    assert db_session

@pytest.mark.isolation("reset")
def test_d_committing(db_session, db):
    db_session.add(Customer(id=2, name="seen"))
    db_session.commit()
    assert db.scalar("select count(*) from customers") == 2

def test_e_without_a_session(db):
    db.execute("insert into customers values (2, 'committed')")
    assert committed() == ["committed", "of the seed"]
"""


def test_a_second_way_to_the_database_is_refused(project: Project) -> None:
    result = write(project, TWO_WAYS + AFTER).pytest("-rfE").expect(1, error=2, failed=1, passed=4)
    assert "it uses `db` too, which does not see what the session has not committed" in result.output
    assert "it uses `async_db_session` too" in result.output or "it uses `db_session` too" in result.output
