"""What happens within one transaction: tables made, copied before their first change, and dropped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from seatrial.fakes.databricks.sql.types import double_quoted

if TYPE_CHECKING:
    from seatrial.fakes.databricks.sql.catalogue import Catalogue, Table
    from seatrial.fakes.databricks.sql.names import TableName


class Numbered(Protocol):
    """What a transaction needs to know of the store."""

    catalogue: Catalogue

    def next(self) -> int:
        """A number that nothing has yet."""


class Work:
    """One transaction.

    Attributes:
        cursor: the connection that it is on.
        catalogue: as it will be when it ends.
        made: the relations that it has made.
    """

    def __init__(self, store: Numbered, cursor: Any, own: frozenset[str]) -> None:
        self._store = store
        self._own = own
        self.cursor = cursor
        self.catalogue = store.catalogue
        self.made: set[str] = set()

    def version(self) -> int:
        """A version for a catalogue that is about to change."""
        return self._store.next()

    def new_table(self, table: Table) -> Table:
        """Make an empty relation for a table, and the table in place of what its name meant."""
        relation = f"r{self._store.next()}"
        made = replace(table, relation=relation)
        self.cursor.execute(definition(made))
        self.made.add(relation)
        self.catalogue = self.catalogue.with_relation(made, self.version())
        return made

    def writable(self, table: Table) -> Table:
        """The same table in a relation that may be changed: the first time after a snapshot, a copy."""
        if table.relation in self._own or table.relation in self.made:
            return table
        copy = self.new_table(table)
        self.cursor.execute(
            f"INSERT INTO {double_quoted(copy.relation)} SELECT * FROM {double_quoted(table.relation)}"
        )
        return copy

    def drop(self, name: TableName) -> None:
        """Take a table or view away; its relation goes once nothing needs it."""
        self.catalogue = self.catalogue.without_relation(name, self.version())


def definition(table: Table) -> str:
    """The statement that makes a table's relation in duckdb."""
    lines = [
        f"{column.identifier} {column.stored}{'' if column.nullable else ' NOT NULL'}"
        for column in table.columns
    ]
    lines += [f"CHECK ({check})" for check in table.checks]
    return f"CREATE TABLE {double_quoted(table.relation)} ({', '.join(lines)})"
