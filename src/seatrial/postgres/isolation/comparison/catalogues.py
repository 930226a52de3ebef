# ruff: noqa: S608 - statements made of our own constants
"""The catalogue as sources: every table of pg_catalog, without what changes while nothing does.

Rows are compared as they are, object identifiers included. A reset and a copy of the files both keep those,
and drivers remember the identifiers of types: an object that was dropped and made again is another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.postgres.isolation.comparison.sources import Source
from seatrial.postgres.sql import OWN_SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

_SKIPPED = {
    # Statistics are no content; ANALYZE is no change.
    "pg_statistic",
    "pg_statistic_ext_data",
    "pg_subscription_rel",
    # Compared as large objects, with regard to rights.
    "pg_largeobject",
    "pg_largeobject_metadata",
}
_CHANGING = {
    # The storage and its size; what VACUUM notes; hints that are set early and taken back late.
    "pg_class": [
        "relfilenode",
        "relpages",
        "reltuples",
        "relallvisible",
        "relallfrozen",
        "relfrozenxid",
        "relminmxid",
        "reltoastrelid",
        "relrewrite",
        "relhasindex",
        "relhasrules",
        "relhastriggers",
        "relhassubclass",
    ],
    "pg_index": ["indcheckxmin"],
    # A default value that rows written before the column lack: a rewrite of the table puts it into them.
    "pg_attribute": ["atthasmissing", "attmissingval"],
}
_SCHEMAS = f"(select oid from pg_namespace where nspname in {OWN_SCHEMAS} or nspname ~ '^pg_(toast|temp)')"
_RELATIONS = f"(select oid from pg_class where relnamespace in {_SCHEMAS})"
_FUNCTIONS = f"(select oid from pg_proc where pronamespace in {_SCHEMAS})"
_TYPES = f"(select oid from pg_type where typnamespace in {_SCHEMAS})"
_OBJECTS = (
    f"(select 'pg_class'::regclass::oid, oid from pg_class where relnamespace in {_SCHEMAS} "
    f"union all select 'pg_proc'::regclass, oid from pg_proc where pronamespace in {_SCHEMAS} "
    f"union all select 'pg_type'::regclass, oid from pg_type where typnamespace in {_SCHEMAS} "
    f"union all select 'pg_namespace'::regclass, n from {_SCHEMAS} as s (n))"
)
_SHOWN = {
    "pg_namespace": f"r.nspname not in {OWN_SCHEMAS} and r.nspname !~ '^pg_(toast_)?temp_'",
    "pg_class": f"r.relnamespace not in {_SCHEMAS}",
    "pg_constraint": f"r.connamespace not in {_SCHEMAS}",
    "pg_default_acl": f"r.defaclnamespace not in {_SCHEMAS}",
    "pg_statistic_ext": f"r.stxnamespace not in {_SCHEMAS}",
    "pg_proc": f"r.pronamespace not in {_SCHEMAS}",
    "pg_type": f"r.typnamespace not in {_SCHEMAS}",
    "pg_attribute": f"r.attrelid not in {_RELATIONS}",
    "pg_attrdef": f"r.adrelid not in {_RELATIONS}",
    "pg_index": f"r.indrelid not in {_RELATIONS}",
    "pg_inherits": f"r.inhrelid not in {_RELATIONS}",
    "pg_partitioned_table": f"r.partrelid not in {_RELATIONS}",
    "pg_policy": f"r.polrelid not in {_RELATIONS}",
    "pg_rewrite": f"r.ev_class not in {_RELATIONS}",
    "pg_sequence": f"r.seqrelid not in {_RELATIONS}",
    # An engine's triggers stand on the tables of others; what they call is its own.
    "pg_trigger": f"r.tgrelid not in {_RELATIONS} and r.tgfoid not in {_FUNCTIONS}",
    "pg_event_trigger": f"r.evtfoid not in {_FUNCTIONS}",
    "pg_enum": f"r.enumtypid not in {_TYPES}",
    "pg_range": f"r.rngtypid not in {_TYPES}",
    "pg_description": f"(r.classoid, r.objoid) not in {_OBJECTS}",
    "pg_init_privs": f"(r.classoid, r.objoid) not in {_OBJECTS}",
    # Most dependencies follow from other catalogues. Membership of extensions and owned sequences do not.
    "pg_depend": f"(r.classid, r.objid) not in {_OBJECTS} and (r.deptype in ('e', 'x') or r.deptype in "
    "('a', 'i') and r.classid = 'pg_class'::regclass and r.objid in (select seqrelid from pg_sequence))",
}
_DESCRIBED = {
    "pg_aggregate": "'pg_proc'::regclass, r.aggfnoid, 0",
    "pg_attribute": "'pg_class'::regclass, r.attrelid, r.attnum",
    "pg_depend": "r.classid, r.objid, r.objsubid",
    "pg_description": "r.classoid, r.objoid, r.objsubid",
    "pg_enum": "'pg_type'::regclass, r.enumtypid, 0",
    "pg_foreign_table": "'pg_class'::regclass, r.ftrelid, 0",
    "pg_index": "'pg_class'::regclass, r.indexrelid, 0",
    "pg_inherits": "'pg_class'::regclass, r.inhrelid, 0",
    "pg_init_privs": "r.classoid, r.objoid, r.objsubid",
    "pg_partitioned_table": "'pg_class'::regclass, r.partrelid, 0",
    "pg_range": "'pg_type'::regclass, r.rngtypid, 0",
    "pg_seclabel": "r.classoid, r.objoid, r.objsubid",
    "pg_sequence": "'pg_class'::regclass, r.seqrelid, 0",
    "pg_ts_config_map": "'pg_ts_config'::regclass, r.mapcfg, 0",
}
_COLUMNS = """
select c.relname, array_agg(a.attname order by a.attnum)
from pg_catalog.pg_class as c join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0
where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r' and not c.relisshared
group by c.relname order by c.relname
"""
# What others than superusers are shown of it.
_MAPPINGS = Source(label="catalogue pg_user_mapping", relation="pg_catalog.pg_user_mappings")
_FIRST_OWN = 16384
"""The server itself gives smaller numbers to its objects."""
_known: dict[tuple[int, bool, bool], list[Source]] = {}


def catalogue_sources(
    connection: psycopg.Connection[Any], *, all_readable: bool, built_in: bool
) -> list[Source]:
    """One source for each table of the catalogue; asks the server once for each of its versions.

    Args:
        connection: to any database of the server.
        all_readable: whether the role is a superuser; others may not read how foreign servers log in.
        built_in: whether the objects that every database has count, beside the schemas.
    """
    key = (connection.info.server_version, all_readable, built_in)
    if key not in _known:
        tables = connection.execute(_COLUMNS).fetchall()
        _known[key] = [
            _MAPPINGS
            if name == "pg_user_mapping" and not all_readable
            else _source(name, columns, built_in=built_in)
            for name, columns in tables
            if name not in _SKIPPED
        ]
    return _known[key]


def _source(name: str, columns: Sequence[str], *, built_in: bool) -> Source:
    changing = _CHANGING.get(name, ())
    kept = [column for column in columns if column not in changing]
    line = "(r.*)::text" if kept == list(columns) else f"row({', '.join('r.' + c for c in kept)})::text"
    arguments = _DESCRIBED.get(name) or (f"'{name}'::regclass, r.oid, 0" if "oid" in columns else None)
    where = _SHOWN.get(name, "true")
    if arguments and not built_in and name != "pg_namespace":
        _, number, _ = arguments.split(", ")
        where = f"{number} >= {_FIRST_OWN} and {where}"
    return Source(
        label=f"catalogue {name}",
        relation=f"pg_catalog.{name}",
        line=line,
        what=f"pg_catalog.pg_describe_object({arguments})" if arguments else "null",
        where=where,
    )
