"""What tests do to rows and sequences is undone in place; every comparison is of the whole database."""

from __future__ import annotations

import pytest

from tests.integration.isolation.wal.sea import Sea

IN_PLACE = {
    "insert": "insert into plain (note) values ('x')",
    "insert of many": "insert into plain (note) select 'x' from generate_series(1, 500)",
    "trigger that writes elsewhere": "insert into plain (note) values ('x'); delete from plain",
    "equal rows": "delete from keyless where ctid = (select ctid from keyless limit 1)",
    "update of equal rows": "update keyless set b = 'other'",
    "seeded update": "update seeded set note = 'other' where id = 3",
    "seeded delete": "delete from seeded where id > 20",
    "seeded insert": "insert into seeded (note) values ('more')",
    "cascade": "delete from seeded where id < 5",
    "wide rows": "update child set document = repeat(md5(random()::text), 800) where id = 4",
    "upsert": "insert into big values (7, 'up', -7) on conflict (id) do update set note = 'up'",
    "large seeded update": "update big set note = 'other' where id in (1, 1500, 2999)",
    "large seeded delete": "delete from big where id between 700 and 900",
    "large seeded insert": "insert into big select i, '', -i from generate_series(4000, 4100) i",
    "exchange of keys": (
        "update big set other = -other where id < 50; update big set other = 50 + other where id < 50"
    ),
    "merge": "merge into seeded using plain on false when not matched by source then update set note = 'm'",
    "append only": "insert into append_only values (2, 'more')",
    "moved between partitions": "update halves set half = 3 - half where id < 9",
    "parent of a seeded heir": "insert into parent values (5, 'x')",
    "heir by its parent": "update parent set note = 'changed'",
    "odd names": 'update "Odd ""name" set "a b" = 2',
    "table with a dropped column": "update gap set c = 'y'",
    "rows under a policy": "insert into secret values (1, 'owner')",
    "unlogged": "insert into fast (n) values (1)",
    "rolled back": "begin; insert into seeded (note) values ('x'); rollback",
    "savepoints": (
        "begin; insert into plain (note) values ('a'); savepoint s; delete from seeded; rollback to s; commit"
    ),
    "deferred": (
        "begin; set constraints all deferred; delete from child; "
        "insert into child (parent) values (1); commit"
    ),
    "nextval": "select nextval('free')",
    "setval": "select setval('free', 100)",
    "restart": "alter sequence free restart with 40",
    "rolled back nextval": "begin; select nextval('free'); rollback",
    "truncate": "truncate plain restart identity",
    "truncate of seeds": "truncate seeded, child restart identity",
    "truncate and fill": "begin; truncate keyless; insert into keyless values (2, 'n'); commit",
    "rewritten": "vacuum full seeded; update seeded set note = 'x' where id < 9",
    "clustered": "begin; cluster seeded using seeded_pkey; rollback; delete from seeded where id = 1",
    "refreshed view": "insert into plain (note) values ('x'); refresh materialized view total",
    "large object": "select lo_from_bytea(0, 'abc')",
    "checkpoint": "insert into plain (note) values ('x'); checkpoint",
    "temporary table dropped": (
        "create temp table t (a int); insert into plain (note) values ('x'); drop table t"
    ),
    "rolled back table": (
        "begin; create table t (a int); insert into t values (1); rollback; delete from seeded"
    ),
    "reindex": "reindex table seeded; delete from seeded where id = 2",
}


@pytest.mark.parametrize("statements", IN_PLACE.values(), ids=IN_PLACE)
def test_undone_in_place(sea: Sea, statements: str) -> None:
    for _ in range(2):
        sea.run(*statements.split("; "), admin="checkpoint" in statements)
        assert sea.outcome() == "reset"
    assert sea.replaced == 0


@pytest.mark.parametrize(
    "statements",
    [
        "select * from big",
        "begin; select * from seeded for update; commit",
        "vacuum",
        "analyze",
        "vacuum freeze big",
        "set work_mem = '1MB'",
        "truncate plain",
        "create temp table t (a int); drop table t",
        "begin; alter table plain add column more int; rollback",
        "alter table plain disable trigger log; alter table plain enable trigger log",
    ],
)
def test_nothing_to_undo(sea: Sea, statements: str) -> None:
    sea.run(*statements.split("; "))
    sea.outcome()
    assert sea.replaced == 0


def test_a_reading_test_is_untouched(sea: Sea) -> None:
    assert sea.outcome() == "untouched"
    sea.run("select count(*) from big")
    assert sea.outcome() == "untouched"


def test_an_unlogged_sequence_that_needs_no_transaction(sea: Sea) -> None:
    sea.outcome()
    sea.run("select nextval('quick')")
    sea.outcome()
    assert sea.replaced == 0


def test_a_sequence_with_values_logged_ahead_in_the_template(sea: Sea) -> None:
    """`nextval` logs 32 values at once; the template has used two of those."""
    assert sea.run("select nextval('free')").fetchone() == (3,)
    assert sea.outcome() == "reset"
    assert sea.run("select nextval('free')").fetchone() == (3,)


def test_rows_put_back_again_and_again(sea: Sea) -> None:
    """Rows of a large table that were put back lie elsewhere, and are known there."""
    session = sea.connect()
    for turn in range(20):
        session.execute(
            "update big set note = 'x' where id between %s and %s", [turn * 20 + 1, turn * 70 + 1]
        )
        session.execute("delete from big where id = %s", [turn])
        assert sea.outcome() == "reset"
    session.execute("vacuum big")
    session.execute("update big set note = note || 'y' where id % 100 = 7")
    assert sea.outcome() == "reset"


def test_tables_do_not_grow(sea: Sea) -> None:
    session = sea.connect()
    sizes = set()
    for _ in range(200):
        session.execute("insert into plain (note) values (repeat('x', 100))")
        sea.restore()
        row = session.execute("select pg_relation_size('plain') / 8192").fetchone()
        assert row is not None
        sizes.add(row[0])
    assert max(sizes) <= 2
    assert sea.difference() == {}
