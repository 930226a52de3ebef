# ruff: noqa: S608 - statements made of our own constants
"""Tables, partitions, views and foreign tables, and their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.postgres.catalog.queries.shared import comment, grants, options, sequence_facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.postgres.catalog.queries.shared import Reading


def queries(reading: Reading) -> Iterator[str]:
    """Relations and columns; the order of columns is left out."""
    yield _relations(reading)
    yield _columns(reading)


def _relations(reading: Reading) -> str:
    pending = reading.since(14, "h.inhdetachpending")
    return f"""
select 'relation', array[r.schema, r.name], json_build_object(
  'kind', case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
          when 'm' then 'materialized view' else 'foreign table' end,
  'definition', case when c.relkind in ('v', 'm') then btrim(pg_get_viewdef(c.oid, true), E' \\n;') end,
  'partition key', case c.relkind when 'p' then pg_get_partkeydef(c.oid) end,
  'inherits', (select json_agg(json_build_array(n.nspname, p.relname) order by h.inhseqno)
               from pg_inherits as h join pg_class as p on p.oid = h.inhparent
               join pg_namespace as n on n.oid = p.relnamespace where h.inhrelid = c.oid),
  'bound', case when c.relispartition then pg_get_expr(c.relpartbound, c.oid, true) ||
           case when (select bool_or({pending}) from pg_inherits as h where h.inhrelid = c.oid)
                then ', being detached' else '' end end,
  'of type', case when c.reloftype <> 0 then format_type(c.reloftype, null) end,
  'persistence', case c.relpersistence when 'u' then 'unlogged' end,
  'row security', case when c.relrowsecurity and c.relforcerowsecurity then 'enabled and forced'
                  when c.relrowsecurity then 'enabled'
                  when c.relforcerowsecurity then 'forced but not enabled' end,
  'replica identity', case when c.relkind in ('r', 'p') then case c.relreplident
    when 'f' then 'full' when 'n' then 'nothing' when 'i' then (
      select 'index ' || quote_ident(x.relname) from pg_index as i join pg_class as x on x.oid = i.indexrelid
      where i.indrelid = c.oid and i.indisreplident) end end,
  'option', {options("c.reloptions")},
  'toast option', (select {options("t.reloptions")} from pg_class as t where t.oid = c.reltoastrelid),
  'access method', (select a.amname from pg_am as a where a.oid = c.relam and a.amname <> 'heap'),
  'tablespace', (select t.spcname from pg_tablespace as t where t.oid = c.reltablespace),
  'server', (select s.srvname from pg_foreign_table as f join pg_foreign_server as s on s.oid = f.ftserver
             where f.ftrelid = c.oid),
  'foreign option', (select {options("f.ftoptions")} from pg_foreign_table as f where f.ftrelid = c.oid),
  'owner', {reading.owner("c.relowner")},
  'grants', {grants("c.relacl", kind="'r'", owner="c.relowner")},
  'comment', {comment("pg_class", "c.oid")})
from relations as r join pg_class as c on c.oid = r.oid"""


def _columns(reading: Reading) -> str:
    # What a view's columns are follows from its definition; only what was added to them counts.
    typed = "r.relkind in ('r', 'p', 'f')"
    return f"""
select 'column', array[r.schema, r.name, a.attname], json_build_object(
  'type', case when {typed} then format_type(a.atttypid, a.atttypmod) end,
  'nullability', case when a.attnotnull then 'not null'
    || case when not n.convalidated then ', not validated' else '' end
    || case when n.connoinherit then ', not inherited' else '' end end,
  'not null constraint', case when n.conname !~ '_not_null[0-9]*$' then quote_ident(n.conname) end,
  'default', case when a.attgenerated = '' then pg_get_expr(f.adbin, f.adrelid, true) end,
  'generated', case a.attgenerated when 's' then 'stored ' when 'v' then 'virtual ' end
               || pg_get_expr(f.adbin, f.adrelid, true),
  'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' end,
  'identity option', case when a.attidentity <> '' then (
     select json_strip_nulls(json_build_object({sequence_facts("q")}))
     from pg_depend as d join pg_sequence as q on q.seqrelid = d.objid
     where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
       and d.refobjid = a.attrelid and d.refobjsubid = a.attnum and d.deptype = 'i') end,
  'identity grants', case when a.attidentity <> '' then (
     select {grants("s.relacl", kind="'s'", owner="s.relowner")}
     from pg_depend as d join pg_class as s on s.oid = d.objid and s.relkind = 'S'
     where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
       and d.refobjid = a.attrelid and d.refobjsubid = a.attnum and d.deptype = 'i') end,
  'collation', case when {typed} and a.attcollation <> t.typcollation then
    (select l.oid::regcollation::text from pg_collation as l where l.oid = a.attcollation) end,
  'storage', case when {typed} and a.attstorage <> t.typstorage then case a.attstorage
    when 'p' then 'plain' when 'e' then 'external' when 'x' then 'extended' else 'main' end end,
  'compression', case {reading.since(14, "a.attcompression")} when 'p' then 'pglz' when 'l' then 'lz4' end,
  'statistics target', nullif(a.attstattarget, -1)::text,
  'option', {options("a.attoptions")},
  'foreign option', {options("a.attfdwoptions")},
  'grants', {grants("a.attacl", kind="'c'", owner="r.relowner")},
  'comment', {comment("pg_class", "a.attrelid", "a.attnum")})
from relations as r
join pg_attribute as a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
join pg_type as t on t.oid = a.atttypid
left join pg_attrdef as f on f.adrelid = a.attrelid and f.adnum = a.attnum
left join pg_constraint as n on n.conrelid = a.attrelid and n.contype = 'n' and n.conkey[1] = a.attnum
where {typed} or f.oid is not null or a.attacl is not null
   or {comment("pg_class", "a.attrelid", "a.attnum")} is not null"""
