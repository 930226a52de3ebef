"""What checks stand on: the server of the run, and databases made for them."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seatrial.errors import CheckError
from seatrial.postgres.isolation.pool import create_clone, drop, strategy
from seatrial.postgres.sql import identifier
from seatrial.postgres.template.extensions import create_extensions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import psycopg

    from seatrial.config import DatabaseAddress, DatabaseSettings, Settings
    from seatrial.postgres.cluster import Cluster, Login
    from seatrial.trial import Trial


@dataclass(frozen=True, kw_only=True)
class Scratch:
    """A database for one check.

    Attributes:
        name: its name.
        cluster: where it is.
        environment: the application's environment, with this database in it.
    """

    name: str
    cluster: Cluster
    environment: Mapping[str, str] = field(repr=False)

    def connect(self, *, login: Login = "admin") -> psycopg.Connection[Any]:
        """A connection of our own, which commits every statement."""
        return self.cluster.connect(self.name, login=login)

    def address(self, *, login: Login = "owner") -> DatabaseAddress:
        """Its address for the owner, who migrates, or for the application."""
        return self.cluster.address(self.name, login=login)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The server of a run, its template, and what makes further databases.

    Attributes:
        settings: what `[tool.seatrial]` says.
        database: what it says of the database.
        cluster: the running server.
        template: the name of the database after migrations and seeds; nobody connects to it.
        statements: what copying it leaves out.
        prefix: how names of databases begin.
        environment: the application's environment for an address.
        trial: what it belongs to; None for a server alone, without an application.
    """

    settings: Settings
    database: DatabaseSettings
    cluster: Cluster
    template: str
    statements: tuple[str, ...]
    prefix: str
    environment: Callable[[DatabaseAddress], Mapping[str, str]] = field(repr=False)
    trial: Trial | None = field(default=None, repr=False)
    _numbers: itertools.count[int] = field(default_factory=itertools.count, repr=False)

    @staticmethod
    def is_there(trial: Trial) -> bool:
        """Whether a prepared trial has a PostgreSQL database."""
        from seatrial.trial.database import TestDatabase  # noqa: PLC0415 - the driver is an extra

        return isinstance(trial.database, TestDatabase)

    @classmethod
    def of_trial(cls, trial: Trial, *, settings: Settings | None = None, purpose: str = "check") -> Ground:
        """The ground of a prepared trial; its server is started.

        Args:
            trial: it.
            settings: the project's settings, where those of the trial are others.
            purpose: a word in the names of databases, so that two grounds of one trial do not meet.

        Raises:
            CheckError: there is no PostgreSQL here, or no database may be made on it.
        """
        from seatrial.trial.database import TestDatabase  # noqa: PLC0415 - the driver is an extra

        settings = settings or trial.settings
        database = trial.database
        if not isinstance(database, TestDatabase) or settings.database is None:
            raise _no_postgres(trial.settings)
        database.ensure()
        if database.prepared is None or database.prepared.template == database.name:
            raise _no_databases()
        return cls(
            settings=settings,
            database=settings.database,
            cluster=database.prepared.cluster,
            template=database.prepared.template,
            statements=database.prepared.report.clone_statements,
            prefix=f"{database.name}_{purpose}",
            environment=database.environment,
            trial=trial,
        )

    @contextlib.contextmanager
    def empty(self) -> Iterator[Scratch]:
        """A database with the declared extensions and nothing else, as migrations find it; dropped after."""
        with self._made(self._create_empty) as scratch:
            with scratch.connect() as inside:
                create_extensions(inside, self.database)
            yield scratch

    @contextlib.contextmanager
    def copy(self) -> Iterator[Scratch]:
        """A copy of the template: migrated, seeded, with the rights of the application; dropped after."""
        with self._made(self._create_copy) as scratch:
            yield scratch

    @contextlib.contextmanager
    def _made(self, create: Callable[[psycopg.Connection[Any], str], None]) -> Iterator[Scratch]:
        name = f"{self.prefix}_{next(self._numbers)}"
        address = self.cluster.address(name, login="owner")
        with self.cluster.connect(self.cluster.admin["dbname"]) as admin:
            create(admin, name)
        try:
            yield Scratch(name=name, cluster=self.cluster, environment=self.environment(address))
        finally:
            with self.cluster.connect(self.cluster.admin["dbname"]) as admin:
                drop(admin, name)

    def _create_empty(self, admin: psycopg.Connection[Any], name: str) -> None:
        owner = identifier(self.cluster.owner.user)
        statement = f"CREATE DATABASE {identifier(name)} OWNER {owner} ENCODING 'UTF8' TEMPLATE template0"
        admin.execute((statement + strategy(self.cluster)).encode())

    def _create_copy(self, admin: psycopg.Connection[Any], name: str) -> None:
        create_clone(admin, self.cluster, name=name, baseline=self.template, statements=self.statements)


def _no_postgres(settings: Settings) -> CheckError:
    return CheckError(
        "Checks of databases and `empty_database` need PostgreSQL; "
        f"{settings.source} asks for another engine, or for none.",
        code="checks.no-postgres",
        remedy=f"Add [{settings.key('database')}] with a schema, and run without --seatrial-database=sqlite.",
    )


def _no_databases() -> CheckError:
    return CheckError(
        "Checks and `empty_database` make databases of their own, and the role of the named one may not "
        "(CREATEDB is missing).",
        code="checks.no-databases",
        remedy="Use the embedded server (--seatrial-database embedded), or a role with CREATEDB.",
    )
