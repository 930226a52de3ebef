"""Which tables were written to: a statement trigger on each sets a mark.

The mark is a sequence with two values. Setting it takes no lock that another writer would wait for, survives
the writer's rollback, which is harmless, and leaves `lastval()` alone, as `nextval` would not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.postgres.isolation.triggers.names import FUNCTION, ROWS, SCHEMA, TRIGGER, mark_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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


def written(connection: psycopg.Connection[Any], tables: Iterable[Table]) -> set[int]:
    """The tables, by oid, that a statement changed since their marks were cleaned."""
    marks = {mark_of(table.oid): table.oid for table in tables}
    rows = connection.execute(
        "select name from unnest(%s::text[]) name where pg_sequence_last_value(name::regclass) = %s",
        [list(marks), _WRITTEN],
    ).fetchall()
    return {marks[name] for (name,) in rows}


def clean(connection: psycopg.Connection[Any], tables: Sequence[Table]) -> None:
    """Take the marks away; safe only while nobody else can write to these tables."""
    connection.execute(
        "select setval(name::regclass, %s) from unnest(%s::text[]) name",
        [_CLEAN, [mark_of(table.oid) for table in tables]],
    )
