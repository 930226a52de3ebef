"""Which tables were written to: a statement trigger on each sets a mark.

The mark is a sequence with two values. Setting it takes no lock that another writer would wait for, survives
the writer's rollback, which is harmless, and leaves `lastval()` alone, as `nextval` would not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.postgres.isolation.triggers.names import FUNCTION, ROWS, SCHEMA, TRIGGER, mark_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

    from seatrial.postgres.isolation.triggers.tables import Table

_CLEAN, _WRITTEN = 1, 2

# The owner's rights let a role write that has none in our schema; the pinned path keeps its objects out.
_FUNCTIONS = f"""
create schema if not exists {SCHEMA};
create or replace function {FUNCTION}() returns trigger language plpgsql
security definer set search_path = pg_catalog, pg_temp as $body$
begin
  perform setval(('{SCHEMA}.written_' || tg_relid)::regclass, {_WRITTEN});
  return null;
end $body$;
create or replace function {ROWS}(relation text) returns setof text language plpgsql
set search_path = pg_catalog, pg_temp as $body$
begin
  return query execute 'select (seatrial_row.*)::text from only ' || relation || ' seatrial_row';
end $body$;
"""  # noqa: S608
_IS_MARKED = f"pg_sequence_last_value(to_regclass('{SCHEMA}.written_' || oid)) = %s"
_REMAINS = f"""
select c.relkind::text, format(case c.relkind when 'S' then 'drop sequence if exists %s'
                               else 'drop materialized view if exists %s' end, c.oid::regclass)
from pg_class c where c.relnamespace = to_regnamespace('{SCHEMA}') and c.relkind in ('S', 'm')
"""  # noqa: S608


def clear(connection: psycopg.Connection[Any], *, copies: bool) -> None:
    """Remove the triggers and marks of before; the copies of earlier baselines too, if asked."""
    if connection.execute("select to_regnamespace(%s)", [SCHEMA]).fetchone() == (None,):
        return
    connection.execute(f"drop function if exists {FUNCTION}() cascade".encode())
    for kind, statement in connection.execute(_REMAINS.encode()).fetchall():
        if copies or kind == "S":
            connection.execute(statement.encode())


def install(connection: psycopg.Connection[Any], tables: Iterable[Table]) -> None:
    """Put a trigger and a mark on every table."""
    statements = (
        f"create sequence {mark_of(table.oid)};"
        f"select pg_catalog.setval('{mark_of(table.oid)}', {_CLEAN});"
        f"create trigger {TRIGGER} after insert or update or delete or truncate on {table.name} "
        f"for each statement execute function {FUNCTION}();"
        # ALWAYS: also for a session that plays a replica.
        f"alter table {table.name} enable always trigger {TRIGGER};"
        for table in tables
    )
    connection.execute("".join([_FUNCTIONS, *statements]).encode())


def ask_written(connection: psycopg.Connection[Any], tables: Iterable[Table]) -> psycopg.Cursor[Any]:
    """Ask for the oids of the tables that a statement changed since their marks were cleaned."""
    return connection.execute(
        f"select oid from unnest(%s::int8[]) oid where {_IS_MARKED}".encode(),  # noqa: S608
        [[table.oid for table in tables], _WRITTEN],
        prepare=True,
    )


def written(connection: psycopg.Connection[Any], tables: Iterable[Table]) -> set[int]:
    """The oids of those tables."""
    return {oid for (oid,) in ask_written(connection, tables).fetchall()}


def clean(connection: psycopg.Connection[Any], tables: Iterable[Table]) -> None:
    """Take the marks away; safe only while nobody else can write to these tables."""
    connection.execute(
        f"select setval(('{SCHEMA}.written_' || oid)::regclass, %s) "  # noqa: S608
        "from unnest(%s::int8[]) oid".encode(),
        [_CLEAN, [table.oid for table in tables]],
    )


def remember(connection: psycopg.Connection[Any], tables: Iterable[Table]) -> None:
    """Keep in this transaction which of the tables are marked now, for `clean_but_remembered`."""
    connection.execute(
        "select set_config('seatrial.marked', coalesce((select string_agg(oid::text, ' ') "  # noqa: S608
        f"from unnest(%s::int8[]) oid where {_IS_MARKED}), ''), true)".encode(),
        [[table.oid for table in tables], _WRITTEN],
    )


def clean_but_remembered(connection: psycopg.Connection[Any], tables: Iterable[Table]) -> None:
    """Take those marks away that were set since `remember`: by us, who hold the tables' locks."""
    connection.execute(
        f"select setval(('{SCHEMA}.written_' || oid)::regclass, %s) from unnest(%s::int8[]) oid "  # noqa: S608
        "where oid::text <> all(string_to_array(current_setting('seatrial.marked'), ' '))".encode(),
        [_CLEAN, [table.oid for table in tables]],
    )
