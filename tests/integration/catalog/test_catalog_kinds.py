# ruff: noqa: E501 - tables read best with one case per line
"""Every kind of object is read: a change of it is seen and named."""

from __future__ import annotations

import pytest

from seatrial.postgres.catalog import differences

TABLES = [
    ("create table more (a int)", ["table more is not expected"]),
    ("drop table orders cascade", [
        "view open_orders is missing",
        "table orders is missing",
        "materialized view totals is missing",
        "publication news: tables (public.orders) -> none",
    ]),
    ("drop view open_orders", ["view open_orders is missing"]),
    ("alter table log add at_all int", ["log.at_all is not expected: integer"]),
    ("alter table log rename what to which", ["log.what is missing: text", "log.which is not expected: text"]),
    ("alter table log alter what set default 'x'", ["log.what: default none -> 'x'::text"]),
    ("alter table log_2026 alter what set default 'x'", ["log_2026.what: default none -> 'x'::text"]),
    ("drop table log cascade", ["partitioned table log is missing, with 2 partitions"]),
    ("alter table log detach partition log_2026", [
        "log_2026: FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') -> none",
        "log_2026: inherits log -> none",
        "log_2026: index log_2026_id_idx is not expected: btree (id)",
    ]),
    ("alter table log detach partition log_2026; alter table log attach partition log_2026 for values from ('2025-01-01') to ('2027-01-01')", [
        "log_2026: FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') -> FOR VALUES FROM ('2025-01-01') TO ('2027-01-01')",
    ]),
    ("create table log_rest partition of log default", ["table log_rest is not expected: partition of log DEFAULT"]),
    ("create table hashed (id int) partition by hash (id)", ["partitioned table hashed is not expected"]),
    ("alter table bird no inherit animal", ["bird: inherits animal -> none"]),
    ("alter table animal add age int", ["animal.age is not expected: integer"]),
    ("alter table animal alter legs type bigint", ["animal.legs: type integer -> bigint"]),
    ("alter table audit.entries set unlogged", ["audit.entries: logged -> unlogged"]),
    ("alter table orders set (fillfactor = 70, autovacuum_enabled = off)", ["orders: option autovacuum_enabled none -> false", "orders: option fillfactor none -> 70"]),
    ("alter table orders set (toast.autovacuum_enabled = off)", ["orders: toast option autovacuum_enabled none -> false"]),
    ("alter table orders set tablespace fast", ["orders: tablespace none -> fast"]),
    ("alter index orders_status set tablespace fast", ["orders: index orders_status: tablespace none -> fast"]),
    ("alter index orders_pkey set tablespace fast", ["orders: primary key orders_pkey: tablespace none -> fast"]),
    ("alter table orders replica identity full", ["orders: replica identity none -> full"]),
    ("alter table customers replica identity using index customers_email_key", ["customers: replica identity none -> index customers_email_key"]),
    ("drop table audit.entries; create view audit.entries as select 1 as id", ["audit.entries: table -> view"]),
    ("drop schema audit cascade", ["schema audit is missing"]),
    ("create schema more; create table more.things (a int)", ["schema more is not expected"]),
    ("comment on schema public is null", []),
    ("comment on schema audit is 'who did what'", ["schema audit: comment none -> 'who did what'"]),
    ("alter table typed not of", ["typed: of type public.row_of -> none"]),
    ("create foreign table other (a int) server near", ["foreign table other is not expected"]),
    ("alter foreign table remote options (b 'c'), alter a options (d 'e')", ["remote: foreign option b none -> c", "remote.a: foreign option d none -> e"]),
    ("drop foreign table remote; create foreign table remote (a int) server away", ["remote: server near -> away"]),
    ("drop server away", ["server away is missing"]),
    ("create foreign data wrapper more; create server one foreign data wrapper more", ["foreign-data wrapper more is not expected", "server one is not expected"]),
    ("drop table log; create table log (id int not null, at date not null, what text) partition by list (at); create index log_id on log (id)", [
        "log: partition key RANGE (at) -> LIST (at)",
        "table log_2026 is missing: partition of log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
        "table log_2027 is missing: partition of log FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
    ]),
    ("create access method heap2 type table handler heap_tableam_handler; drop table audit.entries; create table audit.entries (id bigint primary key, at timestamptz) using heap2", [
        "audit.entries: access method none -> heap2",
    ]),
    ("comment on view open_orders is 'to do'", ["open_orders: comment none -> 'to do'"]),
    ("alter view open_orders alter total set default 3", ["open_orders.total is not expected: default 3"]),
    ("alter view open_orders set (security_barrier = on)", ["open_orders: option security_barrier none -> true"]),
]  # fmt: skip
COLUMNS = [
    ("alter table audit.entries alter at type timestamptz(3)", ["audit.entries.at: type timestamp with time zone -> timestamp(3) with time zone"]),
    ("alter table customers alter id set generated by default", ["customers.id: identity always -> by default"]),
    ("alter table customers alter id set start 100 set increment 5", ["customers.id: identity option increment none -> 5", "customers.id: identity option start none -> 100"]),
    ("alter table customers alter id drop identity", ["customers.id: identity always -> none"]),
    ("grant usage on sequence customers_id_seq to app", ["customers.id: identity grants to app: none -> USAGE"]),
    ("alter table orders alter with_tax drop expression", ["orders.with_tax: generated stored total * 2::numeric -> none"]),
    ("alter table orders alter note set storage external", ["orders.note: storage none -> external"]),
    ("alter table orders alter note set compression pglz", ["orders.note: compression none -> pglz"]),
    ("alter table orders alter note set statistics 7", ["orders.note: statistics target none -> 7"]),
    ("alter table orders alter note set (n_distinct = 5)", ["orders.note: option n_distinct none -> 5"]),
    ("grant update (note, status) on orders to app", ["orders.note: grants to app: none -> UPDATE", "orders.status: grants to app: none -> UPDATE"]),
    ("revoke select (name) on customers from reader", ["customers.name: grants to reader: SELECT -> none"]),
    ("comment on column orders.note is null", ["orders.note: comment 'from the customer' -> none"]),
]  # fmt: skip
CONSTRAINTS = [
    ("alter table orders drop constraint orders_pkey", ["orders: primary key orders_pkey is missing: PRIMARY KEY (id)"]),
    ("alter table orders drop constraint no_overlap", ["orders: exclusion constraint no_overlap is missing: EXCLUDE USING gist (during WITH &&)"]),
    ("alter table orders alter constraint orders_customer_fkey deferrable", ["orders: foreign key orders_customer_fkey: not deferrable -> deferrable"]),
    ("alter table orders drop constraint orders_total_check; alter table orders add constraint orders_total_check check (total > 0) not valid", ["orders: check orders_total_check: validated -> not validated"]),
    ("alter table animal add constraint few check (legs < 9) no inherit", ["animal: check few is not expected: CHECK (legs < 9) NO INHERIT"]),
    ("alter table animal add constraint few check (legs < 9)", ["animal: check few is not expected: CHECK (legs < 9)"]),
    ("alter table log add constraint at_key unique (id, at)", ["log: unique constraint at_key is not expected: UNIQUE (id, at)"]),
    ("alter table log_2026 add constraint known check (what <> '')", ["log_2026: check known is not expected: CHECK (what <> ''::text)"]),
    ("alter table orders rename constraint orders_total_check to total_is_positive", ["orders: check orders_total_check is named total_is_positive"]),
    ("alter table orders disable trigger all", ["orders: foreign key orders_customer_fkey: triggers enabled -> disabled or changed", "orders: trigger orders_touch: enabled -> disabled"]),
    ("alter index orders_pkey set (fillfactor = 50)", ["orders: primary key orders_pkey: option fillfactor none -> 50"]),
    ("alter index customers_pkey set (fillfactor = 50)", ["customers: primary key customers_pkey: option fillfactor none -> 50"]),
    ("alter table orders cluster on orders_pkey", ["orders: primary key orders_pkey: clustered none -> yes"]),
    ("comment on constraint orders_pkey on orders is 'the key'", ["orders: primary key orders_pkey: comment none -> 'the key'"]),
    ("comment on index orders_pkey is 'of it'", ["orders: primary key orders_pkey: index comment none -> 'of it'"]),
    ("alter domain positive drop constraint above_zero", ["positive: check above_zero is missing: CHECK (VALUE > 0)"]),
]  # fmt: skip
INDEXES = [
    ("alter index orders_status rename to by_status", ["orders: index orders_status is named by_status"]),
    ("drop index orders_lower_number; create index orders_lower_number on orders (lower(number) desc) include (note)", [
        'orders: index orders_lower_number: btree (lower(number) COLLATE "C" text_pattern_ops DESC) INCLUDE (note) -> btree (lower(number) DESC) INCLUDE (note)',
    ]),
    ('drop index orders_lower_number; create index orders_lower_number on orders (lower(number) collate "C" text_pattern_ops desc)', [
        'orders: index orders_lower_number: btree (lower(number) COLLATE "C" text_pattern_ops DESC) INCLUDE (note) -> btree (lower(number) COLLATE "C" text_pattern_ops DESC)',
    ]),
    ("drop index orders_status; create unique index orders_status on orders (status) where total > 10", [
        "orders: index orders_status: btree (status) WHERE total > 10::numeric -> unique btree (status) WHERE total > 10::numeric",
    ]),
    ("alter index orders_status set (fillfactor = 60)", [
        "orders: index orders_status: btree (status) WHERE total > 10::numeric -> btree (status) WITH (fillfactor='60') WHERE total > 10::numeric",
    ]),
    ("drop index totals_customer", ["totals: index totals_customer is missing: unique btree (customer)"]),
    ("drop index log_id", ["log: index log_id is missing: btree (id)"]),
    ("create index only_here on only log (at)", ["log: index only_here is not expected: btree (at) invalid"]),
    ("comment on index orders_status is 'by status'", ["orders: index orders_status: comment none -> 'by status'"]),
    ("drop statistics orders_statistics", ["orders: statistics orders_statistics is missing: ON status, total"]),
    ("alter statistics orders_statistics set statistics 9", ["orders: statistics orders_statistics: target none -> 9"]),
    ("alter statistics orders_statistics rename to other", ["orders: statistics orders_statistics is named other"]),
]  # fmt: skip
BEHAVIOUR = [
    ("alter table orders disable trigger orders_touch", ["orders: trigger orders_touch: enabled -> disabled"]),
    ("alter table orders enable always trigger orders_touch", ["orders: trigger orders_touch: enabled -> enabled always"]),
    ("drop trigger orders_touch on orders; create trigger orders_touch before update of total on orders for each row when (new.total > 1) execute function touch()", [
        "orders: trigger orders_touch: BEFORE UPDATE ON public.orders FOR EACH ROW EXECUTE FUNCTION public.touch() -> BEFORE UPDATE OF total ON public.orders FOR EACH ROW WHEN (new.total > 1::numeric) EXECUTE FUNCTION public.touch()",
    ]),
    ("create constraint trigger late after insert on orders deferrable initially deferred for each row execute function touch()", [
        "orders: trigger late is not expected: constraint trigger AFTER INSERT ON public.orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.touch()",
    ]),
    ("create trigger on_log before insert on log for each row execute function touch()", [
        "log: trigger on_log is not expected: BEFORE INSERT ON public.log FOR EACH ROW EXECUTE FUNCTION public.touch()",
    ]),
    ("comment on trigger orders_touch on orders is 'touches'", ["orders: trigger orders_touch: comment none -> 'touches'"]),
    ("alter event trigger watch disable", ["event trigger watch: enabled -> disabled"]),
    ("drop event trigger watch", ["event trigger watch is missing: ON ddl_command_end WHEN TAG IN ('DROP RULE') EXECUTE FUNCTION public.watching()"]),
    ("drop rule keep_customers on customers", ["customers: rule keep_customers is missing: ON DELETE TO public.customers DO INSTEAD NOTHING"]),
    ("alter table customers disable rule keep_customers", ["customers: rule keep_customers: enabled -> disabled"]),
    ("alter table orders force row level security", ["orders: row security enabled -> enabled and forced"]),
    ("alter policy own_orders on orders to public using (true)", ["orders: policy own_orders: roles app -> PUBLIC", "orders: policy own_orders: using total < 100::numeric -> true"]),
    ("drop policy own_orders on orders; create policy own_orders on orders as restrictive for select to app using (total < 100)", ["orders: restrictive policy own_orders: kind policy -> restrictive policy"]),
    ("create policy adding on orders for insert to app, reader with check (total > 1)", ["orders: policy adding is not expected: for INSERT to app, reader with check (total > 1::numeric)"]),
]  # fmt: skip
OBJECTS = [
    ("alter type mood rename value 'calm' to 'quiet'", ["enum mood: labels ('calm', 'cross') -> ('quiet', 'cross')"]),
    ("create type empty as enum ()", ["enum empty is not expected: ()"]),
    ("alter type pair add attribute c int", ["composite type pair: attributes (a integer, b text) -> (a integer, b text, c integer)"]),
    ("alter type pair alter attribute b type varchar(3)", ["composite type pair: attributes (a integer, b text) -> (a integer, b character varying(3))"]),
    ("alter domain positive set not null", ["domain positive: nullable -> not null"]),
    ("alter domain positive set default 2", ["domain positive: default 1 -> 2"]),
    ("drop domain positive", ["domain positive is missing: integer default 1"]),
    ("drop type span; create type span as range (subtype = int8)", ["range type span: subtype numeric -> bigint"]),
    ("drop type span; create type span as range (subtype = numeric, subtype_diff = numrange_subdiff, multirange_type_name = spans)", [
        "range type span: multirange public.span_multirange -> public.spans",
        "range type span: subtype difference none -> numrange_subdiff",
    ]),
    ('drop type named; create type named as range (subtype = text, collation = "C", subtype_opclass = text_pattern_ops)', [
        "range type named: operator class none -> pg_catalog.text_pattern_ops",
        'range type named: subtype collation none -> "C"',
    ]),
    ("drop type steps cascade; create type steps as range (subtype = int4)", [
        "range type steps: canonical public.steps_canonical -> none",
        "function steps_canonical(public.steps) is missing",
    ]),
    ("comment on type mood is 'how it is'", ["enum mood: comment none -> 'how it is'"]),
    ("revoke usage on type mood from public", ["enum mood: grants to PUBLIC: the default -> nothing"]),
    ("alter sequence numbers increment 3 start 7 cycle", ["sequence numbers: cycle no -> yes", "sequence numbers: increment none -> 3", "sequence numbers: start the default -> 7"]),
    ("alter sequence numbers as int", ["sequence numbers: type bigint -> integer"]),
    ("alter sequence numbers minvalue -9 cache 5", ["sequence numbers: cache none -> 5", "sequence numbers: minimum the default -> -9", "sequence numbers: start the default -> 1"]),
    ("alter sequence numbers maxvalue 99", ["sequence numbers: maximum the default -> 99"]),
    ("alter sequence numbers owned by orders.id", ["sequence numbers: owned by none -> orders.id"]),
    ("drop sequence numbers", ["sequence numbers is missing: bigint"]),
    ("grant usage on sequence numbers to app", ["sequence numbers: grants to app: none -> USAGE"]),
    ("create or replace function twice(n int) returns int language sql as 'select n + n'", ["twice(integer): body select n * 2 -> select n + n"]),
    ("create or replace function twice(n int) returns int language sql as 'select  n * 2'", ["twice(integer): body differs in white space only"]),
    ("create function twice(n text) returns text language sql as 'select n'", ["function twice(text) is not expected"]),
    ("alter function twice immutable strict security definer parallel safe cost 7 set search_path = audit, public", [
        "twice(integer): cost the default -> 7",
        "twice(integer): null arguments called -> strict",
        "twice(integer): parallel unsafe -> safe",
        "twice(integer): security invoker -> security definer",
        "twice(integer): setting search_path none -> audit, public",
        "twice(integer): volatile -> immutable",
    ]),
    ("revoke execute on function twice from public", ["twice(integer): grants to PUBLIC: the default -> nothing"]),
    ("drop function twice; create function twice(n int, m int default 2) returns int language sql as 'select n * m'", ["function twice(integer) is missing", "function twice(integer, integer) is not expected"]),
    ("drop function twice; create function twice(m int) returns bigint language sql as 'select m::bigint * 2'", [
        "twice(integer): arguments n integer -> m integer",
        "twice(integer): body select n * 2 -> select m::bigint * 2",
        "twice(integer): returns integer -> bigint",
    ]),
    ("alter function many rows 7 leakproof support generate_series_int4_support", [
        "many(): leakproof no -> yes",
        "many(): rows the default -> 7",
        "many(): support none -> generate_series_int4_support",
    ]),
    ("create or replace function touch() returns trigger language c as '$libdir/plpgsql', 'plpgsql_call_handler'", [
        "touch(): body begin return new; end -> plpgsql_call_handler",
        "touch(): language plpgsql -> c",
        "touch(): library none -> $libdir/plpgsql",
    ]),
    ("drop aggregate mean(bigint); create aggregate mean (bigint) (sfunc = int8_avg_accum, stype = internal, finalfunc = numeric_poly_sum, finalfunc_modify = read_write, combinefunc = int8_avg_combine, serialfunc = int8_avg_serialize, deserialfunc = int8_avg_deserialize, msfunc = int8_avg_accum, minvfunc = int8_avg_accum_inv, mstype = internal, mfinalfunc = numeric_poly_avg)", [
        "mean(bigint): aggregate combine function none -> int8_avg_combine",
        "mean(bigint): aggregate deserialize function none -> int8_avg_deserialize",
        "mean(bigint): aggregate final function numeric_poly_avg -> numeric_poly_sum",
        "mean(bigint): aggregate final function modifies none -> read-write",
        "mean(bigint): aggregate moving final function none -> numeric_poly_avg",
        "mean(bigint): aggregate moving inverse function none -> int8_avg_accum_inv",
        "mean(bigint): aggregate moving state function none -> int8_avg_accum",
        "mean(bigint): aggregate moving state type none -> internal",
        "mean(bigint): aggregate serialize function none -> int8_avg_serialize",
    ]),
    ("drop procedure tidy", ["procedure tidy() is missing"]),
    ("drop aggregate total_of(int)", ["aggregate total_of(integer) is missing"]),
    ("create or replace aggregate total_of(int) (sfunc = int4larger, stype = int, initcond = '5', sortop = >)", [
        "total_of(integer): aggregate initial state 0 -> 5",
        "total_of(integer): aggregate sort operator none -> >(integer,integer)",
        "total_of(integer): aggregate state function int4pl -> int4larger",
    ]),
    ("drop aggregate total_of(int); create aggregate total_of(int) (sfunc = int4_avg_accum, stype = int8[], initcond = '{0,0}', msfunc = int4_avg_accum, minvfunc = int4_avg_accum_inv, mstype = int8[], minitcond = '{0,0}')", [
        "total_of(integer): aggregate initial state 0 -> {0,0}",
        "total_of(integer): aggregate moving initial state none -> {0,0}",
        "total_of(integer): aggregate moving inverse function none -> int4_avg_accum_inv",
        "total_of(integer): aggregate moving state function none -> int4_avg_accum",
        "total_of(integer): aggregate moving state type none -> bigint[]",
        "total_of(integer): aggregate state function int4pl -> int4_avg_accum",
        "total_of(integer): aggregate state type integer -> bigint[]",
        "total_of(integer): returns integer -> bigint[]",
    ]),
    ("comment on function twice is 'two times'", ["twice(integer): comment none -> 'two times'"]),
    ("create extension hstore", ["extension hstore is not expected: 1.8"]),
    ("update pg_extension set extversion = '9.9' where extname = 'plpgsql'", ["extension plpgsql: version 1.0 -> 9.9"]),
    ("alter extension citext set schema audit", ["extension citext: schema public -> audit", "customers.email: type public.citext -> audit.citext"]),
    ("alter publication news drop table orders", ["publication news: tables (public.orders) -> none"]),
    ("alter publication news set (publish_via_partition_root = true)", ["publication news: via root none -> yes"]),
    ("alter publication news set (publish = 'insert')", ["publication news: publishes insert, update, delete, truncate -> insert"]),
    ("grant usage on schema audit to app", ["schema audit: grants to app: none -> USAGE"]),
    ("grant select on orders to app with grant option", ["orders: grants to app: none -> SELECT with grant option"]),
    ("revoke all on sequence numbers from current_user", ["sequence numbers: grants to the owner: the default -> nothing"]),
    ("alter default privileges in schema audit grant select on tables to reader", ["default privileges of the owner for tables in schema audit is not expected: reader: SELECT"]),
    ("alter default privileges for role builder revoke execute on functions from public", ["default privileges of the owner for functions is not expected: PUBLIC: nothing"]),
    ("alter default privileges for role builder in schema public grant select on tables to reader", ["default privileges of the owner for tables in schema public is not expected: reader: SELECT"]),
    ("alter default privileges for role other_builder grant select on sequences to app", ["default privileges of other_builder for sequences is not expected: app: SELECT"]),
    ("create collation plain (locale = 'C')", ["collation public.plain is not expected"]),
    ("create cast (text as mood) with inout as implicit", ["cast (pg_catalog.text AS public.mood) is not expected"]),
    ("create operator === (leftarg = int, rightarg = int, function = int4eq)", ["operator public.===(integer,integer) is not expected"]),
    ("create text search configuration words (copy = simple)", ["text search configuration public.words is not expected"]),
]  # fmt: skip
SINCE_15 = [
    ("create function three() returns int begin atomic select 3; end", ["function three() is not expected"]),
    ("create unique index nulls on orders (note) nulls not distinct", ["orders: index nulls is not expected: unique btree (note) NULLS NOT DISTINCT"]),
    ("alter table orders add constraint notes unique nulls not distinct (note) include (total)", ["orders: unique constraint notes is not expected: UNIQUE NULLS NOT DISTINCT (note) INCLUDE (total)"]),
    ("alter view open_orders set (security_invoker = true)", ["open_orders: option security_invoker none -> true"]),
    ("alter publication news set table orders (id, total) where (id > 3)", ["publication news: tables (public.orders) -> (public.orders (id, total) where id > 3)"]),
    ("alter publication news add tables in schema audit", ["publication news: schemas none -> (audit)"]),
    ("drop statistics orders_statistics; create statistics orders_statistics (mcv) on lower(note), status from orders", [
        "orders: statistics orders_statistics: ON status, total -> (mcv) ON lower(note), status",
    ]),
]  # fmt: skip
SINCE_18 = [
    ("alter table orders add constraint fine check (id > 0) not enforced", ["orders: check fine is not expected: CHECK (id > 0) not enforced"]),
    ("alter table orders alter constraint orders_customer_fkey not enforced", ["orders: foreign key orders_customer_fkey: enforced -> not enforced"]),
    ("alter table orders add half int generated always as (id / 2) virtual", ["orders.half is not expected: integer generated virtual id / 2"]),
    ("create extension btree_gist; create table booked (room int, during tsrange, primary key (room, during without overlaps))", ["extension btree_gist is not expected: 1.8", "table booked is not expected"]),
    ("create extension btree_gist; alter table orders add constraint once unique (customer, during without overlaps)", [
        "extension btree_gist is not expected: 1.8",
        "orders: unique constraint once is not expected: UNIQUE (customer, during WITHOUT OVERLAPS)",
    ]),
    ("alter table orders add constraint has_note not null note not valid", ["orders.note: nullable -> not null, not validated", "orders.note: not null constraint none -> has_note"]),
    ("alter table orders rename constraint orders_total_not_null to total_is_there", ["orders.total: not null constraint none -> total_is_there"]),
    ("alter table orders rename constraint orders_total_not_null to things_total_not_null1", []),
    ("alter table animal add constraint named not null legs no inherit", ["animal.legs: nullable -> not null, not inherited", "animal.legs: not null constraint none -> named"]),
]  # fmt: skip
EVERYWHERE = [*TABLES, *COLUMNS, *CONSTRAINTS, *INDEXES, *BEHAVIOUR, *OBJECTS, *SINCE_15]


@pytest.mark.parametrize(("statements", "lines"), EVERYWHERE)
def test_a_change_is_told(stage, changed, statements, lines):
    assert differences(stage.catalog, changed(statements)) == lines


@pytest.mark.parametrize("stage", [None], ids=["wheel"], indirect=True, scope="session")
@pytest.mark.parametrize(("statements", "lines"), SINCE_18)
def test_a_change_that_needs_18_is_told(stage, changed, statements, lines):
    assert differences(stage.catalog, changed(statements)) == lines
