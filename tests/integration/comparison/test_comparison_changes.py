# ruff: noqa: E501 - tables read best with one case per line
"""Every change of content or catalogue is seen, and named."""

from __future__ import annotations

import re

import pytest

from seatrial.postgres.isolation.comparison import take

CONTENT = [
    ("insert into shop.items (name) values ('ham')", "table shop.items: 3 rows, expected 2; only here: (3,ham,"),
    ("delete from shop.items where name = 'tea'", "only in the baseline: (1,tea,"),
    ("update shop.items set price = 5 where name = 'tea'", "table shop.items: 2 rows as expected, with other"),
    ("delete from shop.keyless where ctid = '(0,1)'", "table shop.keyless: 2 rows, expected 3"),
    ("insert into shop.keyless values (2); delete from shop.keyless where ctid = '(0,1)'", "(1)"),
    ("delete from only shop.child", "table shop.child"),
    ("insert into shop.parent values (1)", "table shop.parent: 1 row, expected 0"),
    ("update shop.log set id = 2", "table shop.log_2026_2"),
    ("insert into shop.empty values (null, '')", "table shop.empty"),
    ("insert into shop.scratch values (1)", "table shop.scratch"),
    ("refresh materialized view shop.never", "materialized view shop.never"),
    ("delete from shop.items; refresh materialized view shop.totals", "materialized view shop.totals"),
    ("select nextval('shop.numbers')", "sequence shop.numbers: 1 row as expected, with other content; only here: last value 1, used; only in the baseline: last value 1, unused"),
    ("update shop.keyless set a = 3 where a = 1", "table shop.keyless: 3 rows as expected, with other content"),
    ("select setval('shop.used', 9)", "last value 9, used"),
    ("truncate shop.items restart identity cascade", "sequence shop.items_id_seq"),
    ("truncate shop.keyless", "table shop.keyless: 0 rows, expected 3"),
    ("select lo_put(4242, 1, 'u')", "content of large objects"),
    ("select lo_create(4243)", "large objects: 2 rows, expected 1"),
    ("select lo_unlink(4242)", "large objects: 0 rows, expected 1"),
]  # fmt: skip
CATALOGUE = [
    ("create table shop.more (a int)", "only here: table shop.more"),
    ("drop table shop.empty", "only in the baseline: table shop.empty"),
    ("alter table shop.items rename to things", "table shop.things"),
    ("alter table shop.items add column c int", "column c of table shop.items"),
    ("alter table shop.items drop column price cascade", "column price of table shop.items"),
    ("alter table shop.items alter name drop not null", "attnotnull false, expected true"),
    ("alter table shop.items alter price set default 2", "catalogue pg_attrdef"),
    ("alter table shop.items alter name set statistics 7", "attstattarget 7"),
    ("alter table shop.items drop constraint items_price_check", "constraint items_price_check on table"),
    ("alter table shop.orders drop constraint orders_item_fkey", "constraint orders_item_fkey"),
    ("alter table shop.items drop constraint items_name_key", "catalogue pg_index"),
    ("alter table shop.items set (fillfactor = 70)", "reloptions"),
    ("alter table shop.items owner to app", "relowner"),
    ("alter table shop.items set schema public", "table public.items: not in the baseline"),
    ("alter table shop.scratch set logged", "relpersistence"),
    ("alter table shop.child no inherit shop.parent", "catalogue pg_inherits"),
    ("alter table shop.log detach partition shop.log_2026", "catalogue pg_inherits"),
    ("create index more on shop.items (mood)", "index shop.more"),
    ("create index concurrently more on shop.items (mood)", "index shop.more"),
    ("drop index shop.items_price", "index shop.items_price"),
    ("update pg_index set indisvalid = false where indexrelid = 'shop.items_price'::regclass", "indisvalid false"),
    ("cluster shop.items using items_price", "indisclustered true"),
    ("alter table shop.items disable trigger items_note", "tgenabled D, expected O"),
    ("alter table shop.items enable always trigger items_note", "trigger items_note on table shop.items"),
    ("drop trigger items_note on shop.items", "trigger items_note"),
    ("drop rule keep_parent on shop.parent", "rule keep_parent"),
    ("alter table shop.parent disable rule keep_parent", "ev_enabled"),
    ("alter policy all_of_it on shop.keyless using (a = 1)", "policy all_of_it on table shop.keyless: polqual"),
    ("drop policy all_of_it on shop.keyless", "policy all_of_it"),
    ("alter table shop.keyless force row level security", "relforcerowsecurity true"),
    ("create or replace function shop.twice(n int) returns int language sql as 'select n + n'", "prosrc"),
    ("drop function shop.twice", "function shop.twice(integer)"),
    ("alter function shop.note() security definer", "prosecdef true"),
    ("alter type shop.mood add value 'glad'", "type shop.mood"),
    ("alter type shop.mood rename value 'calm' to 'quiet'", "quiet"),
    ("alter type shop.pair add attribute c int", "pair"),
    ("alter domain shop.positive drop constraint positive_check", "catalogue pg_constraint"),
    ("create or replace view shop.cheap as select name from shop.items where price < 5", "view shop.cheap"),
    ("drop view shop.cheap", "view shop.cheap"),
    ("create extension citext", "extension citext"),
    ("alter extension plpgsql drop function plpgsql_validator(oid)", "catalogue pg_depend"),
    ("grant insert on shop.items to reader", "relacl"),
    ("grant select (name) on shop.items to app", "attacl"),
    ("revoke select on shop.items from reader", "relacl"),
    ("grant usage on schema shop to reader", "schema shop: nspacl"),
    ("grant create on schema public to app", "schema public"),
    ("revoke execute on function pg_catalog.pg_sleep(float8) from public", "function pg_sleep(double precision): proacl"),
    ("comment on table shop.items is 'all of them'", "catalogue pg_description"),
    ("comment on column shop.items.name is 'other'", "column name of table shop.items: description other"),
    ("create schema more", "schema more"),
    ("drop statistics shop.items_stats", "statistics object shop.items_stats"),
    ("alter statistics shop.items_stats set statistics 9", "stxstattarget 9"),
    ("alter publication news drop table shop.items", "publication of table shop.items in publication news"),
    ("drop publication news", "publication news"),
    ("alter event trigger watch disable", "event trigger watch"),
    ("alter default privileges in schema shop grant delete on tables to app", "catalogue pg_default_acl"),
    ("alter sequence shop.numbers increment 3", "seqincrement 3, expected 1"),
    ("alter sequence shop.numbers owned by shop.items.id", "catalogue pg_depend"),
    ("drop sequence shop.used", "sequence shop.used: missing"),
    ("alter table shop.items alter id set generated by default", "attidentity"),
    ("drop collation shop.plain", "collation shop.plain"),
    ("drop operator shop.===(int, int)", "operator shop.==="),
    ("drop cast (text as shop.mood)", "cast from text to shop.mood"),
    ("drop aggregate shop.total(int)", "shop.total(integer)"),
    ("create foreign data wrapper far", "foreign-data wrapper far"),
    ("create text search configuration shop.words (copy = simple)", "text search configuration shop.words"),
]  # fmt: skip
SERVER = [
    ("create role passer_by", "drop role passer_by", "roles: "),
    ("alter role reader createdb", "alter role reader nocreatedb", '"rolcreatedb": true'),
    ("alter role app password 'x'", "alter role app password null", "roles: "),
    ("grant reader to app", "revoke reader from app", "app is a member of reader"),
    ("alter role app set work_mem = '3MB'", "alter role app reset work_mem", "everywhere app {work_mem=3MB}"),
    ("comment on role app is 'ours'", "comment on role app is null", "role app: ours"),
]
OF_DATABASE = [
    ("alter database {name} set work_mem = '3MB'", "here for all {work_mem=3MB}"),
    ("alter role app in database {name} set work_mem = '3MB'", "here app {work_mem=3MB}"),
    ("alter database {name} owner to app", "owner app"),
    ("alter database {name} connection limit 7", "limit 7"),
    ("grant create on database {name} to reader", "reader=C"),
    ("comment on database {name} is 'ours'", "this database: ours"),
    ("begin; insert into shop.keyless values (7); prepare transaction 'left'", "left of seatrial"),
]
UNCHANGED = [
    "vacuum full shop.items",
    "vacuum freeze shop.items",
    "analyze",
    "reindex table shop.items",
    "truncate shop.empty",
    "truncate shop.orders",
    "begin; create table shop.more (a int); insert into shop.keyless values (7); rollback",
    "begin; create index more on shop.empty (r); rollback",
    "create temporary table own (a int primary key, b shop.mood); insert into own values (1)",
    "create function pg_temp.own() returns int language sql as 'select 1'",
    "create type pg_temp.own as enum ('a'); comment on type pg_temp.own is 'mine'",
    "create table seatrial.more (a serial primary key); comment on table seatrial.own is 'mine'",
    "create function seatrial.seen() returns trigger language plpgsql as 'begin return null; end'; create trigger seen after insert on shop.items for each statement execute function seatrial.seen()",
    "alter table shop.items disable trigger items_note; alter table shop.items enable trigger items_note",
    "update shop.items set price = price",
    "select nextval('shop.numbers'); select setval('shop.numbers', 1, false)",
    "delete from shop.keyless; insert into shop.keyless values (2), (1), (1)",
    "checkpoint",
]


