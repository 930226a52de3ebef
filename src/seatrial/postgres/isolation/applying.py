"""Writing a difference into another database, or refusing where it does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.difference import SETTINGS

if TYPE_CHECKING:
    import psycopg

    from seatrial.postgres.isolation.difference import Difference, TableChange

_COLUMNS = """
select format('%%I', attname) from pg_catalog.pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum
"""
_PERSISTENT_TRIGGERS = """
select tgname from pg_catalog.pg_trigger
where tgrelid = %s::regclass and tgenabled in ('A', 'R') and not tgisinternal
"""
# One query for each foreign key: a row that refers to nothing. Keys of partitions follow from their table's.
_ORPHANS = """
select k.conname, k.conrelid::regclass::text, format(
  'select 1 from %s as c where %s and not exists (select 1 from %s as p where %s) limit 1',
  case (select relkind from pg_catalog.pg_class where oid = k.conrelid) when 'r' then 'only ' else '' end
    || k.conrelid::regclass,
  string_agg(format('c.%I is not null', mine.attname), ' and '),
  case (select relkind from pg_catalog.pg_class where oid = k.confrelid) when 'r' then 'only ' else '' end
    || k.confrelid::regclass,
  string_agg(
    format('p.%I operator(%I.%s) c.%I', theirs.attname, s.nspname, o.oprname, mine.attname), ' and '))
from pg_catalog.pg_constraint as k
cross join unnest(k.conkey, k.confkey, k.conpfeqop) as part (mine, theirs, operator)
join pg_catalog.pg_attribute as mine on mine.attrelid = k.conrelid and mine.attnum = part.mine
join pg_catalog.pg_attribute as theirs on theirs.attrelid = k.confrelid and theirs.attnum = part.theirs
join pg_catalog.pg_operator as o on o.oid = part.operator
join pg_catalog.pg_namespace as s on s.oid = o.oprnamespace
where k.contype = 'f' and k.conparentid = 0 and k.convalidated
  and coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
group by k.oid, k.conname, k.conrelid, k.confrelid
"""


def apply(difference: Difference, connection: psycopg.Connection[Any]) -> None:
    """Write a difference into a database; all of it or nothing.

    No trigger fires: what triggers wrote is a part of the difference.

    Args:
        difference: what `between` found.
        connection: an autocommit connection of a superuser; its settings are changed.

    Raises:
        IsolationError: a row to be removed is not there, a row refers to one that is not there, or a
            constraint forbids a row.
    """
    import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

    connection.execute(SETTINGS)
    try:
        with connection.transaction():
            connection.execute("set local session_replication_role = replica")
            for change in difference.tables:
                _require_quiet_triggers(connection, change.table)
                _remove(connection, change)
            for change in difference.tables:
                _add(connection, change)
            _require_no_orphans(connection)
            for view in difference.views:
                connection.execute(f"refresh materialized view {view}".encode())
        for each in difference.sequences:
            connection.execute("select setval(%s, %s, %s)", [each.sequence, each.last_value, each.is_called])
    except psycopg.Error as error:
        raise _does_not_fit(str(error).strip()) from error


def _remove(connection: psycopg.Connection[Any], change: TableChange) -> None:
    if not change.removed:
        return
    statement = f"""
        with wanted as (select line, count(*) as number from unnest(%s::text[]) as line group by line),
        found as (
          select q.ctid as place, (q.*)::text as line, row_number() over (partition by (q.*)::text) as number
          from only {change.table} as q)
        delete from only {change.table} as r using found, wanted
        where r.ctid = found.place and found.line = wanted.line and found.number <= wanted.number
    """  # noqa: S608 (quoted)
    removed = connection.execute(statement.encode(), [list(change.removed)]).rowcount
    if removed != len(change.removed):
        raise _does_not_fit(
            f"rows of {change.table} were changed or removed that are not there without the other"
        )


def _add(connection: psycopg.Connection[Any], change: TableChange) -> None:
    columns = [str(name) for (name,) in connection.execute(_COLUMNS, [change.table]).fetchall()]
    if not change.added:
        return
    if not columns:
        raise _does_not_fit(f"{change.table} has no column that can be written")
    statement = f"""
        insert into {change.table} ({", ".join(columns)}) overriding system value
        select {", ".join(f"(v.whole).{name}" for name in columns)}
        from (select line::{change.table} as whole from unnest(%s::text[]) as line) as v
    """  # noqa: S608 (quoted)
    connection.execute(statement.encode(), [list(change.added)])


def _require_quiet_triggers(connection: psycopg.Connection[Any], table: str) -> None:
    for (name,) in connection.execute(_PERSISTENT_TRIGGERS, [table]).fetchall():
        raise _does_not_fit(f"the trigger {name!r} of {table} fires always")


def _require_no_orphans(connection: psycopg.Connection[Any]) -> None:
    for key, table, query in connection.execute(_ORPHANS).fetchall():
        if connection.execute(query.encode()).fetchone():
            raise _does_not_fit(f"rows of {table} refer to rows that would be gone (foreign key {key!r})")


def _does_not_fit(reason: str) -> IsolationError:
    return IsolationError(reason, code="isolation.does-not-fit", remedy="make rows that stand by themselves")
