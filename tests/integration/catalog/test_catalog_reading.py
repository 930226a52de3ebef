"""What a snapshot depends on, and what it does not: settings, order, names, roles, versions of the text."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from seatrial.errors import CatalogError
from seatrial.postgres.catalog import Catalog, Entry, differences, snapshot
from tests.integration.catalog.conftest import START

FOLDER = Path(__file__).parent
ORDERED = """
create type mood as enum ('calm', 'cross');
create table customers (id int primary key, name text, feeling mood, constraint known check (name <> ''));
create table orders (id int primary key, customer int references customers, total int, note text);
create index orders_total on orders (total);
create index orders_note on orders (note);
create statistics orders_both on total, note from orders;
create function one() returns int language sql as 'select 1';
create view large as select id, total from orders where total > 9;
grant select on orders to reader, app;
grant insert on orders to app;
create policy few on orders to reader, app using (total < 3);
comment on table orders is 'all';
reset role;
create publication news for table orders, customers;
"""
OTHERWISE = """
create table unneeded (a int);
create function one() returns int language sql as 'select 1';
create table orders (note text, gone int, total int, customer int, id int);
alter table orders drop column gone;
grant insert, select on orders to app;
create index orders_note on orders (note);
create table customers (feeling text, name text, id int);
drop table unneeded;
create type mood as enum ('cross');
alter type mood add value 'calm' before 'cross';
alter table customers alter feeling type mood using feeling::mood;
alter table customers add constraint known check (name <> '');
alter table customers add constraint customers_pkey primary key (id);
create statistics orders_both on note, total from orders;
alter table orders add constraint orders_pkey primary key (id);
create policy few on orders to app, reader using (total < 3);
create view large as select id, total from orders where total > 9;
create index orders_total on orders (total);
alter table orders add constraint orders_customer_fkey foreign key (customer) references customers;
grant select on orders to reader;
comment on table orders is 'all';
reset role;
create publication news for table customers, orders;
"""


def test_the_order_of_statements_and_columns_the_owner_and_the_database_do_not_count(new):
    one = snapshot(new(f"set role builder; {ORDERED}"))
    other = snapshot(
        new(f"set role other_builder; {OTHERWISE}", owner="other_builder", name='Odd "database"')
    )
    assert differences(one, other) == []
    assert one == other
    assert one.digest == other.digest
    assert one.to_json() == other.to_json()


OWNED = """
create table a (b int, c int);
create type mood as enum ('calm');
create function one() returns int language sql as 'select 1';
create sequence numbers;
create schema more;
create statistics pairs on b, c from a;
reset role;
create publication news for table a;
alter publication news owner to {owner};
"""


def test_owners_count_when_they_are_asked_for(new):
    here, there = (
        snapshot(new(f"set role {owner}; {OWNED.format(owner=owner)}", owner=owner), owners=True)
        for owner in ("builder", "other_builder")
    )
    assert differences(here, there) == [
        f"{label}: owner builder -> other_builder"
        for label in ("schema more", "a", "a: statistics pairs", "enum mood", "sequence numbers", "one()")
    ] + ["publication news: owner builder -> other_builder"]


def test_the_settings_of_the_session_do_not_count_and_stay(stage, new):
    there = new()
    there.execute(
        "create table a (at timestamptz default '2026-01-01 12:00+00', every interval default '1 day 2:00')"
    )
    there.execute("create table b (r float8 default '0.30000000000000004', z bytea default '\\x01')")
    before = snapshot(there)
    there.execute(
        "set search_path = public, pg_catalog; set datestyle = 'SQL, DMY'; set timezone = 'Asia/Tokyo'"
    )
    there.execute("set intervalstyle = 'iso_8601'; set extra_float_digits = 0; set bytea_output = 'escape'")
    there.execute("set quote_all_identifiers = on; create temp table pg_class (oid int)")
    settings = there.execute("select name, setting from pg_settings where source <> 'default'").fetchall()
    assert differences(before, snapshot(there)) == []
    with there.transaction():
        there.execute("set local search_path = nowhere; set timezone = 'Europe/Berlin'")
        assert differences(before, snapshot(there)) == []
        assert there.execute("show search_path").fetchone() == ('"nowhere"',)
    assert there.execute("show timezone").fetchone() == ("Europe/Berlin",)
    there.execute("set timezone = 'Asia/Tokyo'")
    assert (
        there.execute("select name, setting from pg_settings where source <> 'default'").fetchall()
        == settings
    )


def test_a_connection_of_any_kind_is_left_as_it_was(stage):
    with stage.connect(stage.connection.info.dbname, autocommit=False, row_factory=dict_row) as connection:
        connection.prepare_threshold = 0
        assert snapshot(connection) == stage.catalog
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        connection.execute("create table more (a int)")
        assert differences(stage.catalog, snapshot(connection)) == ["table more is not expected"]
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
        connection.rollback()
        connection.read_only = True
        assert snapshot(connection) == stage.catalog


def test_one_round_trip(stage, tmp_path):
    trace = tmp_path / "trace"
    with stage.connect(stage.connection.info.dbname) as connection, trace.open("w") as file:
        connection.pgconn.trace(file.fileno())
        snapshot(connection)
        connection.pgconn.untrace()
    sent = [line for line in trace.read_text().splitlines() if re.search(r"\tF\t", line)]
    assert [line.split("\t")[3] for line in sent] == ["Query"]


def test_a_role_without_rights_sees_the_same(stage):
    with stage.connect(stage.connection.info.dbname) as connection:
        connection.execute("set role reader")
        assert snapshot(connection) == stage.catalog


def test_a_dump_that_was_restored_is_equal(stage, new):
    program = stage.binaries.bin / "pg_dump"
    address = stage.server.admin_dsn(stage.connection.info.dbname)
    dumped = subprocess.run([program, "--schema-only", address], capture_output=True, text=True, check=True)
    # Those are for psql alone.
    statements = re.sub(r"^\\.*$", "", dumped.stdout, flags=re.MULTILINE)
    restored = new(statements)
    assert differences(stage.catalog, snapshot(restored)) == []


def test_what_was_rebuilt_is_equal(stage, new):
    assert differences(stage.catalog, snapshot(new(START))) == []


def test_a_file_can_be_kept(stage, tmp_path):
    kept = tmp_path / "catalog.json"
    kept.write_text(stage.catalog.to_json())
    read = Catalog.from_json(kept.read_text())
    assert read == stage.catalog
    assert read.digest == stage.catalog.digest
    # What is as usual is not there.
    assert read.entries[Entry("relation", ("public", "open_orders"))].keys() == {"kind", "definition"}
    assert read.entries[Entry("column", ("public", "customers", "id"))].keys() == {
        "type",
        "identity",
        "nullability",
    }


def test_objects_of_extensions_and_ours_are_left_out(stage, changed):
    found = changed(
        "create extension pg_stat_statements; create schema seatrial; create table seatrial.own (a int); "
        "create function seatrial.seen() returns trigger language plpgsql as 'begin return null; end'; "
        "create trigger seen after insert on orders for each statement execute function seatrial.seen(); "
        "create temp table passing (a int); "
        "create type pg_temp.own as enum ('a')"
    )
    (line,) = differences(stage.catalog, found)
    assert line.startswith("extension pg_stat_statements is not expected: 1.")
    assert not [entry for entry in stage.catalog.entries if "citext_eq" in entry.path]


def test_what_partitions_and_heirs_have_from_their_parents_is_theirs_only(stage, changed):
    found = changed(
        "alter table log add constraint log_key unique (id, at); "
        "alter table animal add constraint few check (legs < 9); create index log_at on log (at); "
        "create table reference (id int, at date, "
        "constraint to_log foreign key (id, at) references log (id, at)); "
        "alter table log add constraint to_itself foreign key (id, at) references log (id, at); "
        "create trigger touch_log before insert on log for each row execute function touch()"
    )
    kinds = ("constraint", "index", "trigger")
    new = [e.path[1:] for e in found.entries if e not in stage.catalog.entries and e.kind in kinds]
    assert sorted(new) == [
        ("animal", "few"),
        ("log", "log_at"),
        ("log", "log_key"),
        ("log", "to_itself"),
        ("log", "touch_log"),
        ("reference", "to_log"),
    ]


def test_what_is_ignored_is_left_out_with_all_that_belongs_to_it(stage, changed):
    found = changed(
        "create table alembic_version (id serial primary key, version_num text not null); "
        "create index more on alembic_version (version_num); "
        "comment on table alembic_version is 'of alembic'; "
        "create table audit.more (a int)"
    )
    assert differences(stage.catalog, found.ignoring("alembic_version", "audit.more")) == []
    without = found.ignoring("audit.*")
    assert not [entry for entry in without.entries if "audit" in entry.path]


def test_a_transaction_that_has_failed_is_an_error(new):
    here = new()
    here.execute("begin")
    with pytest.raises(psycopg.Error):
        here.execute("select 1 / 0")
    with pytest.raises(CatalogError, match=r"aborted.*\[catalog\.unreadable\]"):
        snapshot(here)
    here.execute("rollback")
    assert snapshot(here).entries


def test_a_table_that_is_being_altered_is_waited_for(new, stage):
    here = new("create table a (b int default 1)")
    with stage.connect(here.info.dbname) as other, other.transaction(force_rollback=True):
        other.execute("alter table a alter b set default 2")
        here.execute("set lock_timeout = '50ms'")
        with pytest.raises(CatalogError, match=r"lock timeout.*\[catalog\.unreadable\]"):
            snapshot(here)
    assert snapshot(here).entries


def test_the_encoding_of_the_client_does_not_count(new):
    here = new('create table "größe" (a int)')
    before = snapshot(here)
    for encoding in ("LATIN1", "SQL_ASCII"):
        here.execute(f"set client_encoding = '{encoding}'".encode())
        assert snapshot(here) == before


def test_a_closed_connection_is_an_error(stage):
    here = stage.connect("postgres")
    here.close()
    with pytest.raises(CatalogError, match=r"closed.*\[catalog\.unreadable\]"):
        snapshot(here)


def test_odd_names_are_read_and_printed(new):
    here = new("create schema more; create table more.things (a int)")
    before = snapshot(here)
    here.execute("begin")
    here.execute(FOLDER.joinpath("odd_names.sql").read_bytes())
    after = snapshot(here)
    assert differences(before, after) == ['schema "Sales.EU" is not expected']
    here.execute(FOLDER.joinpath("odd_names_changed.sql").read_bytes())
    lines = differences(after, snapshot(here))
    here.execute("rollback")
    table = '"Sales.EU"."order lines"'
    trigger = f'BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION "Sales.EU"."Do"()'
    assert lines == [
        """enum "Sales.EU"."Mood": labels ('it''s', 'a, b', '') -> ('it''s', 'a, b', 'b')""",
        f'{table}."a.b": type integer -> bigint',
        f'{table}."say ""x""": nullable -> not null',
        f'{table}.U&"two\\000Alines" is missing: integer',
        f'{table}: check "CHECK (1)" is missing: CHECK ("größe" > 0)',
        f'{table}: index "ON x USING y" is missing: btree ("a.b")',
        f'{table}: trigger "BEFORE x" is missing: {trigger}',
        f'{table}: rule "AS on" is missing: ON DELETE TO {table} DO INSTEAD NOTHING',
        f'{table}: policy "to PUBLIC" is missing: for ALL to "Odd ""role""" using ("a.b" > 1)',
    ]


def test_three_hundred_tables(new):
    columns = ", ".join(f"c{n} int not null default {n}" for n in range(8))
    indexes = "; ".join(f"create index on t%s (c{n})" for n in range(3))
    table = f"create table t%s (id serial primary key, parent int references t%s, {columns}); {indexes}"
    here = new("; ".join(table.replace("%s", str(n)) for n in range(300)))
    one = snapshot(here)
    # A table, a key, a reference, a sequence, ten columns and three indexes each; plpgsql and public.
    assert len(one.entries) == 300 * (4 + 10 + 3) + 2
    here.execute("alter table t77 alter c7 drop default; drop table t200 cascade")
    assert differences(one, snapshot(here)) == ["table t200 is missing", "t77.c7: default 7 -> none"]
