"""Rows for an audit trail that has none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seatrial.checks.audit import functions
from seatrial.checks.making.planting import plant
from seatrial.checks.making.tables import read_tables

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import psycopg

    from seatrial.checks.audit.trails import Trail
    from seatrial.checks.finding import Finding
    from seatrial.checks.ground import Ground, Scratch
    from seatrial.checks.making.tables import Table


def oversee(ground: Ground, scratch: Scratch) -> psycopg.Connection[Any]:
    """A connection that sees every row: a superuser's, or the owner's where there is none."""
    return scratch.connect(login="admin" if ground.cluster.superuser else "owner")


def see_all(ground: Ground, admin: psycopg.Connection[Any], table: Table) -> None:
    """Let policies not hold for the owner, if it is the one who oversees; they hold for others as before."""
    if not ground.cluster.superuser:
        admin.execute(f"alter table {table.quoted} no force row level security".encode())


def append_rows(ground: Ground, scratch: Scratch, trail: Trail, *, count: int) -> Iterator[Finding]:
    """Append by what the settings name; nothing where they name nothing.

    Raises:
        CheckError: it cannot be called.
    """
    named = trail.settings.append
    if named is None:
        return
    (errors,) = functions.run(ground, scratch, [functions.append(named, range(1, count + 1))])
    if errors:
        yield functions.raised(trail, errors, of=count)


def plant_rows(admin: psycopg.Connection[Any], trail: Trail, *, leave_out: Collection[int] = ()) -> str:
    """Make three rows, and some in the empty tables they may refer to; why that is impossible, or nothing.

    Args:
        admin: commits every statement.
        trail: where.
        leave_out: the numbers of columns that the database fills.
    """
    tables = [
        _without(table, leave_out) if table.oid == trail.table.oid else table for table in read_tables(admin)
    ]
    only = {table.name for table in tables if not count_rows(admin, table)} | {trail.table.name}
    return plant(admin, tables, only=only).get(trail.table.name, "")


def count_rows(connection: psycopg.Connection[Any], table: Table) -> int:
    """How many rows a table has, for somebody who sees them all."""
    row = connection.execute(f"select count(*) from {table.quoted}".encode()).fetchone()  # noqa: S608 - quoted
    return int(row[0]) if row else 0


def _without(table: Table, numbers: Collection[int]) -> Table:
    return replace(
        table,
        columns=tuple(column for column in table.columns if column.number not in numbers),
        constraints=tuple(key for key in table.constraints if not set(key.columns) & set(numbers)),
    )
