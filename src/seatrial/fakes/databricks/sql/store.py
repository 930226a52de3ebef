"""Where the rows are: relations of duckdb that are never changed once they belong to a baseline."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.databricks.sql import macros
from seatrial.fakes.databricks.sql.catalogue import Catalogue
from seatrial.fakes.databricks.sql.tasks import Task
from seatrial.fakes.databricks.sql.types import double_quoted
from seatrial.fakes.databricks.sql.writing import Work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.fakes.databricks.sql.catalogue import Table
    from seatrial.fakes.databricks.sql.names import TableName

_CONFIGURATION = {
    "threads": "1",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
# The last one, so that nothing before it can be undone by a statement.
_LOCKS = (
    "SET GLOBAL TimeZone = 'UTC'",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


def missing(name: TableName, catalogue: Catalogue) -> FakeError:
    """There is no such table."""
    there = ", ".join(str(found.name) for found in catalogue.tables()) or "none"
    return FakeError(
        f"The workspace has no table {name}; it has {there}.",
        code="fakes.databricks-table",
        remedy="Correct the name, or make the table first.",
    )


class Store:
    """One database of duckdb, the catalogue of what is in it, and its baseline."""

    def __init__(self, duckdb: Any, *, memory: str) -> None:
        self.duckdb = duckdb
        self._connection = duckdb.connect(":memory:", config={**_CONFIGURATION, "memory_limit": memory})
        self._connection.execute(macros.script())
        for line in _LOCKS:
            self._connection.execute(line)
        self.catalogue = Catalogue()
        self._baseline = self.catalogue
        self._own: set[str] = set()
        self._dropped: set[str] = set()
        self._last = 0
        self._writing = threading.RLock()
        self._tasks: dict[object, Task] = {}
        self._tasks_lock = threading.Lock()

    def next(self) -> int:
        """A number that nothing has yet: of a catalogue's version or of a relation."""
        self._last += 1
        return self._last

    def cursor(self) -> Any:
        """A connection of its own to the same database."""
        return self._connection.cursor()

    @contextmanager
    def running(self, key: str | None) -> Iterator[Task]:
        """A cursor for a statement, which can be interrupted under this key."""
        task = Task(self.cursor())
        name: object = key if key is not None else task
        with self._tasks_lock:
            self._tasks[name] = task
        try:
            yield task
        finally:
            with self._tasks_lock:
                self._tasks.pop(name, None)
            task.end()

    def interrupt(self, key: str) -> bool:
        """End the statement of this key; whether there is one."""
        with self._tasks_lock:
            task = self._tasks.get(key)
        if task is not None:
            task.interrupt()
        return task is not None

    @contextmanager
    def writing(self, task: Task | None = None) -> Iterator[Work]:
        """A transaction: what it changes is there for others when it ends, and never if it fails."""
        with self._writing:
            cursor = task.cursor if task is not None else self.cursor()
            if task is not None:
                task.check()
            cursor.execute("BEGIN")
            work = Work(self, cursor, frozenset(self._own))
            try:
                yield work
                cursor.execute("COMMIT")
            except BaseException:
                self._roll_back(cursor)
                raise
            finally:
                if task is None:
                    cursor.close()
            self._own |= work.made
            self.catalogue = work.catalogue
            self._sweep()

    def _roll_back(self, cursor: Any) -> None:
        try:
            cursor.execute("ROLLBACK")
        except self.duckdb.Error:
            # The error that is under way has already ended the transaction.
            return

    def _sweep(self) -> None:
        held = {table.relation for table in self.catalogue.tables()}
        self._drop(self._own - held)

    def _drop(self, relations: set[str]) -> None:
        if not relations:
            return
        with self._connection.cursor() as cursor:
            for relation in sorted(relations):
                cursor.execute(f"DROP TABLE IF EXISTS {double_quoted(relation)}")
        self._own -= relations

    def rows(self, table: Table) -> list[tuple[Any, ...]]:
        """What a table holds."""
        with self.running(None) as task:
            found: list[tuple[Any, ...]] = task.cursor.execute(
                f"SELECT * FROM {double_quoted(table.relation)}"
            ).fetchall()
        return found

    def snapshot(self) -> None:
        """Freeze what there is: from now on a change of a table is made to a copy of it."""
        with self._writing:
            before = {table.relation for table in self._baseline.tables()}
            self._baseline = self.catalogue
            self._own = before - {table.relation for table in self.catalogue.tables()}
            self._drop(set(self._own))

    def restore(self) -> None:
        """Go back to what was frozen, and drop the copies."""
        self._interrupt_all()
        with self._writing:
            self.catalogue = self._baseline
            self._drop(set(self._own))

    def _interrupt_all(self) -> list[Task]:
        with self._tasks_lock:
            tasks = list(self._tasks.values())
        for task in tasks:
            task.interrupt()
        return tasks

    def close(self) -> None:
        """End what runs, and close the database."""
        for task in self._interrupt_all():
            task.wait()
        with self._writing:
            self._connection.close()
