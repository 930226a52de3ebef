"""The rows behind Unity Catalog: statements are run on them for real where the extra is installed."""

from __future__ import annotations

import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.databricks import following
from seatrial.fakes.databricks.statements.failures import StatementFailure
from seatrial.fakes.databricks.statements.results import ResultColumn, Rows
from seatrial.fakes.databricks.statements.rights import Rights
from seatrial.fakes.databricks.unity.types import parse
from seatrial.fakes.request import Unserved

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from seatrial.fakes.databricks.fake import DatabricksFake
    from seatrial.fakes.databricks.people.person import Person
    from seatrial.fakes.databricks.sql.engine import SqlEngine
    from seatrial.fakes.databricks.sql.results import Result
    from seatrial.fakes.databricks.statements.statement import Statement
    from seatrial.fakes.databricks.unity.objects import Column

_EXTRA = 'Install the extra: pip install "seatrial[databricks-sql]".'


class Data:
    """The rows of a workspace. Safe to use from any thread.

    Args:
        fake: the workspace.
    """

    def __init__(self, fake: DatabricksFake) -> None:
        self._fake = fake
        self._lock = threading.Lock()
        self._engine: SqlEngine | None = None

    @property
    def engine(self) -> SqlEngine:
        """What runs statements.

        Raises:
            FakeError: the extra `databricks-sql` is not installed.
        """
        with self._lock:
            if self._engine is None:
                if not _is_installed():
                    raise FakeError(
                        "Rows and statements of a workspace need duckdb and sqlglot, and they are not there.",
                        code="fakes.databricks-sql",
                        remedy=f"{_EXTRA} Or leave rows out, and script results with statements.reply(...).",
                    )
                from seatrial.fakes.databricks.sql.engine import SqlEngine  # noqa: PLC0415 - the extra

                self._engine = SqlEngine()
            return self._engine

    def create_catalog(self, name: str) -> None:
        """Follow Unity Catalog."""
        if _is_installed():
            self.engine.create_catalog(name)

    def create_schema(self, catalog: str, name: str) -> None:
        """Follow Unity Catalog."""
        if _is_installed():
            self.engine.create_schema(catalog, name)

    def create_table(
        self, full: str, columns: Sequence[Column], rows: Iterable[Any], *, file: Path | None
    ) -> None:
        """Follow Unity Catalog, and put rows into the table.

        Raises:
            FakeError: a row or the file does not fit, or the extra is not there for them.
        """
        given = list(rows)
        if _is_installed() or given or file is not None:
            types = {
                column.name: column.type.text if column.nullable else f"{column.type.text} NOT NULL"
                for column in columns
            }
            self.engine.create_table(following.table_name(full), types, given, file=file)

    def add_rows(self, full: str, rows: Iterable[Any]) -> None:
        """Put rows into a table.

        Raises:
            FakeError: a row does not fit, or the extra is not there.
        """
        self.engine.add_rows(following.table_name(full), rows)

    def rows(self, full: str) -> list[tuple[Any, ...]]:
        """All rows of a table, in no promised order.

        Raises:
            FakeError: the extra is not there.
        """
        return self.engine.rows(following.table_name(full))

    def drop(self, full: str) -> None:
        """Follow Unity Catalog."""
        if _is_installed():
            following.drop(self.engine, full)

    def run(self, statement: Statement, caller: Person) -> Rows:
        """Run a statement as its caller; blocks.

        Raises:
            StatementFailure: it fails, as it would at the service.
            Unserved: it asks for what cannot be run here.
        """
        if not _is_installed():
            raise Unserved(
                f"of SQL without the extra databricks-sql: {_EXTRA} Or script its result with "
                f"fakes.{self._fake.name}.statements.reply(...)"
            )
        from seatrial.fakes.databricks.sql.errors import NotServed, SqlFailure  # noqa: PLC0415 - the extra

        try:
            result = self._run(statement, caller)
        except SqlFailure as failed:
            condition = failed.error_class or "INTERNAL_ERROR"
            raise StatementFailure(condition, failed.message, sql_state=failed.sql_state) from failed
        except NotServed as lacking:
            raise Unserved(f"with {lacking.feature}") from lacking
        return Rows(
            columns=tuple(ResultColumn(name=one.name, type=parse(one.type_text)) for one in result.columns),
            rows=result.rows,
            truncated=result.truncated,
        )

    def _run(self, statement: Statement, caller: Person) -> Result:
        asked = statement.submission
        session = self._fake.statements.session_of(statement)
        with self._fake.space.lock:
            # A copy: the engine asks while it holds locks of its own.
            rights = Rights(self._fake.space.state.copy(), caller)
        result = self.engine.execute(
            asked.statement,
            user=caller.name,
            parameters=asked.parameters,
            catalog=asked.catalog or (session.catalog if session is not None else None),
            schema=asked.schema or (session.schema if session is not None else None),
            allowed=rights.demand,
            sees=rights.sees,
            row_limit=asked.row_limit,
            key=statement.id,
        )
        with self._fake.space.lock:
            # One that was given up meanwhile changes nothing any more: the next test may have begun.
            if statement.state == "RUNNING":
                following.follow(self._fake.space.state, self.engine, result.changes, caller)
                if session is not None:
                    session.catalog, session.schema = result.catalog, result.schema
        return result

    def interrupt(self, identifier: str) -> None:
        """End a statement that runs."""
        if self._engine is not None:
            self._engine.interrupt(identifier)

    def keep(self) -> None:
        """Make what there is now what every test starts from."""
        if self._engine is not None:
            self._engine.snapshot()

    def restore(self) -> None:
        """Go back to it."""
        if self._engine is not None:
            self._engine.restore()

    def close(self) -> None:
        """The run is over."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None


def _is_installed() -> bool:
    return find_spec("duckdb") is not None and find_spec("sqlglot") is not None
