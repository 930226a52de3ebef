"""What a database file holds: its tables, their declared types, its revision, its broken references."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from seatrial.postgres.sql import identifier
from seatrial.sqlite.types import is_postgres_type

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

_VERSION_COLUMNS = ["version_num"]
_TABLES = "select name from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\'"


class BrokenReference(NamedTuple):
    """A row whose foreign key leads nowhere."""

    table: str
    row: int | None
    """Its rowid; None in a table without."""
    parent: str

    def describe(self) -> str:
        """The row and the table it misses its parent in."""
        row = f"row {self.row}" if self.row is not None else "a row"
        return f"{row} of {self.table} refers to no row of {self.parent}"


def tables(connection: sqlite3.Connection) -> list[str]:
    """The project's own tables: Alembic's is not one of them."""
    found = (str(name) for (name,) in connection.execute(_TABLES).fetchall())
    return [name for name in found if _column_names(connection, name) != _VERSION_COLUMNS]


def revisions(connection: sqlite3.Connection) -> set[str]:
    """What Alembic's table says, whatever env.py calls it."""
    found = [str(name) for (name,) in connection.execute(_TABLES).fetchall()]
    return {
        str(revision)
        for name in found
        if _column_names(connection, name) == _VERSION_COLUMNS
        for (revision,) in connection.execute(f"select version_num from {identifier(name)}").fetchall()  # noqa: S608
    }


def postgres_columns(connection: sqlite3.Connection) -> list[str]:
    """Columns declared with a type of PostgreSQL's own, as `table.column: TYPE`."""
    return [
        f"{table}.{column}: {declared}"
        for table in tables(connection)
        for column, declared in _columns(connection, table)
        if is_postgres_type(declared)
    ]


def broken_references(connection: sqlite3.Connection) -> set[BrokenReference]:
    """Every row that violates a foreign key; SQLite tells also of those written while it did not look."""
    found = connection.execute("PRAGMA foreign_key_check").fetchall()
    return {BrokenReference(table, row, parent) for table, row, parent, _ in found}


def described(broken: Iterable[BrokenReference], *, most: int = 10) -> str:
    """The first of them, a line each."""
    lines = sorted(f"  {reference.describe()}" for reference in broken)
    more = [f"  and {len(lines) - most} more"] if len(lines) > most else []
    return "\n".join(lines[:most] + more)


def _columns(connection: sqlite3.Connection, table: str) -> list[tuple[str, str]]:
    found = connection.execute(f"PRAGMA table_xinfo({identifier(table)})").fetchall()
    return [(str(name), str(declared)) for _, name, declared, *_ in found]


def _column_names(connection: sqlite3.Connection, table: str) -> list[str]:
    return [name for name, _ in _columns(connection, table)]
