"""Emptying a database without dropping it, with the rights of its owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.errors import TemplateError, UnsafeTargetError
from seatrial.postgres.choice import carries_marker
from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

# Schemas with an extension in them that is not ours stay: dropping them would drop it too.
_SCHEMAS = """
select nspname::text from pg_namespace n
where nspname !~ '^pg_' and nspname not in ('public', 'information_schema') and nspname <> all(%s)
  and pg_has_role(nspowner, 'USAGE')
  and not exists (select from pg_extension e
                  where e.extnamespace = n.oid and not pg_has_role(e.extowner, 'USAGE'))
"""
# Types of tables, arrays and ranges go with what they belong to.
_OBJECTS = """
with schemas as (
  select oid from pg_namespace
  where nspname !~ '^pg_' and nspname <> 'information_schema' and nspname <> all(%s)
), objects (class, oid, owner) as (
  select 'pg_class'::regclass, oid, relowner from pg_class
  where relkind in ('r', 'p', 'v', 'm', 'S', 'f') and relnamespace in (select oid from schemas)
  union all
  select 'pg_proc'::regclass, oid, proowner from pg_proc where pronamespace in (select oid from schemas)
  union all
  select 'pg_type'::regclass, t.oid, typowner from pg_type t left join pg_class c on c.oid = typrelid
  where typnamespace in (select oid from schemas) and (typtype in ('d', 'e', 'r') or c.relkind = 'c'
    or (typtype = 'b' and not exists (select from pg_type e where e.typarray = t.oid)))
  union all
  select 'pg_operator'::regclass, oid, oprowner from pg_operator
  where oprnamespace in (select oid from schemas)
  union all
  select 'pg_opfamily'::regclass, oid, opfowner from pg_opfamily
  where opfnamespace in (select oid from schemas)
  union all
  select 'pg_collation'::regclass, oid, collowner from pg_collation
  where collnamespace in (select oid from schemas)
  union all
  select 'pg_conversion'::regclass, oid, conowner from pg_conversion
  where connamespace in (select oid from schemas)
  union all
  select 'pg_ts_config'::regclass, oid, cfgowner from pg_ts_config
  where cfgnamespace in (select oid from schemas)
  union all
  select 'pg_ts_dict'::regclass, oid, dictowner from pg_ts_dict
  where dictnamespace in (select oid from schemas)
  union all select 'pg_extension'::regclass, oid, extowner from pg_extension
  union all select 'pg_foreign_server'::regclass, oid, srvowner from pg_foreign_server
  union all select 'pg_publication'::regclass, oid, pubowner from pg_publication
)
"""
_DROP = f"""{_OBJECTS}select format('drop %%s if exists %%s cascade', named.type, named.identity)
from objects o, pg_identify_object(o.class, o.oid, 0) named
where pg_has_role(o.owner, 'USAGE')
  and not exists (select from pg_depend d
                  where d.classid = o.class and d.objid = o.oid and d.deptype in ('e', 'i')
                    -- A partitioned table depends on its own columns.
                    and d.refobjid <> d.objid)
"""  # noqa: S608 - put together from constants
_LEFT = f"""{_OBJECTS}
select format('%%s %%s, which belongs to %%s', named.type, named.identity, o.owner::regrole)
from objects o, pg_identify_object(o.class, o.oid, 0) named
where not pg_has_role(o.owner, 'USAGE')
  and o.class not in ('pg_extension'::regclass, 'pg_foreign_server'::regclass, 'pg_publication'::regclass)
  and not exists (select from pg_depend d where d.classid = o.class and d.objid = o.oid
                  and d.deptype in ('e', 'i'))
limit 20
"""  # noqa: S608 - put together from constants


def empty_database(connection: psycopg.Connection[Any], *, keep_schemas: Sequence[str] = ()) -> None:
    """Drop all that the role owns in the connected database, in one transaction.

    The database itself, its comment and settings, the schema public and extensions of others stay.

    Raises:
        UnsafeTargetError: the database carries no marker; nothing was dropped.
        TemplateError: something belongs to another role and is left.
    """
    with connection.transaction():
        if not carries_marker(connection):
            raise UnsafeTargetError(
                f"the database {connection.info.dbname!r} carries no marker any more; nothing was erased",
                code="database.unmarked",
                remedy="somebody removed the marker from its comment; see `seatrial db mark`",
            )
        kept = list(keep_schemas)
        for (schema,) in connection.execute(_SCHEMAS, [kept]).fetchall():
            connection.execute(f"drop schema {identifier(schema)} cascade".encode())
        for (statement,) in connection.execute(_DROP.encode(), [kept]).fetchall():
            connection.execute(statement.encode())
        connection.execute(
            "select lo_unlink(oid) from pg_largeobject_metadata where pg_has_role(lomowner, 'USAGE')"
        )
        if left := not_ours(connection, keep_schemas=kept):
            raise _not_emptied(connection, left)


def not_ours(connection: psycopg.Connection[Any], *, keep_schemas: Sequence[str] = ()) -> list[str]:
    """What other roles own in the database, extensions and theirs apart; some of it, if it is much."""
    rows = connection.execute(_LEFT.encode(), [list(keep_schemas)]).fetchall()
    return [str(what) for (what,) in rows]


def _not_emptied(connection: psycopg.Connection[Any], left: Sequence[str]) -> TemplateError:
    return TemplateError(
        f"the database {connection.info.dbname!r} holds what other roles own, and "
        f"{connection.info.user!r} may not drop it; nothing was dropped",
        code="template.not-emptied",
        detail="\n".join(left),
        remedy="drop it as its owner, or name another database",
    )
