"""One server for all tests of the reset by the log; each test has a schema and an engine of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from seatrial.postgres.cluster import Cluster
from seatrial.postgres.server import EmbeddedServer
from tests.integration.isolation.wal.sea import Sea, sail, serve

SCHEMA = r"""
create table plain (id serial primary key, note text);
create table keyless (a int, b text);
insert into keyless select 1, 'same' from generate_series(1, 5);
create table seeded (id int generated always as identity primary key, note text,
  upper text generated always as (upper(note)) stored, length int generated always as (length(note)) virtual);
insert into seeded (note) select 'note ' || i from generate_series(1, 200) i;
create table child (id serial primary key, parent int references seeded on delete cascade, document text);
insert into child (parent, document) select i, repeat(md5(i::text), 700) from generate_series(1, 20) i;
create table big (id int primary key, note text, other int unique);
insert into big select i, 'note ' || i, i from generate_series(1, 3000) i;
create table audit (id serial, what text);
create function log() returns trigger language plpgsql as
  $$ begin insert into audit (what) values (tg_op); return null; end $$;
create trigger log after insert or update or delete on plain for each row execute function log();
create table append_only (id int, note text);
insert into append_only values (1, 'kept');
create function refuse() returns trigger language plpgsql as $$ begin raise 'append only'; end $$;
create trigger refuse before delete or truncate on append_only execute function refuse();
create table halves (id int, half int) partition by list (half);
create table half_1 partition of halves for values in (1);
create table half_2 partition of halves for values in (2);
insert into halves select i, 1 + i % 2 from generate_series(1, 30) i;
create table parent (id int, note text);
create table heir (more int) inherits (parent);
insert into heir values (1, 'inherited', 2);
create table "Odd ""name" ("a b" int, "c,d" text[], seatrial_row jsonb);
insert into "Odd ""name" values (1, '{a,"b c",null,"q\"x\\\\"}', '{"a": [1, "\\"]}');
create table gap (a int, b int, c text);
insert into gap values (1, 2, 'x');
alter table gap drop column b;
create table secret (id int, who text);
alter table secret enable row level security;
alter table secret force row level security;
create policy mine on secret using (who = current_user);
create unlogged table fast (id serial, n int);
create unlogged sequence quick;
create materialized view total as select count(*) from plain;
create sequence free;
select nextval('free'), nextval('free');
create sequence handed_out cache 10;
"""


@pytest.fixture(scope="session")
def server(shared_cache: Path) -> Iterator[tuple[Cluster, EmbeddedServer]]:
    with serve(shared_cache) as served:
        yield served


@pytest.fixture
def sea(server: tuple[Cluster, EmbeddedServer]) -> Iterator[Sea]:
    with sail(*server, SCHEMA) as opened:
        yield opened
