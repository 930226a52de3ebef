# ruff: noqa: S608 - statements made of our own constants
"""Functions, procedures, aggregates and window functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.postgres.catalog.queries.shared import comment, grants, not_a_member

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.postgres.catalog.queries.shared import Reading


def queries(reading: Reading) -> Iterator[str]:
    """Each is known by its name and the types of its arguments."""
    yield _functions(reading)


def _functions(reading: Reading) -> str:
    body = reading.since(14, "pg_get_function_sqlbody(p.oid)")
    return f"""
select 'function', array[s.name, p.proname,
    (select coalesce(string_agg(format_type(a.t, null), ', ' order by a.n), '')
     from unnest(p.proargtypes) with ordinality as a (t, n))], json_build_object(
  'kind', case p.prokind when 'f' then 'function' when 'p' then 'procedure' when 'a' then 'aggregate'
          else 'window function' end,
  'arguments', pg_get_function_arguments(p.oid),
  'returns', pg_get_function_result(p.oid),
  'language', case when p.prokind <> 'a' then l.lanname end,
  'body', case when p.prokind <> 'a' then coalesce({body}, p.prosrc) end,
  'library', p.probin,
  'volatility', case p.provolatile when 'i' then 'immutable' when 's' then 'stable' end,
  'null arguments', case when p.proisstrict then 'strict' end,
  'security', case when p.prosecdef then 'security definer' end,
  'leakproof', case when p.proleakproof then 'yes' end,
  'parallel', case p.proparallel when 's' then 'safe' when 'r' then 'restricted' end,
  'cost', nullif(p.procost, case when l.lanname in ('internal', 'c') then 1 else 100 end)::text,
  'rows', case when p.proretset and p.prorows <> 1000 then p.prorows::text end,
  'support', nullif(p.prosupport::oid, 0)::regproc::text,
  'setting', (select json_object_agg(split_part(c, '=', 1), substr(c, strpos(c, '=') + 1))
              from unnest(p.proconfig) as c),
  'aggregate', (select json_build_object({_AGGREGATE}) from pg_aggregate as g where g.aggfnoid = p.oid),
  'owner', {reading.owner("p.proowner")},
  'grants', {grants("p.proacl", kind="'f'", owner="p.proowner")},
  'comment', {comment("pg_proc", "p.oid")})
from pg_proc as p join spaces as s on s.oid = p.pronamespace join pg_language as l on l.oid = p.prolang
where {not_a_member("pg_proc", "p.oid")}
  -- Those that a range type brings along belong to it.
  and not exists (select from pg_depend as d where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                  and d.deptype = 'i' and d.refclassid = 'pg_type'::regclass)"""


def _function(column: str) -> str:
    return f"nullif(g.{column}::oid, 0)::regproc::text"


_AGGREGATE = f"""
    'kind', case g.aggkind when 'o' then 'ordered set' when 'h' then 'hypothetical set' end,
    'state function', {_function("aggtransfn")},
    'state type', format_type(g.aggtranstype, null),
    'initial state', g.agginitval,
    'final function', {_function("aggfinalfn")},
    'final extra', case when g.aggfinalextra then 'yes' end,
    'final function modifies', case g.aggfinalmodify when 's' then 'shareable' when 'w' then 'read-write' end,
    'combine function', {_function("aggcombinefn")},
    'serialize function', {_function("aggserialfn")},
    'deserialize function', {_function("aggdeserialfn")},
    'moving state function', {_function("aggmtransfn")},
    'moving inverse function', {_function("aggminvtransfn")},
    'moving final function', {_function("aggmfinalfn")},
    'moving state type', case when g.aggmtranstype <> 0 then format_type(g.aggmtranstype, null) end,
    'moving initial state', g.aggminitval,
    'sort operator', case when g.aggsortop <> 0 then g.aggsortop::regoperator::text end"""
