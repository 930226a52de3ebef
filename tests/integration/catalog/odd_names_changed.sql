alter table "Sales.EU"."order lines" drop column "two
lines", alter "say ""x""" set not null, drop constraint "CHECK (1)";
drop policy "to PUBLIC" on "Sales.EU"."order lines";
drop trigger "BEFORE x" on "Sales.EU"."order lines";
drop rule "AS on" on "Sales.EU"."order lines";
drop index "Sales.EU"."ON x USING y";
alter table "Sales.EU"."order lines" alter "a.b" type bigint;
alter type "Sales.EU"."Mood" rename value '' to 'b';
