"""One number for everything DDL can change, so that a change of it is never overlooked.

Event triggers would need a superuser. So the system catalogues are compared: most rows by the transaction
that wrote them, those that TRUNCATE, VACUUM or our own repair rewrite by what they say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.postgres.isolation.triggers.names import FUNCTION, SCHEMA

if TYPE_CHECKING:
    import psycopg

_BY_WRITER = (
    ("pg_proc", "pronamespace"),
    ("pg_type", "typnamespace"),
    ("pg_operator", "oprnamespace"),
    ("pg_opclass", "opcnamespace"),
    ("pg_opfamily", "opfnamespace"),
    ("pg_collation", "collnamespace"),
    ("pg_conversion", "connamespace"),
    ("pg_constraint", "connamespace"),
    ("pg_statistic_ext", "stxnamespace"),
    ("pg_ts_config", "cfgnamespace"),
    ("pg_ts_dict", "dictnamespace"),
    ("pg_ts_parser", "prsnamespace"),
    ("pg_ts_template", "tmplnamespace"),
)
_OF_RELATIONS = (
    ("pg_attribute", "attrelid", "attnum"),
    ("pg_attrdef", "adrelid", "adnum"),
    ("pg_index", "indrelid", "indexrelid"),
    ("pg_inherits", "inhrelid", "inhparent"),
    ("pg_partitioned_table", "partrelid", "partnatts"),
    ("pg_policy", "polrelid", "oid"),
    ("pg_sequence", "seqrelid", "seqtypid"),
)
_ANYWHERE = (
    "pg_am",
    "pg_cast",
    "pg_default_acl",
    "pg_enum",
    "pg_event_trigger",
    "pg_extension",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_language",
    "pg_publication",
    "pg_transform",
)
_FIRST_USER_OID = 16384

_PARTS = [
    """
    select 'pg_class', concat_ws(' ', oid, relname, relnamespace, reltype, reloftype, relowner, relam,
        reltablespace, relpersistence, relkind, relchecks, relrowsecurity, relforcerowsecurity, relreplident,
        relispartition, relacl, reloptions, relpartbound)
    from relations
    """,
    f"""
    select 'pg_trigger', concat_ws(' ', oid, tgrelid, tgname, tgfoid, tgtype, tgenabled, tgconstraint,
        tgdeferrable, tginitdeferred, tgattr, encode(tgargs, 'hex'), tgqual, tgoldtable, tgnewtable)
    from pg_trigger where tgrelid in (select oid from relations)
      and (%(ours)s or tgfoid is distinct from to_regproc('{FUNCTION}')::oid)
    """,  # noqa: S608
    """
    select 'pg_rewrite', concat_ws(' ', oid, ev_class, rulename, ev_type, ev_enabled, is_instead,
        case when rulename = '_RETURN' then xmin::text
        else concat(md5(ev_qual::text), md5(ev_action::text)) end)
    from pg_rewrite where ev_class in (select oid from relations)
    """,
    """
    select 'pg_depend', concat_ws(' ', objid, objsubid, refclassid, refobjid, refobjsubid, deptype)
    from pg_depend where classid = 'pg_class'::regclass and objid in (select oid from relations)
      and deptype in ('a', 'i', 'e', 'x')
    """,
    f"""
    select 'pg_description', concat_ws(' ', classoid, objoid, objsubid, md5(description))
    from pg_description where objoid >= {_FIRST_USER_OID} and objoid in (select oid from relations)
    """,  # noqa: S608
    """
    select 'pg_namespace', concat_ws(' ', oid, xmin) from pg_namespace
    where oid in (select oid from schemas)
    """,
    """
    select 'pg_largeobject', concat_ws(' ', oid, lomacl, md5(lo_get(oid))) from pg_largeobject_metadata
    where pg_has_role(lomowner, 'USAGE')
    """,
    *(
        f"select '{table}', concat_ws(' ', oid, xmin) from {table} "  # noqa: S608
        f"where oid >= {_FIRST_USER_OID} and {schema} in (select oid from schemas)"
        for table, schema in _BY_WRITER
    ),
    *(
        f"select '{table}', concat_ws(' ', {relation}, {part}, xmin) from {table} "  # noqa: S608
        f"where {relation} >= {_FIRST_USER_OID} and {relation} in (select oid from relations)"
        for table, relation, part in _OF_RELATIONS
    ),
    *(
        f"select '{table}', concat_ws(' ', oid, xmin) from {table} where oid >= {_FIRST_USER_OID}"  # noqa: S608
        for table in _ANYWHERE
    ),
]

# Temporary tables of sessions that live on are nobody's change: their schemas begin with pg_.
_DIGEST = f"""
with schemas as materialized (
  select oid from pg_namespace
  where nspname !~ '^pg_' and nspname not in ('information_schema', '{SCHEMA}')
), relations as materialized (
  select * from pg_class where relnamespace in (select oid from schemas)
), items (kind, item) as ({" union all ".join(_PARTS)})
select concat_ws(' ', count(*), sum(hashtextextended(kind || ' ' || item, 0))) from items
"""  # noqa: S608 - put together from constants


def ask_digest(connection: psycopg.Connection[Any], *, ours: bool) -> psycopg.Cursor[Any]:
    """Ask for the digest; the answer is the first column of the only row."""
    return connection.execute(_DIGEST.encode(), {"ours": ours}, prepare=True)


def digest(connection: psycopg.Connection[Any], *, ours: bool) -> str:
    """A text that stays equal until DDL, or something like it, changes the user's schemas.

    Args:
        connection: of the owner of the tables.
        ours: whether our own triggers on the tables count, too.
    """
    row = ask_digest(connection, ours=ours).fetchone()
    return str(row[0]) if row else ""
