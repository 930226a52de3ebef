"""Building a template file: schema, seeds, and the proof that it is what it claims to be."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING, Any

from seatrial.config import DatabaseAddress
from seatrial.errors import TemplateError
from seatrial.postgres.template import TemplateReport
from seatrial.postgres.template.alembic_files import AlembicFiles
from seatrial.postgres.template.child import run_step
from seatrial.postgres.template.verify import check_revision, check_tables
from seatrial.sqlite import catalog
from seatrial.sqlite.handle import connect
from seatrial.sqlite.statements import split
from seatrial.sqlite.types import postgres_type_error

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from seatrial.postgres.template import TemplatePlan

_WORKER = "seatrial.sqlite.worker"
_SHOWN = 120


def build_template(file: Path, plan: TemplatePlan, *, fingerprint: str) -> TemplateReport:
    """Make the template `file` and verify it.

    Raises:
        TemplateError: migrations or seeds failed, or they want what only PostgreSQL has.
    """
    started = time.perf_counter()
    build = _Build(file, plan)
    with contextlib.closing(connect(str(file))):
        pass  # an empty file is a database: whoever only reads finds one
    head = build.apply_schema()
    build.apply_seeds()
    with contextlib.closing(connect(str(file))) as connection:
        tables = _verify(connection, plan)
        # What is still in a write-ahead log belongs to the file that is kept.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return TemplateReport(
        fingerprint=fingerprint,
        revision=head,
        tables=tables,
        extensions={},
        stand_ins=(),
        clone_statements=(),
        seconds=round(time.perf_counter() - started, 3),
    )


class _Build:
    """One build into one file."""

    def __init__(self, file: Path, plan: TemplatePlan) -> None:
        self._file = file
        self._plan = plan
        self._address = DatabaseAddress(engine="sqlite", name=str(file), path=str(file))

    def apply_schema(self) -> str | None:
        """Make the tables; the head of the migrations, where there are some."""
        schema = self._plan.settings.schema
        if schema.alembic:
            return self._migrate(schema.alembic)
        if schema.metadata:
            columns = self._step("metadata", metadata=schema.metadata)
            if columns:
                raise postgres_type_error(columns)
        if schema.command:
            self._step("command", command=schema.command)
        self._run_files(schema.sql)
        return None

    def apply_seeds(self) -> None:
        """Run the seeds in their order."""
        for seed in self._plan.settings.seeds:
            if seed.endswith(".sql"):
                self._run_files([seed])
            else:
                self._step("seed", seed=seed)

    def _migrate(self, name: str) -> str:
        files = AlembicFiles.read(self._plan.root, name)
        driver = files.url.partition("://")[0]
        style = "async" if files.asynchronous else "sync"
        url = self._address.url(driver if driver.startswith("sqlite+") else style)
        answer = self._step("alembic", config=str(files.config), toml=files.toml, url=url)
        if "columns" in answer:
            raise postgres_type_error(answer["columns"])
        if "statement" in answer:
            raise _not_for_sqlite(files.config, **answer)
        head: str = answer["head"]
        # At once: a seed would only say that there is no such table.
        with contextlib.closing(connect(str(self._file))) as connection:
            check_revision(head, catalog.revisions(connection))
        return head

    def _step(self, step: str, **request: Any) -> Any:
        common = {"url": self._address.url("sync"), "plain_url": self._address.url()}
        return run_step(
            step,
            worker=_WORKER,
            root=self._plan.root,
            environment=self._plan.environment(self._address),
            **{**common, **request},
        )

    def _run_files(self, names: Iterable[str]) -> None:
        for name in names:
            with contextlib.closing(connect(str(self._file))) as connection:
                _run_file(connection, self._plan.root / name)


def _verify(connection: sqlite3.Connection, plan: TemplatePlan) -> int:
    """The number of tables of a template that is as it should be."""
    columns = catalog.postgres_columns(connection)
    if columns:
        raise postgres_type_error(columns)
    broken = catalog.broken_references(connection)
    if broken:
        raise TemplateError(
            "after migrations and seeds, foreign keys lead nowhere",
            code="sqlite.foreign-key",
            detail=catalog.described(broken),
            remedy="correct the seeds: PostgreSQL would have refused these rows",
        )
    tables = len(catalog.tables(connection))
    check_tables(tables, plan.settings.schema)
    return tables


def _run_file(connection: sqlite3.Connection, file: Path) -> None:
    """Run every statement of a file; a transaction it leaves open is rolled back with the connection."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise TemplateError(
            f"the SQL file {file} is not there",
            code="template.sql-missing",
            remedy="give its path relative to the folder of the settings file",
        ) from None
    for place, statement in split(text):
        try:
            connection.execute(statement)
        except sqlite3.Error as error:
            raise TemplateError(
                f"{file}:{text.count(chr(10), 0, place) + 1} failed on SQLite: {error}",
                code="template.sql-failed",
                remedy="write the statement so that SQLite understands it, or run on PostgreSQL",
            ) from error


def _not_for_sqlite(config: Path, *, statement: str, reason: str) -> TemplateError:
    shown = " ".join(statement.split())
    return TemplateError(
        f"a migration of {config} says what SQLite does not understand ({reason}): {shown[:_SHOWN]}",
        code="sqlite.postgres-sql",
        remedy='run on PostgreSQL, or guard it: if op.get_bind().dialect.name == "postgresql"; what alters '
        "columns or constraints belongs into op.batch_alter_table on SQLite",
    )
