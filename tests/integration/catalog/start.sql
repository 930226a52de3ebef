create extension citext;
create type mood as enum ('calm', 'cross');
create type pair as (a int, b text);
create type span as range (subtype = numeric);
create type named as range (subtype = text);
create type steps;
create function steps_canonical(steps) returns steps immutable strict language internal as 'int4range_canonical';
create type steps as range (subtype = int4, canonical = steps_canonical);
create domain positive as int default 1 constraint above_zero check (value > 0);
create table customers (
  id int generated always as identity primary key,
  name varchar(40) not null,
  email citext not null unique
);
create sequence numbers;
create table orders (
  id serial primary key,
  customer int not null references customers on delete cascade,
  number text not null default 'new' constraint orders_number_key unique,
  total numeric(10, 2) not null default 0,
  with_tax numeric generated always as (total * 2) stored,
  status varchar(20) not null default 'open' check (status in ('open', 'paid')),
  feeling mood,
  placed_at timestamptz not null default now(),
  during int4range,
  note text,
  constraint orders_total_check check (total > 0),
  constraint no_overlap exclude using gist (during with &&)
);
comment on table orders is 'what was ordered';
comment on column orders.note is 'from the customer';
create index orders_status on orders (status) where total > 10;
create index orders_lower_number on orders (lower(number) collate "C" text_pattern_ops desc) include (note);
create statistics orders_statistics on status, total from orders;
create view open_orders as select id, total from orders where status = 'open';
create materialized view totals as select customer, sum(total) as sum from orders group by customer;
create unique index totals_customer on totals (customer);
create function touch() returns trigger language plpgsql as 'begin return new; end';
create function twice(n int) returns int language sql as 'select n * 2';
create procedure tidy() language sql as 'delete from orders where total = 0';
create function many() returns setof int language sql as 'select 1';
create aggregate mean (bigint) (sfunc = int8_avg_accum, stype = internal, finalfunc = numeric_poly_avg);
create aggregate total_of (int) (sfunc = int4pl, stype = int, initcond = '0');
create trigger orders_touch before update on orders for each row execute function touch();
create rule keep_customers as on delete to customers do instead nothing;
alter table orders enable row level security;
create policy own_orders on orders for select to app using (total < 100);
grant select on orders to reader;
grant select (name) on customers to reader;
create table log (id int not null, at date not null, what text) partition by range (at);
create table log_2026 partition of log for values from ('2026-01-01') to ('2027-01-01');
create table log_2027 partition of log for values from ('2027-01-01') to ('2028-01-01');
create index log_id on log (id);
create table animal (name text, legs int);
create table bird (wings int) inherits (animal);
create function watching() returns event_trigger language plpgsql as 'begin end';
create event trigger watch on ddl_command_end when tag in ('DROP RULE') execute function watching();
create publication news for table orders;
create foreign data wrapper far;
create server near foreign data wrapper far;
create server away foreign data wrapper far;
create foreign table remote (a int) server near;
create type row_of as (a int, b text);
create table typed of row_of;
create schema audit;
create table audit.entries (id bigint primary key, at timestamptz);
