"""A schema with everything that makes a reset hard, and what tests may do to it: as files of a project."""

from __future__ import annotations

SCHEMA = """
create schema "Odd Name";
create type mood as enum ('calm', 'rough');
create table seeded (id int generated always as identity primary key, name text not null unique,
    at timestamptz, size float8, mood mood default 'calm',
    twice int generated always as (length(name) * 2) stored, tags json);
create table child (id serial primary key, seeded int not null references seeded on delete cascade,
    parent int references child, note text);
create table restricted (seeded int primary key references seeded on delete restrict);
create table ring_a (id int primary key, b int not null);
create table ring_b (id int primary key, a int not null references ring_a);
alter table ring_a add foreign key (b) references ring_b deferrable initially deferred;
create table keyless (word text, n numeric);
create table "Odd Name"."order" ("select" text, "a b" int default 3);
create table parted (id int not null, region text not null, primary key (id, region))
    partition by list (region);
create table parted_n partition of parted for values in ('n');
create table parted_s partition of parted for values in ('s') partition by range (id);
create table parted_s1 partition of parted_s for values from (0) to (100);
create table base (id int, what text);
create table heir (more int) inherits (base);
create table audit (at timestamptz default clock_timestamp(), what text);
create table appended (line text);
create table secret (tenant text, line text);
create unlogged table loose (n int);
create sequence alone start 5;
create sequence stored cache 20;
create materialized view totals as select count(*) as n from seeded;
create materialized view stale as select count(*) as n from child;
create function refuse() returns trigger language plpgsql as $$ begin raise 'append only'; end $$;
create function audits() returns trigger language plpgsql as $$
begin insert into audit (what) values (tg_op || ' ' || tg_table_name); return null; end $$;
create function shouts() returns trigger language plpgsql as $$
begin new.note := upper(new.note); return new; end $$;
create trigger audited after insert or update or delete on seeded for each row execute function audits();
create trigger audited after insert or update or delete on parted for each row execute function audits();
create trigger emptied after truncate on seeded for each statement execute function audits();
create trigger shouts before insert on child for each row execute function shouts();
create trigger only_more before update or delete on appended for each row execute function refuse();
create trigger never_empty before truncate on appended for each statement execute function refuse();
create rule not_deleted as on delete to keyless do instead nothing;
alter table secret enable row level security;
alter table secret force row level security;
create policy own on secret using (tenant = current_setting('app.tenant', true));
create publication news for table seeded;
"""

SEEDS = """
insert into seeded (name, at, size, tags) select 'n' || n, timestamptz '2026-01-01' + n * interval '1 us',
    n / 3.0, '{"a" :  1}' from generate_series(1, 20) n;
insert into child (seeded, note) values (1, 'one'), (2, 'two');
update child set note = 'mixed Case', parent = 1 where id = 2;
insert into restricted values (3);
begin; insert into ring_a values (1, 1); insert into ring_b values (1, 1); commit;
insert into keyless values ('a', 1.0), ('a', 1.0), ('b', 1.00);
insert into "Odd Name"."order" values ('x', 1);
insert into parted values (1, 'n'), (2, 's');
insert into base values (1, 'base'); insert into heir values (2, 'heir', 3);
insert into appended values ('first');
set app.tenant = 'a'; insert into secret values ('a', 'seen'); set app.tenant = 'b';
insert into secret values ('b', 'hidden');
insert into loose values (1);
select setval('alone', 9, false);
refresh materialized view totals;
"""

PYPROJECT = """
[tool.seatrial]
[tool.seatrial.env]
DATABASE_URL = "{database.url}"
[tool.seatrial.database]
schema = { sql = ["schema.sql"] }
seeds = ["seeds.sql"]
"""

