"""Changed copies of the template, one after the other behind the same address."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING

from seatrial.errors import AuditError
from seatrial.postgres.catalog import snapshot
from seatrial.postgres.isolation.pool import create_clone, drop
from seatrial.postgres.template.verify import version_tables
from seatrial.trial.database import TestDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seatrial.postgres.catalog import Catalog
    from seatrial.trial import Trial


_REFUSALS = ("0A", "22", "23", "2B", "42")
"""Classes of SQLSTATE: the definition, what depends on it, or rows stand against the change."""
_NOT_ALLOWED = "42501"


class UnbuildableError(Exception):
    """The server refuses the change: the schema itself depends on what would be missing."""


class MutantDatabases:
    """Puts changed copies of a trial's template in the place of its tested database.

    Args:
        trial: a prepared trial, whose server runs already or is started.

    Raises:
        AuditError: there is no PostgreSQL here on which databases may be made.
    """

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        database = trial.database
        if not isinstance(database, TestDatabase):
            raise _no_postgres()
        database.ensure()
        if database.prepared is None or database.prepared.template == database.name:
            raise _no_databases()
        self._database = database
        self._prepared = database.prepared
        self._former = contextlib.ExitStack()
        self._prefix = f"{database.name}_mutant"
        self._numbers = itertools.count()

    def catalog(self) -> Catalog:
        """The schema of the template, without the tables in which migrations count."""
        with self._copy() as name, self._prepared.cluster.connect(name) as connection:
            ignored = [".".join(table) for table in version_tables(connection)]
            return snapshot(connection, ignore=ignored)

    def put(self, statements: Sequence[str]) -> None:
        """Put a changed copy of the template in place, for the tests that run next.

        Args:
            statements: what is changed, in one transaction.

        Raises:
            UnbuildableError: the server refuses it; what was there stays.
        """
        with contextlib.ExitStack() as made:
            name = made.enter_context(self._copy())
            self._change(name, statements)
            self._trial.begin_anew(lambda: self._database.reopen(name, between=self._former.close))
            self._former = made.pop_all()

    def close(self) -> None:
        """Put the template itself in place again, and drop the last copy."""
        template = self._prepared.template
        self._trial.begin_anew(lambda: self._database.reopen(template, between=self._former.close))

    def _change(self, name: str, statements: Sequence[str]) -> None:
        import psycopg  # noqa: PLC0415 - an extra

        try:
            with self._prepared.cluster.connect(name) as connection, connection.transaction():
                for statement in statements:
                    connection.execute(statement.encode())
        except psycopg.Error as error:
            state = error.sqlstate or ""
            if state == _NOT_ALLOWED or not state.startswith(_REFUSALS):
                raise _not_changed(error, statements) from error
            raise UnbuildableError(str(error).strip()) from error

    @contextlib.contextmanager
    def _copy(self) -> Iterator[str]:
        name = f"{self._prefix}_{next(self._numbers)}"
        cluster = self._prepared.cluster
        statements = self._prepared.report.clone_statements
        with cluster.connect(cluster.admin["dbname"]) as admin:
            create_clone(admin, cluster, name=name, baseline=self._prepared.template, statements=statements)
        try:
            yield name
        finally:
            with cluster.connect(cluster.admin["dbname"]) as admin:
                drop(admin, name)


def _not_changed(error: Exception, statements: Sequence[str]) -> AuditError:
    return AuditError(
        f"A copy of the template could not be changed: {str(error).strip()}",
        code="mutations.not-changed",
        detail="\n".join(statements),
        remedy="Use a server on which the role is a superuser, such as the embedded one; look into its log.",
    )


def _no_postgres() -> AuditError:
    return AuditError(
        "Mutations of a schema need PostgreSQL; the settings ask for another engine, or for none.",
        code="mutations.no-postgres",
        remedy="Add a database with a schema to the settings, with PostgreSQL as its engine.",
    )


def _no_databases() -> AuditError:
    return AuditError(
        "Mutations make databases, and the role of the named one may not (CREATEDB is missing).",
        code="mutations.no-databases",
        remedy="Use the embedded server, which is the default.",
    )
