"""Building a template on a cluster: roles, extensions, schema, seeds, rights, verification."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seatrial.errors import TemplateError
from seatrial.postgres.sql import identifier
from seatrial.postgres.template.alembic_files import AlembicFiles
from seatrial.postgres.template.child import run_step
from seatrial.postgres.template.extensions import create_extensions, verify_extensions
from seatrial.postgres.template.plan import TemplateReport
from seatrial.postgres.template.roles import create_roles, grant_to_app
from seatrial.postgres.template.sql_file import run_sql_file
from seatrial.postgres.template.verify import clone_statements, verify_revision, verify_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import psycopg

    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.template.plan import TemplatePlan


def build_template(cluster: Cluster, plan: TemplatePlan, *, name: str, fingerprint: str) -> TemplateReport:
    """Make the template database `name` on a cluster and verify it.

    The build happens under the name the application will see, so that migrations which speak of the
    current database are right; the result is renamed.

    Raises:
        TemplateError: migrations, seeds, roles or extensions failed; nothing is left on the cluster.
    """
    database = identifier(plan.database)
    with cluster.connect(cluster.admin["dbname"]) as admin:
        create_roles(admin, cluster)

        def make() -> None:
            owner = identifier(cluster.owner.user)
            admin.execute(
                f"CREATE DATABASE {database} OWNER {owner} ENCODING 'UTF8' TEMPLATE template0".encode()
            )

        def drop() -> None:
            admin.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)".encode())

        report = _Build(cluster, plan, fingerprint, make=make, discard=drop).run()
        admin.execute(f"ALTER DATABASE {database} RENAME TO {identifier(name)}".encode())
    return report


def build_in_place(
    cluster: Cluster, plan: TemplatePlan, *, fingerprint: str, empty: Callable[[], None]
) -> TemplateReport:
    """Make the template inside `plan.database`, which is there already.

    Args:
        cluster: where it is.
        plan: what to make.
        fingerprint: for the report.
        empty: drops all that an earlier build made; called before the build, and after one that failed.

    Raises:
        TemplateError: migrations, seeds, roles or extensions failed; the database is empty.
    """
    with cluster.connect(plan.database) as inside:
        create_roles(inside, cluster)
    return _Build(cluster, plan, fingerprint, make=empty, discard=empty).run()


class _MigrationCreatesExtensionError(Exception):
    """A migration says CREATE EXTENSION without IF NOT EXISTS, and we had created it already."""

    def __init__(self, extension: str) -> None:
        super().__init__(extension)
        self.extension = extension


@dataclass
class _Build:
    """One build, which starts over when migrations insist on creating an extension themselves."""

    cluster: Cluster
    plan: TemplatePlan
    fingerprint: str
    make: Callable[[], None] = field(kw_only=True)
    """Provides the database, empty."""
    discard: Callable[[], None] = field(kw_only=True)
    """Removes what a failed build left."""
    started: float = field(default_factory=time.perf_counter)
    leave: set[str] = field(default_factory=set)
    """Extensions left to the migrations."""

    def run(self) -> TemplateReport:
        while True:
            try:
                return self._once()
            except _MigrationCreatesExtensionError as twice:
                self.leave.add(twice.extension)

    def _once(self) -> TemplateReport:
        self.make()
        try:
            with self.cluster.connect(self.plan.database) as inside:
                create_extensions(inside, self.plan.settings, leave=self.leave)
            head = self._apply_schema()
            self._apply_seeds()
            with self.cluster.connect(self.plan.database) as inside:
                return self._finish(inside, head)
        except BaseException:
            self.discard()
            raise

    def _apply_schema(self) -> str | None:
        schema = self.plan.settings.schema
        try:
            if schema.alembic:
                return self._migrate(schema.alembic)
            if schema.metadata:
                self._step("metadata", metadata=schema.metadata)
            if schema.command:
                self._step("command", command=schema.command)
        except TemplateError as error:
            self._start_over_for_an_extension(error)
            raise
        self._run_files(schema.sql)
        return None

    def _start_over_for_an_extension(self, error: TemplateError) -> None:
        for name in self.plan.settings.extensions:
            if f'extension "{name}" already exists' in error.detail and name not in self.leave:
                raise _MigrationCreatesExtensionError(name) from error

    def _migrate(self, name: str) -> str:
        files = AlembicFiles.read(self.plan.root, name)
        address = self.cluster.address(self.plan.database, login="owner")
        head: str = run_step(
            "alembic",
            root=self.plan.root,
            environment=self.plan.environment(address),
            config=str(files.config),
            toml=files.toml,
            url=address.url(driver_of(files)),
        )
        return head

    def _apply_seeds(self) -> None:
        for seed in self.plan.settings.seeds:
            if seed.endswith(".sql"):
                self._run_files((seed,))
            else:
                self._step("seed", seed=seed)

    def _run_files(self, names: Sequence[str]) -> None:
        for name in names:
            # A connection for each file: what one sets for its session is not for the next.
            with self.cluster.connect(self.plan.database, login="owner") as owner:
                run_sql_file(owner, self.plan.root / name)

    def _step(self, step: str, **request: str) -> None:
        address = self.cluster.address(self.plan.database, login="owner")
        run_step(
            step,
            root=self.plan.root,
            environment=self.plan.environment(address),
            url=address.url("sync"),
            plain_url=address.url(),
            **request,
        )

    def _finish(self, inside: psycopg.Connection[Any], head: str | None) -> TemplateReport:
        if head is not None:
            verify_revision(inside, head)
        tables = verify_tables(inside, self.plan.settings.schema)
        versions, stand_ins = verify_extensions(inside, self.plan.settings)
        grant_to_app(inside, self.cluster)
        inside.execute("ANALYZE")
        return TemplateReport(
            fingerprint=self.fingerprint,
            revision=head,
            tables=tables,
            extensions=versions,
            stand_ins=stand_ins,
            clone_statements=clone_statements(inside),
            seconds=round(time.perf_counter() - self.started, 3),
        )


def driver_of(files: AlembicFiles) -> str:
    """The driver the project's own URL names, if it does; else what env.py's engine needs."""
    driver = files.url.partition("://")[0]
    if driver.startswith("postgresql+"):
        return driver
    return "async" if files.asynchronous else "sync"
