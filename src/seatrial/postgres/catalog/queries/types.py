# ruff: noqa: S608 - statements made of our own constants
"""Enums, domains, composite and range types, and sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.postgres.catalog.queries.shared import comment, grants, not_a_member, sequence_facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.postgres.catalog.queries.shared import Reading


def queries(reading: Reading) -> Iterator[str]:
    """Sequences of identity columns are facts of their columns."""
    yield _types(reading)
    yield _sequences(reading)


def _types(reading: Reading) -> str:
    multirange = reading.since(14, "format_type(g.rngmultitypid, null)")
    collation = "nullif({}, 0)::regcollation::text"
    return f"""
select 'type', array[t.schema, t.name], json_build_object(
  'kind', case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'c' then 'composite type'
          when 'r' then 'range type' else 'base type' end,
  'labels', case t.typtype when 'e' then coalesce((select json_agg(e.enumlabel order by e.enumsortorder)
            from pg_enum as e where e.enumtypid = t.oid), '[]') end,
  'attributes', case t.typtype when 'c' then coalesce((select json_agg(
      quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
      || case when a.attcollation <> u.typcollation
         then ' collate ' || a.attcollation::regcollation else '' end
      order by a.attnum) from pg_attribute as a join pg_type as u on u.oid = a.atttypid
      where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped), '[]') end,
  'type', case t.typtype when 'd' then format_type(t.typbasetype, t.typtypmod) end,
  'nullability', case when t.typtype = 'd' and t.typnotnull then 'not null' end,
  'default', case when t.typtype = 'd' then coalesce(pg_get_expr(t.typdefaultbin, 0, true), t.typdefault) end,
  'collation', case when t.typtype = 'd' and t.typcollation <> b.typcollation
               then {collation.format("t.typcollation")} end,
  'subtype', format_type(g.rngsubtype, null),
  'operator class', (select format('%I.%I', n.nspname, o.opcname) from pg_opclass as o
    join pg_namespace as n on n.oid = o.opcnamespace where o.oid = g.rngsubopc and not o.opcdefault),
  'subtype collation', case when g.rngcollation <> s.typcollation
    then {collation.format("g.rngcollation")} end,
  'canonical', nullif(g.rngcanonical::oid, 0)::regproc::text,
  'subtype difference', nullif(g.rngsubdiff::oid, 0)::regproc::text,
  'multirange', {multirange},
  'owner', {reading.owner("t.typowner")},
  'grants', {grants("t.typacl", kind="'T'", owner="t.typowner")},
  'comment', {comment("pg_type", "t.oid")})
from types as t
left join pg_type as b on b.oid = t.typbasetype
left join pg_range as g on g.rngtypid = t.oid
left join pg_type as s on s.oid = g.rngsubtype"""


def _sequences(reading: Reading) -> str:
    return f"""
select 'sequence', array[s.name, c.relname], json_build_object(
  'type', format_type(q.seqtypid, null), {sequence_facts("q")},
  'owned by', (select json_agg(json_build_array(n.nspname, p.relname, a.attname))
    from pg_depend as d join pg_class as p on p.oid = d.refobjid
    join pg_namespace as n on n.oid = p.relnamespace
    join pg_attribute as a on a.attrelid = p.oid and a.attnum = d.refobjsubid
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
      and d.objid = c.oid and d.deptype = 'a'),
  'persistence', case c.relpersistence when 'u' then 'unlogged' end,
  'owner', {reading.owner("c.relowner")},
  'grants', {grants("c.relacl", kind="'s'", owner="c.relowner")},
  'comment', {comment("pg_class", "c.oid")})
from pg_sequence as q join pg_class as c on c.oid = q.seqrelid join spaces as s on s.oid = c.relnamespace
where {not_a_member("pg_class", "c.oid")}
  and not exists (select from pg_depend as d where d.classid = 'pg_class'::regclass and d.objid = c.oid
                  and d.deptype = 'i')"""