CHANGES = {
    "nothing": "select 1",
    "insert": "insert into seeded (name) values ('new')",
    "update": "update seeded set name = name || '!' where id < 5",
    "swap": "update seeded set name = case id when 1 then 'n2' else 'n1' end || 'x' where id in (1, 2)",
    "cascade": "delete from seeded where id in (1, 2)",
    "key moves": "delete from seeded where id = 7; insert into seeded (name) values ('n7')",
    "truncate": "truncate seeded restart identity cascade",
    "copy": "insert into child (seeded, note) select 1, 'x' from generate_series(1, 500)",
    "ring": "begin; update ring_a set b = 2; insert into ring_b values (2, 1); commit",
    "keyless": "truncate keyless; insert into keyless values ('z', 1)",
    "odd": 'delete from "Odd Name"."order"; insert into "Odd Name"."order" values (null)',
    "parted": "insert into parted values (3, 'n'), (50, 's'); delete from parted where id = 2",
    "leaf": "delete from parted_s1; insert into parted_n values (9, 'n')",
    "moved": "update parted set region = 's' where id = 1",
    "inherited": "update base set what = 'both'; delete from base where id = 2",
    "heir": "insert into heir values (7, 'x', 8)",
    "appended": "insert into appended values ('second')",
    "secret": "set app.tenant = 'a'; update secret set line = 'new'; insert into secret values ('a', 'x')",
    "unlogged": "insert into loose values (2)",
    "sequence": "select nextval('alone')",
    "sequence back": "select setval('alone', 3, false)",
    "cached sequence": "select nextval('stored')",
    "rolled back": "begin; insert into seeded (name) values ('no'); rollback",
    "refreshed": "insert into seeded (name) values ('v'); refresh materialized view totals",
    "refreshed stale": "refresh materialized view stale",
    "emptied view": "refresh materialized view totals with no data",
    "wide": "insert into appended select string_agg(md5(n::text), '') from generate_series(1, 3000) n",
    "large object": "select lo_from_bytea(0, 'x')",
    "new table": "create table more (id int); insert into seeded (name) values ('ddl')",
    "dropped table": "drop table child cascade; drop type mood cascade",
    "new column": "alter table seeded add extra int default 4; alter table child alter note type varchar(90)",
    "trigger off": "alter table seeded disable trigger user; insert into seeded (name) values ('unseen')",
    "policy": "alter table secret disable row level security; create index on keyless (word)",
    "temporary": "create temp table passing (n int)",
    "last": "select 1",
}

TESTS = (
    """
import psycopg
import pytest

CHANGES = """
    + repr(CHANGES)
    + """
TABLES = '''select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = relnamespace
where relkind = 'r' and nspname !~ '^(pg_|information_schema|seatrial)' order by 1'''
OTHERS = '''select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = relnamespace
where relkind in ('S', 'm') and nspname !~ '^(pg_|information_schema|seatrial)' order by 1'''
CATALOGUE = '''select conrelid::regclass::text || conname || pg_get_constraintdef(oid) from pg_constraint
  where conrelid <> 0
  union all select tgrelid::regclass::text || tgname || tgenabled::text from pg_trigger where not tgisinternal
    or tgname like 'seatrial%'
  union all select ev_class::regclass::text || rulename || ev_enabled::text from pg_rewrite
    where rulename <> '_RETURN' and oid > 16384
  union all select attrelid::regclass::text || attname || atttypid::regtype from pg_attribute join pg_class
    on attrelid = pg_class.oid where relnamespace = 'public'::regnamespace and attnum > 0
  union all select oid::regclass::text || relforcerowsecurity || relrowsecurity from pg_class
    where relnamespace = 'public'::regnamespace
  union all select 'large object' from pg_largeobject_metadata
  order by 1'''
seen = []

def state(db):
    found = {"catalogue": db.rows(CATALOGUE)}
    with psycopg.connect(db.url("")) as connection:
        connection.execute("alter table secret no force row level security")
        for name, in connection.execute(TABLES).fetchall():
            found[name] = connection.execute(f"select (zz.*)::text from only {name} zz").fetchall()
        connection.rollback()
    for row in db.rows(OTHERS):
        name = row["regclass"] if "regclass" in row else next(iter(row.values()))
        try:
            found[name] = db.rows(f"select * from {name}")
        except psycopg.errors.ObjectNotInPrerequisiteState:
            found[name] = "not filled"
    for name in [name for name in found if name.endswith("_seq") or name in ("alone", "stored")]:
        for row in found[name]:
            row.pop("log_cnt", None)
    return found

@pytest.mark.parametrize("change", CHANGES)
def test_pristine(db, change):
    now = state(db)
    seen.append(now)
    for name in seen[0].keys() | now.keys():
        rows, expected = now.get(name), seen[0].get(name)
        assert sorted(map(str, rows)) == sorted(map(str, expected)), name
    for part in CHANGES[change].split(";"):
        db.execute(part)
"""
)
