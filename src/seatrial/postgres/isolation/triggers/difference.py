"""Putting tables back by what differs: rows that are too many go, and where that is safe, missing ones come.

It is safe to delete from a table that others refer to as long as none of its own rows is missing: then every
row that stays anywhere refers to rows that stay. Where one is missing, an update may have made it so, and
deleting the new version would fail or cascade. Such a table, and all that refer to it, are left to `refill`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.postgres.isolation.triggers import marks
from seatrial.postgres.isolation.triggers.batch import batch
from seatrial.postgres.isolation.triggers.content import unforced
from seatrial.postgres.isolation.triggers.repair import lock, quiet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg

    from seatrial.postgres.isolation.triggers.tables import Relations, Table


def put_back_differences(
    connection: psycopg.Connection[Any], relations: Relations, written: set[int], copies: Mapping[str, str]
) -> set[int]:
    """Put the written tables back, in one transaction and one round trip; the oids of those that need more.

    Args:
        connection: of the owner.
        relations: all tables.
        written: the oids of those that were written to.
        copies: where the rows of a table are kept, by its name.
    """
    tables = children_first([table for table in relations.family(written) if not table.partitioned])
    if tables is None:
        return written
    others = _referring(relations, tables)
    missing: list[tuple[Table, psycopg.Cursor[Any]]] = []
    with batch(connection), connection.transaction():
        lock(connection, [*tables, *others])
        marks.remember(connection, others)
        with quiet(connection, tables), unforced(connection, tables):
            for table in tables:
                copy = copies.get(table.name)
                if copy is None:
                    connection.execute(f"delete from only {table.name}".encode())  # noqa: S608
                elif table.referencing:
                    missing.append((table, connection.execute(_surplus(table, copy, referred=True))))
                else:
                    connection.execute(_surplus(table, copy, referred=False))
                    connection.execute(_insert_missing(table, copy))
            connection.execute("set constraints all immediate")
        marks.clean(connection, relations.family(written))
        marks.clean_but_remembered(connection, others)
    return {table.oid for table, cursor in missing if (cursor.fetchone() or (0,))[0]}


def children_first(tables: Sequence[Table]) -> list[Table] | None:
    """The tables, each after all that refer to it; None where they refer to each other in a ring."""
    waiting = {table.oid: table for table in tables}
    ordered: list[Table] = []
    while waiting:
        free = [
            table for table in waiting.values() if not (set(table.referencing) - {table.oid}) & waiting.keys()
        ]
        if not free:
            return None
        ordered += free
        for table in free:
            del waiting[table.oid]
    return ordered


def _referring(relations: Relations, tables: Sequence[Table]) -> list[Table]:
    """Who else refers to the tables: foreign keys run statements on them, which set their marks."""
    referring = {oid for table in tables for oid in table.referencing} - {table.oid for table in tables}
    return [table for table in relations.tables if table.oid in referring and not table.partitioned]


def _surplus(table: Table, copy: str, *, referred: bool) -> bytes:
    """Delete rows that are not in the copy, or more often than there; gives the number of missing ones."""
    condition = "(select missing from short) = 0 and" if referred else ""
    return f"""
    with kept as materialized (select line, count(*) as times from {copy} group by line),
    present as materialized (
      select place, line, row_number() over (partition by line) as number from (
        select ctid as place, (seatrial_row.*)::text as line from only {table.name} seatrial_row) as lines),
    short as materialized (
      select coalesce((select sum(times) from kept), 0) - (
        select count(*) from present join kept using (line) where number <= times) as missing),
    gone as (
      delete from only {table.name} where {condition} ctid = any(array(
        select place from present left join kept using (line) where number > coalesce(times, 0))))
    select missing from short
    """.encode()  # noqa: S608


def _insert_missing(table: Table, copy: str) -> bytes:
    named = f"({', '.join(table.columns)}) overriding system value" if table.columns else ""
    values = ", ".join(f"(kept.seatrial_row).{column}" for column in table.columns)
    return f"""
    insert into {table.name} {named} select {values} from (
      select line::{table.name} as seatrial_row
      from (select line, row_number() over (partition by line) as number from {copy}) as copied
      left join (select line, count(*) as times from (
          select (seatrial_row.*)::text as line from only {table.name} seatrial_row) as lines
        group by line) as present using (line)
      where number > coalesce(times, 0) offset 0) kept
    """.encode()  # noqa: S608
