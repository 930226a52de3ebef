create role "Odd ""role""";
create schema "Sales.EU";
create table "Sales.EU"."order lines" ("größe" int, "a.b" int, "say ""x""" int, "two
lines" int, constraint "CHECK (1)" check ("größe" > 0));
create index "ON x USING y" on "Sales.EU"."order lines" ("a.b");
create function "Sales.EU"."Do"() returns trigger language plpgsql as 'begin end';
create trigger "BEFORE x" before insert on "Sales.EU"."order lines" for each row execute function "Sales.EU"."Do"();
create policy "to PUBLIC" on "Sales.EU"."order lines" to "Odd ""role""" using ("a.b" > 1);
create rule "AS on" as on delete to "Sales.EU"."order lines" do instead nothing;
create type "Sales.EU"."Mood" as enum ('it''s', 'a, b', '');
