# ruff: noqa: S608 - statements made of our own constants
"""What acts when a table is used: triggers, rules and policies; and event triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.postgres.catalog.queries.shared import comment, not_a_member, role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.postgres.catalog.queries.shared import Reading


def queries(reading: Reading) -> Iterator[str]:
    """The triggers of foreign keys and those that partitions have from their parents are left out."""
    yield _TRIGGERS
    yield _RULES
    yield _POLICIES
    yield _event_triggers(reading)


def _state(letter: str) -> str:
    return (
        f"case {letter} when 'D' then 'disabled' when 'A' then 'enabled always' "
        "when 'R' then 'enabled for replicas only' end"
    )


_TRIGGERS = f"""
select 'trigger', array[r.schema, r.name, t.tgname], json_build_object(
  'definition', case when t.tgconstraint <> 0 then 'constraint trigger ' else '' end
    || substr(pg_get_triggerdef(t.oid, true), length(format('CREATE %sTRIGGER %I ',
         case when t.tgconstraint <> 0 then 'CONSTRAINT ' else '' end, t.tgname)) + 1),
  'state', {_state("t.tgenabled")},
  'comment', {comment("pg_trigger", "t.oid")})
from pg_trigger as t join relations as r on r.oid = t.tgrelid
where not t.tgisinternal and t.tgparentid = 0
  and not exists (select from own_functions as o where o.oid = t.tgfoid)"""

_RULES = f"""
select 'rule', array[r.schema, r.name, w.rulename], json_build_object(
  'definition', btrim(substr(pg_get_ruledef(w.oid, true),
                             length(format('CREATE RULE %I AS', w.rulename)) + 1), E' \\n;'),
  'state', {_state("w.ev_enabled")},
  'comment', {comment("pg_rewrite", "w.oid")})
from pg_rewrite as w join relations as r on r.oid = w.ev_class
where w.rulename <> '_RETURN'"""

_POLICIES = f"""
select 'policy', array[r.schema, r.name, p.polname], json_build_object(
  'kind', case when p.polpermissive then 'policy' else 'restrictive policy' end,
  'command', case p.polcmd when '*' then 'ALL' when 'r' then 'SELECT' when 'a' then 'INSERT'
             when 'w' then 'UPDATE' else 'DELETE' end,
  'roles', (select string_agg(u.name, ', ' order by u.name collate "C")
            from (select {role("n", "r.relowner")} as name from unnest(p.polroles) as n) as u),
  'using', pg_get_expr(p.polqual, p.polrelid, true),
  'with check', pg_get_expr(p.polwithcheck, p.polrelid, true),
  'comment', {comment("pg_policy", "p.oid")})
from pg_policy as p join relations as r on r.oid = p.polrelid"""


def _event_triggers(reading: Reading) -> str:
    return f"""
select 'event trigger', array[e.evtname], json_build_object(
  'definition', format('ON %s%s EXECUTE FUNCTION %s', e.evtevent,
    (select ' WHEN TAG IN (' || string_agg(quote_literal(t), ', ' order by t collate "C") || ')'
     from unnest(e.evttags) as t), e.evtfoid::regprocedure),
  'state', {_state("e.evtenabled")},
  'owner', {reading.owner("e.evtowner")},
  'comment', {comment("pg_event_trigger", "e.oid")})
from pg_event_trigger as e
where {not_a_member("pg_event_trigger", "e.oid")}
  and not exists (select from own_functions as o where o.oid = e.evtfoid)"""
