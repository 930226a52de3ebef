# ruff: noqa: S608 - statements made of our own constants
"""What lies beside tables: schemas, extensions, default privileges, publications, and the rest by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.postgres.catalog.queries.shared import added_grants, comment, grants, not_a_member

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.postgres.catalog.queries.shared import Reading

_FIRST_OWN = 16384
"""The server itself gives smaller numbers to its objects."""
_NAMED = (
    "pg_cast",
    "pg_collation",
    "pg_conversion",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_language",
    "pg_opclass",
    "pg_operator",
    "pg_opfamily",
    "pg_transform",
    "pg_ts_config",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
)
"""Catalogues of objects that few projects make: that they are there is compared, and their comment."""


def queries(reading: Reading) -> Iterator[str]:
    """Comments and grants of the database itself are left out: they belong to its name."""
    yield _schemas(reading)
    yield _EXTENSIONS
    yield _DEFAULT_PRIVILEGES
    yield _publications(reading)
    yield _others()


def _schemas(reading: Reading) -> str:
    return f"""
select 'schema', array[s.name], json_build_object(
  'owner', {reading.owner("n.nspowner")},
  'grants', {grants("n.nspacl", kind="'n'", owner="n.nspowner")},
  'comment', nullif({comment("pg_namespace", "n.oid")}, 'standard public schema'))
from spaces as s join pg_namespace as n on n.oid = s.oid
where {not_a_member("pg_namespace", "n.oid")}"""


# Who made an extension cannot choose its comment, and its owner says nothing about the schema.
_EXTENSIONS = """
select 'extension', array[e.extname], json_build_object(
  'version', e.extversion, 'schema', n.nspname)
from pg_extension as e join pg_namespace as n on n.oid = e.extnamespace"""

# The schema `public` may belong to `pg_database_owner`, which nobody logs in as.
_DATABASE_OWNER = "(select d.datdba from pg_database as d where d.datname = current_database())"
_IS_OWNER = f"a.defaclrole in (n.nspowner, {_DATABASE_OWNER})"
_KIND = "case a.defaclobjtype when 'S' then 's' else a.defaclobjtype end"
_DEFAULT_PRIVILEGES = f"""
select 'default privileges', array[coalesce(n.nspname, ''),
    case when {_IS_OWNER} then 'the owner' else quote_ident(pg_get_userbyid(a.defaclrole)) end,
    case a.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
    when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end], json_build_object(
  'grants', case when n.oid is null then {grants("a.defaclacl", kind=_KIND, owner="a.defaclrole")}
            else {added_grants("a.defaclacl", owner="a.defaclrole")} end)
from pg_default_acl as a left join pg_namespace as n on n.oid = a.defaclnamespace
where n.oid is null or n.oid in (select s.oid from spaces as s)"""


def _publications(reading: Reading) -> str:
    columns = reading.since(
        15,
        "(select ' (' || string_agg(quote_ident(a.attname), ', ' order by a.attname collate \"C\") || ')' "
        "from pg_attribute as a where a.attrelid = t.prrelid and a.attnum = any (t.prattrs::int2[]))",
    )
    where = reading.since(15, "' where ' || pg_get_expr(t.prqual, t.prrelid, true)")
    schemas = reading.since(
        15,
        '(select json_agg(quote_ident(n.nspname) order by n.nspname collate "C") '
        "from pg_publication_namespace as x "
        "join pg_namespace as n on n.oid = x.pnnspid where x.pnpubid = p.oid)",
    )
    return f"""
select 'publication', array[p.pubname], json_build_object(
  'tables', case when p.puballtables then to_json(array['all']) else (
    select json_agg(format('%I.%I%s%s', n.nspname, c.relname, {columns}, {where})
                    order by n.nspname collate "C", c.relname collate "C")
    from pg_publication_rel as t join pg_class as c on c.oid = t.prrelid
    join pg_namespace as n on n.oid = c.relnamespace where t.prpubid = p.oid) end,
  'schemas', {schemas},
  'publishes', concat_ws(', ', case when p.pubinsert then 'insert' end,
    case when p.pubupdate then 'update' end, case when p.pubdelete then 'delete' end,
    case when p.pubtruncate then 'truncate' end),
  'via root', case when p.pubviaroot then 'yes' end,
  'owner', {reading.owner("p.pubowner")},
  'comment', {comment("pg_publication", "p.oid")})
from pg_publication as p"""


def _others() -> str:
    numbers = " union all ".join(
        f"select '{name}'::regclass::oid as class, oid from {name}" for name in _NAMED
    )
    return f"""
select i.type, array[coalesce(i.schema, ''), i.identity], json_build_object(
  'comment', (select d.description from pg_description as d
              where d.classoid = o.class and d.objoid = o.oid and d.objsubid = 0))
from ({numbers}) as o, pg_identify_object(o.class, o.oid, 0) as i
where o.oid >= {_FIRST_OWN} and (i.schema is null or i.schema in (select s.name from spaces as s))
  and not exists (select from members as m where m.classid = o.class and m.objid = o.oid)
  and not exists (select from pg_depend as d
                  where d.classid = o.class and d.objid = o.oid and d.deptype in ('i', 'a')
                    and d.refclassid in ('pg_type'::regclass, 'pg_opclass'::regclass,
                                         'pg_opfamily'::regclass))"""
