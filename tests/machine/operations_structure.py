# ruff: noqa: E501 - one statement per line
"""Operations that change definitions or storage: a fresh copy is a fair answer to them."""

from __future__ import annotations

from tests.machine.operation import Operation, Who


def _structure(name: str, *variants: str, who: Who = "any") -> Operation:
    return Operation(name=name, variants=variants, who=who, structure=True, noticed=True)


STRUCTURE = (
    _structure("create table", "create table made_{n} (id int generated always as identity primary key, v text); insert into made_{n} (v) values ('x')", "create table made_{n} as select * from products", "create unlogged table made_{n} (a int)", "begin; create table made_{n} (a int); insert into made_{n} values (1); commit; insert into made_{n} values (2)"),
    _structure("alter table", "alter table plain add column c_{n} int default 7", "alter table products alter price set default 3", "alter table archive rename note to remark", "alter table keyless drop column b", "alter table parts detach partition parts_high", "alter table plain alter v set not null", "alter table awkward alter n type float8", "alter table scratch set logged", "alter table secret no force row level security", "alter table audited disable trigger note"),
    _structure("drop", "drop table documents", "drop table statuses cascade", "drop view cheap", "drop materialized view totals", "drop sequence free", "drop table parts", "alter table products drop column price cascade", "drop table documents; create table documents (id int primary key, words tsvector)"),
    _structure("index", "create index made_i{n} on products (status)", "drop index archive_note", "create unique index concurrently made_u{n} on archive (id)", "reindex table concurrently statuses", "alter index products_price rename to other_{n}"),
    _structure("comment and grant", "comment on table plain is 'noted {n}'", "comment on column products.name is 'noted'", "grant select on plain to public", "revoke all on plain from public", "grant usage on schema deep to public", "grant select on secret to reader"),
    _structure("policy and trigger", "drop policy even on secret", "create policy made_{n} on secret using (true)", "drop trigger append_only on journal; delete from journal", "create trigger made_{n} after insert on plain for each row execute function note_audit()", "drop rule keep on ruled; delete from ruled"),
    _structure("enum and function", "alter type mood add value 'glad {n}'", "create or replace function refuse() returns trigger language plpgsql as 'begin return new; end'; update journal set v = 'x'", "create type made_{n} as enum ('a')", "create function made_{n}() returns int language sql as 'select 1'", "alter sequence free increment 5", "alter domain positive drop constraint positive_check"),
    _structure("role", "create role made_{n}; grant reader to made_{n}", "alter role reader createdb", "alter role reader set work_mem = '3MB'", who="superuser"),
    _structure("settings of the database", "alter database {{database}} set work_mem = '3MB'", "alter database {{database}} connection limit 50", "grant temporary on database {{database}} to reader", who="superuser"),
    _structure("extension", "create extension citext", "drop extension btree_gist cascade", "create extension pg_trgm schema deep", who="superuser"),
    _structure("materialized view", "refresh materialized view totals", "delete from products where id = {few}; refresh materialized view totals", "refresh materialized view on_hold", "insert into products (name) values ('m'); refresh materialized view concurrently totals"),
    _structure("rewriting", "vacuum full archive", "vacuum full keyless", "delete from archive where id < {n}; vacuum full archive", "cluster statuses using statuses_pkey", "cluster archive using archive_note", "delete from wide where id = {few}; vacuum full wide", "truncate products cascade", "truncate statuses cascade", "truncate archive", "begin; truncate archive; insert into archive select g, 'new' from generate_series(1, 60) as g; commit"),
    _structure("temporary and left", "create temporary table own_{n} (id serial primary key, v text); insert into own_{n} (v) values ('x')", "create temporary sequence own_s{n}; select nextval('own_s{n}')"),
    # Triggers that fire even for a repair, values that sessions keep, and gaps in the log.
    _structure("always trigger", "insert into always_noted values ({n})"),
    _structure("cached sequence", "select nextval('cached')", "select nextval('cached') from generate_series(1, 7)"),
    _structure("segment switch", "select pg_switch_wal()", who="superuser"),
)  # fmt: skip
