# ruff: noqa: S608 - statements made of our own constants
"""Constraints, indexes and extended statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.postgres.catalog.queries.shared import comment, options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.postgres.catalog.queries.shared import Reading

# What the definition ends with and facts of their own tell.
_ENDING = "( NOT VALID| NOT ENFORCED| DEFERRABLE| INITIALLY DEFERRED)+$"
_STATE = """
  'validity', case when not i.indisvalid or not i.indisready or not i.indislive then 'invalid' end,
  'clustered', case when i.indisclustered then 'yes' end,
  'tablespace', (select t.spcname from pg_tablespace as t where t.oid = x.reltablespace)"""


def queries(reading: Reading) -> Iterator[str]:
    """What partitions and heirs have from their parents is told there only."""
    yield _constraints(reading)
    yield _indexes()
    yield _statistics(reading)


def _constraints(reading: Reading) -> str:
    enforced = reading.since(18, "k.conenforced")
    return f"""
select 'constraint', array[coalesce(r.schema, d.schema), coalesce(r.name, d.name), k.conname],
 json_build_object(
  'kind', case k.contype when 'c' then 'check' when 'f' then 'foreign key' when 'p' then 'primary key'
          when 'u' then 'unique constraint' else 'exclusion constraint' end,
  'definition', regexp_replace(pg_get_constraintdef(k.oid, true), '{_ENDING}', ''),
  'validation', case when not k.convalidated and coalesce({enforced}, true) then 'not validated' end,
  'enforcement', case when not {enforced} then 'not enforced' end,
  'deferral', case when k.condeferred then 'deferrable, initially deferred'
              when k.condeferrable then 'deferrable' end,
  'triggers', case when exists (select from pg_trigger as g where g.tgconstraint = k.oid and g.tgisinternal
                                and g.tgenabled <> 'O') then 'disabled or changed' end,
  'option', {options("x.reloptions")}, {_STATE},
  'comment', {comment("pg_constraint", "k.oid")},
  'index comment', {comment("pg_class", "x.oid")})
from pg_constraint as k
left join relations as r on r.oid = k.conrelid
left join types as d on d.oid = k.contypid
left join pg_class as x on x.oid = k.conindid and k.contype in ('p', 'u', 'x')
left join pg_index as i on i.indexrelid = x.oid
where k.contype in ('c', 'f', 'p', 'u', 'x')
  and (r.oid is not null and k.conislocal or d.oid is not null)"""


def _indexes() -> str:
    beginning = (
        "length(format('CREATE %sINDEX %I ON %s%I.%I USING ', "
        "case when i.indisunique then 'UNIQUE ' else '' end, "
        "x.relname, case x.relkind when 'I' then 'ONLY ' else '' end, r.schema, r.name))"
    )
    return f"""
select 'index', array[r.schema, r.name, x.relname], json_build_object(
  'definition', case when i.indisunique then 'unique ' else '' end
                || substr(pg_get_indexdef(x.oid, 0, true), {beginning} + 1), {_STATE},
  'comment', {comment("pg_class", "x.oid")})
from relations as r join pg_index as i on i.indrelid = r.oid join pg_class as x on x.oid = i.indexrelid
where not x.relispartition
  and not exists (select from pg_constraint as k where k.conindid = x.oid and k.contype in ('p', 'u', 'x'))"""


def _statistics(reading: Reading) -> str:
    # The server keeps columns in the order of the table, which says nothing.
    expressions = reading.since(14, "pg_get_statisticsobjdef_expressions(t.oid)")
    return f"""
select 'statistics', array[r.schema, r.name, t.stxname], json_build_object(
  'definition', (select case when t.stxkind @> '{{d,f,m}}' then '' else
      '(' || string_agg(case k when 'd' then 'ndistinct' when 'f' then 'dependencies' when 'm' then 'mcv' end,
                        ', ' order by k) || ') ' end from unnest(t.stxkind) as k)
    || 'ON ' || (select string_agg(e, ', ' order by e collate "C") from (
      select quote_ident(a.attname) from pg_attribute as a
      where a.attrelid = t.stxrelid and a.attnum = any (t.stxkeys::int2[])
      union all select unnest({expressions}::text[])) as e (e)),
  'schema', nullif(n.nspname, r.schema),
  'target', nullif(t.stxstattarget, -1)::text,
  'owner', {reading.owner("t.stxowner")},
  'comment', {comment("pg_statistic_ext", "t.oid")})
from pg_statistic_ext as t join relations as r on r.oid = t.stxrelid
join pg_namespace as n on n.oid = t.stxnamespace"""
