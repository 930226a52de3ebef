"""One statement from its text to its result."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from seatrial.fakes.databricks.sql import dispatch, information, parameters, reading, translation
from seatrial.fakes.databricks.sql.errors import NotServed, SqlFailure
from seatrial.fakes.databricks.sql.failures import of_duckdb, unresolved_column
from seatrial.fakes.databricks.sql.relations import Reader
from seatrial.fakes.databricks.sql.results import Result
from seatrial.fakes.databricks.sql.types import double_quoted, of_duckdb as column_of, parse_type
from seatrial.fakes.databricks.sql.values import writer

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from seatrial.fakes.databricks.sql.catalogue import Catalogue
    from seatrial.fakes.databricks.sql.given import Given
    from seatrial.fakes.databricks.sql.information import Wanted
    from seatrial.fakes.databricks.sql.names import Access
    from seatrial.fakes.databricks.sql.store import Store
    from seatrial.fakes.databricks.sql.tasks import Task
    from seatrial.fakes.databricks.sql.translation import Query

_MOST_CACHED = 500
_GONE = "Table with name r"


@dataclass(frozen=True, kw_only=True)
class Session:
    """Who runs a statement, and what names mean for it."""

    user: str
    catalog: str
    schema: str
    allowed: Callable[[Access], None]
    sees: Callable[[Access], bool]
    row_limit: int | None


class Run:
    """One statement that is being run."""

    def __init__(
        self, store: Store, session: Session, task: Task, cache: dict[Any, Query], lock: threading.Lock
    ) -> None:
        self.store = store
        self.session = session
        self.task = task
        self._cache = cache
        self._lock = lock
        self.values: dict[str, Any] = {}
        self.typed: dict[str, dict[str, str]] = {}
        self.spellings: dict[str, str] = {}

    def execute(self, statement: str, given: Sequence[Given]) -> Result:
        """Run it, and tell every error in the service's words.

        Raises:
            SqlFailure: it fails as it would at the service.
            SqlCancelled: it was interrupted.
            NotServed: it asks for what is not served.
        """
        try:
            result = self._execute(statement, given)
        except self.store.duckdb.Error as error:
            self.task.check()
            meaning = of_duckdb(error)
            raise self._spelled(meaning, statement) from None
        except RecursionError:
            raise SqlFailure("", "The statement is nested too deeply.", "54001") from None
        return replace(
            result,
            catalog=result.catalog or self.session.catalog,
            schema=result.schema or self.session.schema,
        )

    def _spelled(self, meaning: Exception, statement: str) -> Exception:
        """A failure about a column with its name as it was written, and with names that may be meant."""
        if not isinstance(meaning, SqlFailure) or not meaning.error_class.startswith("UNRESOLVED_COLUMN"):
            return meaning
        name = re.search(r"with name (\S.*?) cannot be resolved", meaning.message)
        if name is None:
            return meaning
        plain = name[1].replace("`", "")
        place = statement.lower().find(plain)
        there = {column: table for table, columns in self.typed.items() for column in columns}
        near = difflib.get_close_matches(plain.rpartition(".")[2], there, n=5, cutoff=0.0)
        shown = [str(self.spellings.get(column, column)) for column in near]
        return unresolved_column(statement[place : place + len(plain)] if place >= 0 else plain, shown)

    def _execute(self, statement: str, given: Sequence[Given]) -> Result:
        bound = parameters.Bound(given)
        key = (
            statement,
            self.session.catalog,
            self.session.schema,
            bound.signature,
            self.store.catalogue.version,
        )
        query = self._cache.get(key)
        if query is not None:
            self._bind(bound)
            try:
                return self._query(query, self.store.catalogue)
            except self.store.duckdb.CatalogException as error:
                if _GONE not in str(error):
                    raise
        words = reading.tokens(statement)
        special = dispatch.by_words(self, words, bound)
        if special is not None:
            return special
        text = parameters.positioned(statement, words)
        tree = bound.put_into(reading.parsed(text, reading.tokens(text) if text != statement else words))
        self._bind(bound)
        if not isinstance(tree, exp.Query):
            return dispatch.by_tree(self, tree, text)
        catalogue = self.store.catalogue
        query = translation.translated(tree, self.reader(catalogue))
        if not bound.read_as_text and not query.information:
            self._keep(key, query)
        try:
            return self._query(query, catalogue)
        except self.store.duckdb.CatalogException as error:
            if _GONE not in str(error) or catalogue.version == self.store.catalogue.version:
                raise
        # Between its translation and its start a table was dropped or replaced.
        return self._execute(statement, given)

    def _keep(self, key: Any, query: Query) -> None:
        with self._lock:
            while len(self._cache) >= _MOST_CACHED:
                self._cache.pop(next(iter(self._cache)))
            self._cache[key] = query

    def _bind(self, bound: parameters.Bound) -> None:
        self.values = {
            **bound.arguments(),
            "now": datetime.now(UTC),
            "user": self.session.user,
            "catalog": self.session.catalog,
            "schema": self.session.schema,
        }

    def reader(self, catalogue: Catalogue) -> Reader:
        """What names mean for this statement."""
        return Reader(
            catalogue=catalogue,
            catalog=self.session.catalog,
            schema=self.session.schema,
            typed=self.typed,
            spellings=self.spellings,
        )

    def allow(self, accesses: Sequence[Access]) -> None:
        """Ask for every right that is needed; the caller's answer is what it raises."""
        for access in accesses:
            self.session.allowed(access)

    def call(self, sql: str) -> Any:
        """Run a statement of duckdb with those of the values that it names."""
        (parsed,) = self.task.cursor.extract_statements(sql)
        values = {name: self.values[name] for name in parsed.named_parameters}
        self.task.check()
        return self.task.cursor.execute(sql, values) if values else self.task.cursor.execute(sql)

    def make_information(self, wanted: dict[str, Wanted], catalogue: Catalogue) -> None:
        """Make the relations of the information schema that a query needs, for this cursor only."""
        for relation, one in wanted.items():
            columns = [parse_type(text, name=name) for name, text in information.columns(one.table).items()]
            head = ", ".join(f"{double_quoted(column.name)} {column.stored}" for column in columns)
            self.task.cursor.execute(f"CREATE TEMP TABLE {double_quoted(relation)} ({head})")
            rows = information.rows(one, catalogue, self.session.sees)
            if rows:
                marks = ", ".join("?" * len(columns))
                self.task.cursor.executemany(
                    f"INSERT INTO {double_quoted(relation)} VALUES ({marks})",
                    rows,
                )

    def _query(self, query: Query, catalogue: Catalogue) -> Result:
        self.allow(query.accesses)
        self.make_information(query.information, catalogue)
        return replace(self.fetched(query), reads=query.reads)

    def fetched(self, query: Query) -> Result:
        """The rows of a query as texts."""
        cursor = self.call(query.sql)
        names = query.columns([name for name, *_ in cursor.description])
        try:
            kinds = [
                column_of(kind, name=name)
                for (_, kind, *_), name in zip(cursor.description, names, strict=True)
            ]
        except ValueError as error:
            raise NotServed(f"a result of the type {error}") from None
        limit = self.session.row_limit
        found = cursor.fetchall() if limit is None else cursor.fetchmany(limit + 1)
        self.task.check()
        truncated = limit is not None and len(found) > limit
        writers = [writer(kind) for kind in kinds]
        rows = [[write(value) for write, value in zip(writers, row, strict=True)] for row in found[:limit]]
        return Result(columns=tuple(kinds), rows=rows, truncated=truncated)
