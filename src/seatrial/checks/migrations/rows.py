"""Rows in a database that is being migrated: made, remembered, and looked for afterwards."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.checks.making.planting import plant
from seatrial.checks.making.tables import read_tables
from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from seatrial.checks.making.tables import Table

_CHANGES_ROWS = re.compile(r"\b(update|delete|truncate|merge|insert)\b", re.IGNORECASE)
_HIDDEN = re.compile(r"^\W*(do|call|select)\b", re.IGNORECASE)
"""Statements behind which a function may change any table."""


@dataclass(frozen=True)
class _Content:
    """What a table holds: for each column its type and how often each value is there, as digests."""

    rows: int
    columns: dict[str, tuple[str, Counter[str]]]


class Rows:
    """Rows of all tables of a database.

    Args:
        admin: a connection that commits every statement and sees every row.
    """

    def __init__(self, admin: psycopg.Connection[Any]) -> None:
        self._admin = admin
        self._seen: dict[str, _Content] = {}

    def plant(self) -> dict[str, str]:
        """Make rows in the tables that have none, and remember all there are.

        Returns:
            The tables for which none could be made, and why.
        """
        tables = read_tables(self._admin)
        empty = {table.name for table in tables if not _content(self._admin, table).rows}
        failed = plant(self._admin, tables, only=empty)
        self.look()
        return failed

    def look(self) -> None:
        """Remember all rows there are."""
        self._seen = {table.name: _content(self._admin, table) for table in read_tables(self._admin)}

    def tables(self) -> list[str]:
        """The tables in which there are rows."""
        return sorted(name for name, content in self._seen.items() if content.rows)

    def touched(self) -> list[str]:
        """The tables that hold something else than what is remembered."""
        return [
            table.name
            for table in read_tables(self._admin)
            if self._seen.get(table.name) != _content(self._admin, table)
        ]

    def compared(self, statements: Sequence[str]) -> list[dict[str, str]]:
        """What became of the remembered rows, in tables and columns that are still there under their names.

        Args:
            statements: what was executed since; a change by one that names its table is taken to be meant.

        Returns:
            For each table or column `where` and `what`.
        """
        found: list[dict[str, str]] = []
        for table in read_tables(self._admin):
            before = self._seen.get(table.name)
            if before is not None and not _is_meant(table, statements):
                found += _lost(table, before, _content(self._admin, table))
        return found


def _is_meant(table: Table, statements: Sequence[str]) -> bool:
    name = re.compile(rf"\b{re.escape(table.relation)}\b")
    return any(
        _HIDDEN.match(text) or (_CHANGES_ROWS.search(text) and name.search(text)) for text in statements
    )


def _lost(table: Table, before: _Content, now: _Content) -> list[dict[str, str]]:
    if now.rows < before.rows:
        return [{"where": table.name, "what": f"{before.rows - now.rows} of {before.rows} rows are gone"}]
    found = []
    for column, (kind, values) in before.columns.items():
        there = now.columns.get(column)
        if there is None or there[0] != kind:
            continue  # dropped or changed on purpose: the schema says so
        if missing := (values - there[1]).total():
            what = f"{missing} of {before.rows} values are not what they were"
            found.append({"where": f"{table.name}.{column}", "what": what})
    return found


def _content(admin: psycopg.Connection[Any], table: Table) -> _Content:
    columns = [column for column in table.columns if not column.is_generated]
    digests = ", ".join(f"md5(coalesce({identifier(column.name)}::text, 'null'))" for column in columns)
    statement = f"select {digests or 'null'} from {table.quoted}"  # noqa: S608 - quoted names of the catalogue
    rows = admin.execute(statement.encode()).fetchall()
    return _Content(
        rows=len(rows),
        columns={
            column.name: (column.type, Counter(row[position] for row in rows))
            for position, column in enumerate(columns)
        },
    )
