from __future__ import annotations

import pytest

from seatrial.postgres.sessions.breakouts import in_statement, is_plain
from seatrial.postgres.sessions.savepoints import Savepoints


@pytest.mark.parametrize(
    "statement",
    [
        "COMMIT",
        " commit work;",
        "end",
        "ABORT",
        "rollback",
        "ROLLBACK TRANSACTION AND CHAIN",
        "-- a comment\n/* and\nanother */ commit",
        "prepare transaction 'x'",
        "set session characteristics as transaction isolation level serializable",
        "SET default_transaction_isolation TO serializable",
        "set session default_transaction_isolation = 'serializable'",
    ],
)
def test_what_ends_or_outlives_a_transaction(statement: str) -> None:
    assert in_statement(statement) is not None


@pytest.mark.parametrize(
    "statement",
    [
        "select 'commit'",
        "commits",
        "rollback to x",
        "ROLLBACK TO SAVEPOINT x",
        "rollback work to savepoint x",
        "prepare plan as select 1",
        "insert into ended values (1)",
        "comment on table x is 'commit'",
        "set search_path = x",
        "set constraints all deferred",
        "savepoint x",
    ],
)
def test_what_does_not(statement: str) -> None:
    assert in_statement(statement) is None


@pytest.mark.parametrize(
    ("statement", "plain"),
    [
        ("select 1", True),
        (" -- a comment\n/* and another */ ((SELECT 1) union select 2)", True),
        ("with x as (delete from t returning *) insert into u select * from x", True),
        ("RELEASE SAVEPOINT x", True),
        ("ROLLBACK TO SAVEPOINT x", False),
        ("selecting", False),
        ("create temp table x (id int)", False),
        ("/* select */ alter table x add y int", False),
        ("set search_path = x", False),
        ("do $$ begin end $$", False),
    ],
)
def test_what_leaves_the_schema_alone(statement: str, plain: bool) -> None:
    assert is_plain(statement) is plain


def test_savepoints_are_followed() -> None:
    savepoints = Savepoints()
    for statement in ("SAVEPOINT a", "SAVEPOINT b", "select 1", "SAVEPOINT c", "release savepoint unknown"):
        savepoints.follow(statement)
    assert savepoints.names == ["a", "b", "c"]
    assert not savepoints.is_outermost_released_by("RELEASE SAVEPOINT b")
    savepoints.follow("ROLLBACK TO SAVEPOINT b")
    assert savepoints.names == ["a"]
    assert not savepoints.is_outermost_released_by("ROLLBACK TO SAVEPOINT a")
    assert savepoints.is_outermost_released_by("RELEASE SAVEPOINT a")
    assert savepoints.is_outermost_released_by(" release a ;")
    savepoints.follow("RELEASE SAVEPOINT a")
    assert savepoints.names == []
    assert not savepoints.is_outermost_released_by("RELEASE SAVEPOINT a")
