# ruff: noqa: S608 - expressions made of our own constants
"""What the queries share: which objects count, and how rights, options and names become JSON."""

from __future__ import annotations

from dataclasses import dataclass

from seatrial.postgres.sql import OWN_SCHEMAS

COUNTED = f"""
spaces as materialized (
  select n.oid, n.nspname::text as name from pg_namespace as n
  where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and n.nspname not in {OWN_SCHEMAS}
),
members as materialized (select d.classid, d.objid from pg_depend as d where d.deptype = 'e'),
own_functions as materialized (
  select p.oid from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
  where n.nspname in {OWN_SCHEMAS}
),
relations as materialized (
  select s.name as schema, c.relname::text as name, c.oid, c.relkind, c.relowner, c.reltoastrelid
  from pg_class as c join spaces as s on s.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f')
    and not exists (select from members as m where m.classid = 'pg_class'::regclass and m.objid = c.oid)
),
types as materialized (
  select s.name as schema, t.typname::text as name, t.*
  from pg_type as t join spaces as s on s.oid = t.typnamespace left join pg_class as c on c.oid = t.typrelid
  where (t.typtype in ('e', 'd', 'r') or t.typtype = 'c' and c.relkind = 'c'
         or t.typtype = 'b' and not (t.typelem <> 0 and t.typcategory = 'A'))
    and not exists (select from members as m where m.classid = 'pg_type'::regclass and m.objid = t.oid)
)"""
"""Objects of the project: none of the server's, of extensions, of temporary schemas, or ours."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a statement depends on: the server's version number, and whether owners are read."""

    version: int
    owners: bool

    def since(self, version: int, expression: str) -> str:
        """An expression that only servers since `version` understand; null on older ones."""
        return expression if self.version >= version * 10000 else "null"

    def owner(self, number: str) -> str:
        """The name of a role, if owners are read."""
        return f"pg_get_userbyid({number})" if self.owners else "null"


def not_a_member(catalogue: str, number: str) -> str:
    """The condition that an object belongs to no extension."""
    return (
        "not exists (select from members as m "
        f"where m.classid = '{catalogue}'::regclass and m.objid = {number})"
    )


def comment(catalogue: str, number: str, column: str = "0") -> str:
    """The comment on an object."""
    return (
        f"(select d.description from pg_description as d where d.classoid = '{catalogue}'::regclass "
        f"and d.objoid = {number} and d.objsubid = {column})"
    )


def role(number: str, owner: str) -> str:
    """A role as others can compare it: PUBLIC, the owner of the object by that word, or its quoted name."""
    return (
        f"case {number} when 0 then 'PUBLIC' when {owner} then 'the owner' "
        f"else quote_ident(pg_get_userbyid({number})) end"
    )


def grants(acl: str, *, kind: str, owner: str) -> str:
    """Rights by grantee, where they are other than without any GRANT.

    Args:
        acl: the expression of an access list; null is the default.
        kind: the letter of the kind of object that `acldefault` takes, as an expression.
        owner: the expression of the owner's number.
    """
    return (
        f"case when {acl} is not null then "
        f"(select json_object_agg(grantee, coalesce(given.rights, 'nothing')) "
        f"from {_rights(acl, owner)} as given "
        f"full join {_rights(f'acldefault({kind}, {owner})', owner)} as usual using (grantee) "
        f"where given.rights is distinct from usual.rights) end"
    )


def added_grants(acl: str, *, owner: str) -> str:
    """Rights by grantee of an access list that has no default."""
    return f"(select json_object_agg(grantee, rights) from {_rights(acl, owner)} as given)"


def _rights(acl: str, owner: str) -> str:
    # By code point: what the database's own collation does to capitals is another matter on each server.
    right = (
        "(x.privilege_type || case when x.is_grantable then ' with grant option' else '' end) collate \"C\""
    )
    return (
        f"(select {role('x.grantee', owner)} as grantee, string_agg(distinct {right}, ', ') as rights "
        f"from aclexplode({acl}) as x group by 1)"
    )


def options(listed: str) -> str:
    """Options as an object; a boolean may be written in several ways, which mean the same."""
    return (
        "(select json_object_agg(o.option_name, case when o.option_value in ('on', 'yes') then 'true' "
        "when o.option_value in ('off', 'no') then 'false' else o.option_value end) "
        f"from pg_options_to_table({listed}) as o)"
    )


def sequence_facts(alias: str) -> str:
    """Pairs for `json_build_object`: what a sequence does, where it differs from a plain bigint one."""
    highest = (
        f"case {alias}.seqtypid when 'int2'::regtype then 32767 when 'int4'::regtype then 2147483647 "
        "else 9223372036854775807 end"
    )
    lowest = f"(-({highest}) - 1)"
    up = f"{alias}.seqincrement > 0"
    return f"""
      'start', nullif({alias}.seqstart, case when {up} then {alias}.seqmin else {alias}.seqmax end)::text,
      'increment', nullif({alias}.seqincrement, 1)::text,
      'minimum', nullif({alias}.seqmin, case when {up} then 1 else {lowest} end)::text,
      'maximum', nullif({alias}.seqmax, case when {up} then {highest} else -1 end)::text,
      'cache', nullif({alias}.seqcache, 1)::text,
      'cycle', case when {alias}.seqcycle then 'yes' end"""
