# ruff: noqa: E501 - one statement per line
"""Operations on transactions, sessions and the server."""

from __future__ import annotations

from tests.machine.operation import Operation

_ROLLED_BACK_TABLE = (
    "begin; create table gone_{n} (id serial primary key); insert into gone_{n} default values; rollback"
)

WORK = (
    Operation(name="rolled back", variants=(
        "begin; insert into plain values ({n}, 'a'); update products set price = 0 where id = {many}; rollback",
        "begin; select nextval('free'); insert into named_always (v) values ('r'); rollback",
        "begin; delete from keyless; rollback",
        "begin; delete from archive where id < {n}; select nextval('used'); rollback",
    )),
    Operation(name="savepoints", variants=(
        "begin; insert into plain values ({n}, 'a'); savepoint s; update statuses set name = 's' where id = {few}; rollback to s; commit",
        "begin; savepoint s; insert into plain values ({n}, 'a'); release s; savepoint s; delete from archive where id = {many}; release s; commit",
        "begin; delete from statuses where id = 5; savepoint s; insert into plain values ({n}, 'a'); rollback to s; insert into deep.leaf values ({n}, 's'); commit",
    )),
    Operation(name="committed work", variants=(
        'begin; insert into orders (product) values ({many}); insert into lines ("order", n) values ({few}, 1); update products set price = 1 where id = {many}; commit',
        "begin isolation level serializable; insert into plain select count(*) + {n}, 'counted' from orders; commit",
    )),
    Operation(name="left open", variants=(
        "begin; insert into plain values ({n} + 1000, 'open')",
        "begin; update statuses set name = 'open' where id = {few}",
        "begin; select nextval('free'); insert into serials (v) values ('open {n}')",
        "begin; select * from products where id = {few} for update",
        "begin isolation level repeatable read; select count(*) from products",
    )),
    Operation(name="ended", variants=("commit", "rollback")),
    Operation(name="row locks", variants=(
        "begin; select * from products where id = {many} for update; commit",
        "begin; select * from statuses where id = {few} for key share; savepoint s; select * from statuses where id = {few} for update; commit",
    )),
    Operation(name="session state", variants=(
        "select pg_advisory_lock({n})", "listen news", "set work_mem = '3MB'", "notify news, 'x'",
        "prepare p_{n} as select {n}", "declare c_{n} cursor with hold for select * from statuses",
        "set search_path = deep; reset search_path",
    )),
    Operation(name="reading", variants=("select count(*) from products", "select * from cheap", "table totals", "explain analyze select * from archive where id = {many}")),
    Operation(name="large object", variants=("select lo_create({n} + 1)", "select lo_from_bytea(0, 'content {n}')", "select lo_unlink(lo_from_bytea(0, 'short'))", "begin; select lo_from_bytea(0, 'rolled back'); rollback")),
    Operation(name="truncate", noticed=True, variants=(
        "truncate plain", "truncate plain, deep.leaf restart identity", "truncate named_always restart identity",
        "truncate serials; insert into serials (v) values ('t')",
        "begin; truncate plain; insert into plain values ({n}, 't'); commit", "begin; truncate keyless; rollback", "truncate scratch",
    )),
    Operation(name="truncate seeds", noticed=True, variants=(
        "truncate keyless", "truncate tree restart identity cascade",
        "truncate parts", "truncate parts_low", "truncate parent", "truncate only child",
        "begin; truncate counters; insert into counters values ('a', 9); commit", "truncate orders restart identity cascade",
        "truncate wide; insert into wide values (1, repeat('t', 9000))",
    )),
    Operation(name="temporary", noticed=True, variants=("create temporary table own_{n} (id serial primary key, v text); insert into own_{n} (v) values ('x'); drop table own_{n}", "begin; create temporary table own_t{n} (a int) on commit drop; insert into own_t{n} values (1); commit", "begin; create temporary table own_t{n} (a int); insert into own_t{n} values (1); rollback")),
    Operation(name="rolled back definitions", noticed=True, variants=(_ROLLED_BACK_TABLE, "begin; alter table plain add column c int; rollback", "begin; drop table archive; rollback", "begin; create index on archive (note); insert into archive values (9000 + {n}, 'x'); rollback", "begin; alter table serials disable trigger all; rollback")),
    Operation(name="vacuum and analyze", noticed=True, who="superuser", variants=("vacuum plain", "vacuum (freeze, analyze) keyless", "analyze", "vacuum (freeze) statuses", "analyze products", "reindex table statuses", "reindex index archive_pkey")),
    Operation(name="superuser's rows", who="superuser", variants=(
        "delete from secret", "update secret set owner = 'root' where id = {few}",
        "set session_replication_role = replica; delete from statuses where id = {few}; delete from audited; reset session_replication_role",
        "set session_replication_role = replica; update journal set v = 'forced' where id = {few}; reset session_replication_role",
    )),
    Operation(name="checkpoint", who="superuser", variants=("checkpoint",)),
)  # fmt: skip
