set role owner_of_all;
create schema shop;
comment on schema shop is 'what is sold';
create type shop.mood as enum ('calm', 'cross');
create type shop.pair as (a int, b text);
create domain shop.positive as int check (value > 0);
create type shop.span as range (subtype = numeric);
create table shop.items (
  id int generated always as identity primary key,
  name text not null unique,
  price numeric(8, 2) default 1 check (price >= 0),
  double numeric generated always as (price * 2) stored,
  mood shop.mood,
  pair shop.pair
);
comment on column shop.items.name is 'as printed';
insert into shop.items (name, price, mood) values ('tea', 3, 'calm'), ('jam', 4, 'cross');
create index items_price on shop.items (price);
create table shop.orders (id serial primary key, item int references shop.items on delete cascade);
create table shop.empty (r text, "Odd ""name""" text);
create table shop.keyless (a int);
insert into shop.keyless values (1), (1), (2);
create unlogged table shop.scratch (a int);
create table shop.parent (a int);
create table shop.child (b int) inherits (shop.parent);
insert into shop.child values (1, 1);
create table shop.log (id int, at date) partition by range (at);
create table shop.log_2026 partition of shop.log for values from ('2026-01-01') to ('2027-01-01') partition by list (id);
create table shop.log_2026_1 partition of shop.log_2026 for values in (1);
create table shop.log_2026_2 partition of shop.log_2026 for values in (2);
insert into shop.log values (1, '2026-05-05');
create sequence shop.numbers;
create sequence shop.used;
select nextval('shop.used');
create view shop.cheap as select name from shop.items where price < 4;
create materialized view shop.totals as select count(*) as n from shop.items;
create materialized view shop.never as select 1 as one with no data;
create function shop.twice(n int) returns int language sql as 'select n * 2';
create function shop.note() returns trigger language plpgsql as 'begin return new; end';
create trigger items_note before insert on shop.items for each row execute function shop.note();
create rule keep_parent as on delete to shop.parent do instead nothing;
alter table shop.keyless enable row level security;
create policy all_of_it on shop.keyless using (true);
create statistics shop.items_stats on name, price from shop.items;
grant select on shop.items to reader;
alter default privileges in schema shop grant select on tables to reader;
create publication news for table shop.items;
select lo_from_bytea(4242, 'hello');
reset role;
create extension if not exists plpgsql;

create function shop.event_note() returns event_trigger language plpgsql as 'begin end';
create event trigger watch on ddl_command_end when tag in ('DROP RULE') execute function shop.event_note();
create collation shop.plain (locale = 'C');
create operator shop.=== (leftarg = int, rightarg = int, function = int4eq);
create cast (text as shop.mood) with inout as implicit;
create aggregate shop.total (int) (sfunc = int4pl, stype = int);
create schema seatrial;
create table seatrial.own (a int);
