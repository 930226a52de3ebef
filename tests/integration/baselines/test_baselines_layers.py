"""Layers end in any order, and leave nothing but what the living ones made."""

from __future__ import annotations

import re

import pytest

from seatrial.errors import IsolationError
from tests.integration.baselines.conftest import Subject

USERS = "select name from users order by name"


def test_the_topmost_goes_and_the_one_below_is_as_it_was_made(tested: Subject) -> None:
    tested.fixture("session", "insert into users (name) values ('s')")
    module = tested.fixture("module", "insert into users (name) values ('m')")
    tested.run("delete from users where name in ('s', 'm')")
    tested.next_test()
    assert tested.rows(USERS) == ["m", "s", "seed"]
    tested.run("update users set name = 'test'  where name = 's'")
    tested.end(module)
    assert tested.layers.pending
    tested.next_test()
    assert tested.rows(USERS) == ["s", "seed"]


def test_one_below_others_is_taken_out(tested: Subject) -> None:
    below = tested.fixture(
        "below", "insert into users (name) values ('below')", "insert into marks values ('b')"
    )
    tested.fixture(
        "above",
        "insert into users (name) values ('above')",
        "update users set name = 'changed seed' where id = 1",
        "insert into orders (buyer, note) select id, 'it''s, \"quoted\" \\ and null' from users where id = 1",
        "insert into orders (note) values (null)",
        "insert into marks values ('twice'), ('twice'), (null)",
        "insert into days values ('2027-03-01', 1)",
        "refresh materialized view names",
    )
    third = tested.fixture(
        "third", "delete from marks where ctid = (select min(ctid) from marks where what = 'twice')"
    )
    tested.end(below)
    for _ in range(2):
        tested.next_test()
        assert tested.rows("select id, name, loud from users order by id") == [
            (1, "changed seed", "CHANGED SEED"),
            (3, "above", "ABOVE"),
        ]
        assert tested.rows("select * from orders order by id") == [
            (1, 1, 'it\'s, "quoted" \\ and null'),
            (2, None, None),
        ]
        assert tested.rows("select what from marks order by what") == ["twice", None]
        assert tested.rows("select n from only days_2027") == [1]
        assert tested.rows("select name from names order by name") == ["above", "changed seed"]
        assert tested.rows("select count(*) from log") == [2], "no trigger fires a second time"
        # Sequences stand after the values that the living rows have.
        assert tested.rows("insert into users (name) values ('next') returning id") == [4]
        assert tested.rows("insert into orders (buyer) values (4) returning id") == [3]
    tested.end(third)
    tested.next_test()
    assert tested.rows("select what from marks order by what") == ["twice", "twice", None]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (
            "insert into orders (buyer) select id from users where name = 'm'",
            "refer to rows that would be gone",
        ),
        ("update users set name = 'mine' where name = 'm'", "that are not there without the other"),
        ("create table extra (n int)", "not only rows differ, but also: catalogue pg_attribute"),
        ("select lo_from_bytea(0, 'x')", "large objects"),
    ],
)
def test_what_cannot_be_told_apart_is_refused_and_named(tested: Subject, statement: str, reason: str) -> None:
    module = tested.fixture("the fixture M", "insert into users (name) values ('m')")
    session = tested.fixture("the fixture S", statement, "insert into marks values ('s')")
    with pytest.raises(
        IsolationError, match=f"^the fixture M has ended before the fixture S.*{re.escape(reason)}"
    ) as caught:
        tested.end(module)
    assert caught.value.code == "isolation.fixture-order"
    # Nothing was lost on the way, and both are gone as soon as that is possible.
    tested.next_test()
    assert tested.rows("select what from marks") == ["s"]
    tested.end(session)
    tested.next_test()
    assert tested.rows(USERS) == ["seed"]
    assert tested.rows("select what from marks") == []
    assert tested.layers.at_baseline()
    names = "select datname from pg_database where datname like 'tested%' and datname !~ 'clone|used'"
    assert tested.rows(names) == ["tested"]


def test_a_unique_value_that_a_lower_layer_had_freed(tested: Subject) -> None:
    module = tested.fixture("M", "update users set name = 'renamed' where name = 'seed'")
    tested.fixture("S", "insert into users (name) values ('seed')")
    with pytest.raises(IsolationError, match="duplicate key"):
        tested.end(module)


def test_a_trigger_that_always_fires_is_refused(tested: Subject) -> None:
    tested.fixture("B", "alter table orders enable always trigger logged")
    module = tested.fixture("M", "insert into marks values ('m')")
    tested.fixture("S", "insert into orders (note) values ('s')")
    with pytest.raises(IsolationError, match=r"the trigger 'logged' of .* fires always"):
        tested.end(module)


def test_a_schema_that_a_lower_layer_changed_goes_with_it(tested: Subject) -> None:
    module = tested.fixture("M", "create table extra (n int)", "insert into marks values ('m')")
    tested.fixture("S", "insert into orders (note) values ('s')")
    tested.end(module)
    tested.next_test()
    assert tested.rows("select line from log") == ["s"]
    assert tested.rows("select what from marks") == []
    assert tested.rows("select to_regclass('extra')") == [None]


def test_a_database_is_compared_in_full(tested: Subject) -> None:
    assert tested.layers.at_baseline()
    tested.run("begin; insert into users (name) values ('x'); rollback")
    assert not tested.layers.at_baseline(), "the sequence has moved"
    tested.fixture("F")
    assert tested.layers.at_baseline()
    tested.run("update users set name = 'other'")
    assert not tested.layers.at_baseline()
    tested.next_test()
    assert tested.layers.at_baseline()


def test_the_position_moves_with_transactions_that_wrote_and_nothing_else(tested: Subject) -> None:
    position = tested.isolation.position()
    assert tested.rows("select count(*) from users") == [1]
    assert tested.isolation.position() == position
    with tested.cluster.connect("tested") as connection:
        connection.execute("begin; insert into users (name) values ('open')")
        assert tested.isolation.position() == position
        connection.execute("commit")
    assert tested.isolation.position() != position
    tested.next_test()
    # Clones are made and dropped in the background now.
    position = tested.isolation.position()
    assert tested.isolation.position() == position
