"""The rows behind Unity Catalog: statements are run on them for real where the extra is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.fakes.request import Unserved

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from seatrial.fakes.databricks.fake import DatabricksFake
    from seatrial.fakes.databricks.people.person import Person
    from seatrial.fakes.databricks.statements.results import Rows
    from seatrial.fakes.databricks.statements.statement import Statement
    from seatrial.fakes.databricks.unity.objects import Column


class Data:
    """The rows of a workspace."""

    def __init__(self, fake: DatabricksFake) -> None:
        self._fake = fake

    def create_catalog(self, name: str) -> None:
        """Follow Unity Catalog."""

    def create_schema(self, catalog: str, name: str) -> None:
        """Follow Unity Catalog."""

    def create_table(
        self, full: str, columns: Sequence[Column], rows: Iterable[Any], *, file: Path | None
    ) -> None:
        """Follow Unity Catalog, and put rows into the table."""

    def add_rows(self, full: str, rows: Iterable[Any]) -> None:
        """Put rows into a table."""

    def rows(self, full: str) -> list[tuple[Any, ...]]:
        """All rows of a table."""
        return []

    def drop(self, full: str) -> None:
        """Follow Unity Catalog."""

    def run(self, statement: Statement, caller: Person) -> Rows:
        """Run a statement."""
        raise Unserved(f"SQL without the extra databricks-sql: {statement.submission.statement}")

    def interrupt(self, identifier: str) -> None:
        """End a statement that runs."""

    def keep(self) -> None:
        """Make what there is now what every test starts from."""

    def restore(self) -> None:
        """Go back to it."""

    def close(self) -> None:
        """The run is over."""