def changes(copies, connection):
    return take(connection).differences(copies.baseline, connection=connection, mirror=copies.mirror)


def run(connection, statements):
    """Each on its own, as some refuse to be in a transaction; a body of PL/pgSQL is no list."""
    for statement in re.split(r"; (?=[a-z])(?!end')", statements):
        connection.execute(statement.encode())


def test_a_copy_equals_its_baseline(copies, copy):
    assert changes(copies, copy) == []
    assert copies.baseline.left_out == ()


@pytest.mark.parametrize(("statement", "named"), CONTENT + CATALOGUE)
def test_a_change_is_seen_and_named(copies, copy, statement, named):
    copy.execute("set allow_system_table_mods = on")
    run(copy, statement)
    found = changes(copies, copy)
    assert any(named in line for line in found), found
    assert take(copy).differences(copies.baseline), "seen without a mirror too"


@pytest.mark.parametrize(("statement", "named"), CONTENT)
def test_a_change_of_content_is_content(copies, copy, statement, named):
    run(copy, statement)
    only_content = {"catalogue": False, "cluster_wide": False}
    assert take(copy, **only_content).differences(take(copies.mirror, **only_content))


@pytest.mark.parametrize(("statement", "undo", "named"), SERVER)
def test_a_change_of_the_server_is_seen_and_named(copies, copy, statement, undo, named):
    copy.execute(statement.encode())
    try:
        found = changes(copies, copy)
    finally:
        copy.execute(undo.encode())
    assert any(named in line for line in found), found
    assert changes(copies, copy) == []


@pytest.mark.parametrize(("statement", "named"), OF_DATABASE)
def test_a_change_of_the_databases_own_settings_is_seen_and_named(copies, copy, statement, named):
    run(copy, statement.format(name=copy.info.dbname) if "{name}" in statement else statement)
    found = changes(copies, copy)
    assert any(named in line for line in found), found


@pytest.mark.parametrize("statement", UNCHANGED)
def test_what_changes_nothing_is_no_difference(copies, copy, statement):
    run(copy, statement)
    assert changes(copies, copy) == []
