"""The data of one workspace, and the statements that run on it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from seatrial.fakes.databricks.sql import loading
from seatrial.fakes.databricks.sql.catalogue import Catalogue, Schema, Table
from seatrial.fakes.databricks.sql.errors import load
from seatrial.fakes.databricks.sql.names import TableName, folded
from seatrial.fakes.databricks.sql.store import Store, missing
from seatrial.fakes.databricks.sql.types import declared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from seatrial.fakes.databricks.sql.given import Given
    from seatrial.fakes.databricks.sql.names import Access
    from seatrial.fakes.databricks.sql.results import Result
    from seatrial.fakes.databricks.sql.types import Column
    from seatrial.fakes.databricks.sql.writing import Work

MEMORY = "1GB"


class SqlEngine:
    """One workspace's tables in one duckdb database in memory. Safe to use from any thread.

    Statements read what was there when they began, and nothing makes them wait. Those that write wait for one
    another.

    Args:
        catalog: what names without a catalog mean where a statement is not given one.
        schema: the same for schemas.
        memory: the most that duckdb may take, such as `1GB`.

    Raises:
        FakeError: the extra `databricks-sql` is not installed.
    """

    def __init__(self, *, catalog: str = "main", schema: str = "default", memory: str = MEMORY) -> None:
        load("sqlglot")
        self._store = Store(load("duckdb"), memory=memory)
        self._default = (catalog, schema)
        self._cache: dict[Any, Any] = {}
        self._cache_lock = threading.Lock()

    @property
    def catalogue(self) -> Catalogue:
        """What there is at this moment, as a value."""
        return self._store.catalogue

    def create_catalog(self, name: str) -> None:
        """Make a catalog with its schema `default`; nothing, if there is one."""
        with self._store.writing() as work:
            if not work.catalogue.has_catalog(name):
                work.catalogue = work.catalogue.with_catalog(name, work.version())

    def create_schema(self, catalog: str, name: str) -> None:
        """Make a schema, and its catalog with it; nothing, if there is one."""
        self.create_catalog(catalog)
        with self._store.writing() as work:
            if not work.catalogue.has_schema(catalog, name):
                work.catalogue = work.catalogue.with_schema(catalog, name, Schema(), work.version())

    def create_table(
        self,
        name: TableName,
        columns: Mapping[str, str] | None = None,
        rows: Iterable[Sequence[Any] | Mapping[str, Any]] = (),
        *,
        file: Path | None = None,
        comment: str | None = None,
    ) -> None:
        """Make a table in place of what the name meant, and its schema where there is none.

        Args:
            name: its name.
            columns: the type of each, as Databricks writes it, `NOT NULL` behind it included. None: those
                that the file has.
            rows: tuples in the order of the columns, or mappings by their names.
            file: a file of CSV (with a head), JSON or Parquet, by its suffix.
            comment: what to say about it.

        Raises:
            FakeError: a type, a row or the file is not what it should be.
        """
        self.create_schema(name.catalog, name.schema)
        given = loading.read(file) if file is not None else None
        if columns is not None:
            made = tuple(declared(text, name=column) for column, text in columns.items())
        else:
            made = loading.inferred(given, name)
        with self._store.writing() as work:
            table = work.new_table(Table(name=name, columns=made, relation="", comment=comment))
            self._load(work, table, [*(given.rows() if given is not None else ()), *rows])

    def add_rows(self, name: TableName, rows: Iterable[Sequence[Any] | Mapping[str, Any]]) -> None:
        """Append rows to a table.

        Raises:
            FakeError: there is no such table, or a row does not fit it.
        """
        with self._store.writing() as work:
            self._load(work, work.writable(self._table(name)), list(rows))

    def _load(self, work: Work, table: Table, rows: list[Any]) -> None:
        loading.insert(work.cursor, table, rows)

    def drop_table(self, name: TableName) -> None:
        """Take a table or view away; nothing, if there is none."""
        with self._store.writing() as work:
            if work.catalogue.find(name) is not None:
                work.drop(name)

    def drop_schema(self, catalog: str, name: str) -> None:
        """Take a schema away, and everything in it; nothing, if there is none."""
        with self._store.writing() as work:
            if folded(name) in work.catalogue.catalogs.get(folded(catalog), {}):
                work.catalogue = work.catalogue.without_schema(catalog, name, work.version())

    def drop_catalog(self, name: str) -> None:
        """Take a catalog away, and everything in it; nothing, if there is none."""
        with self._store.writing() as work:
            work.catalogue = work.catalogue.without_catalog(name, work.version())

    def columns(self, name: TableName) -> tuple[Column, ...]:
        """The columns of a table or view.

        Raises:
            FakeError: there is none of this name.
        """
        found = self.catalogue.find(name)
        if found is None:
            raise missing(name, self.catalogue)
        return found.columns

    def rows(self, name: TableName) -> list[tuple[Any, ...]]:
        """The rows of a table as Python's values, in no promised order.

        Raises:
            FakeError: there is no table of this name.
        """
        return self._store.rows(self._table(name))

    def _table(self, name: TableName) -> Table:
        found = self.catalogue.find(name)
        if not isinstance(found, Table):
            raise missing(name, self.catalogue)
        return found

    def execute(
        self,
        statement: str,
        *,
        user: str,
        parameters: Sequence[Given] = (),
        catalog: str | None = None,
        schema: str | None = None,
        allowed: Callable[[Access], None] | None = None,
        sees: Callable[[Access], bool] | None = None,
        row_limit: int | None = None,
        key: str | None = None,
    ) -> Result:
        """Run one statement.

        Args:
            statement: in the SQL of Databricks.
            user: what `current_user()` gives.
            parameters: values for `:name` and `?`.
            catalog: what names without a catalog mean.
            schema: what names without a schema mean.
            allowed: called for everything that the statement reads or writes, before it runs. It raises what
                the caller is to get.
            sees: whether lists (`SHOW`, the information schema) have an object in them.
            row_limit: the most rows that are returned.
            key: what `interrupt` calls this statement.

        Raises:
            SqlFailure: the statement fails, as it would at the service.
            SqlCancelled: it was interrupted.
            NotServed: it asks for what the fake cannot do.
        """
        # sqlglot is imported with it, which takes half a second: when the first statement comes.
        from seatrial.fakes.databricks.sql.running import Run, Session  # noqa: PLC0415

        session = Session(
            user=user,
            catalog=catalog or self._default[0],
            schema=schema or self._default[1],
            allowed=allowed or (lambda _: None),
            sees=sees or (lambda _: True),
            row_limit=row_limit,
        )
        with self._store.running(key) as task:
            return Run(self._store, session, task, self._cache, self._cache_lock).execute(
                statement, parameters
            )

    def interrupt(self, key: str) -> bool:
        """End the statement that runs under this key; whether there is one."""
        return self._store.interrupt(key)

    def snapshot(self) -> None:
        """Make the present state the one that `restore` brings back."""
        self._store.snapshot()

    def restore(self) -> None:
        """Bring back the state of the last `snapshot`, and end every statement that runs."""
        self._store.restore()

    def close(self) -> None:
        """Give everything back."""
        self._store.close()

    def __iter__(self) -> Iterator[TableName]:
        return (found.name for found in self.catalogue.relations())
