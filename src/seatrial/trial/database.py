"""The tested database of one process: reserved early, started late, pristine for every test."""

from __future__ import annotations

import shlex
import threading
import time
from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError, TemplateError
from seatrial.postgres.handle import Handle
from seatrial.postgres.template.verify import count_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import psycopg

    from seatrial.config import DatabaseAddress
    from seatrial.config.settings import DatabaseSettings
    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.isolation import Clones, Isolation, Replacing, Tally, WalReset
    from seatrial.postgres.providers import Prepared, Provider


class TestDatabase:
    """The database behind one constant address.

    Args:
        settings: `[tool.seatrial.database]`.
        provider: where the server comes from.
        root: the folder relative paths start from.
        env: `[tool.seatrial.env]`, unrendered: a part of the template's fingerprint.
        environment: the application's environment for an address.
        rebuild: whether to build the template anew even where a cached one fits.
    """

    __test__ = False

    def __init__(
        self,
        settings: DatabaseSettings,
        *,
        provider: Provider,
        root: Path,
        env: Mapping[str, str],
        environment: Callable[[DatabaseAddress], Mapping[str, str]],
        rebuild: bool = False,
    ) -> None:
        self._settings = settings
        self._provider = provider
        self._root = root
        self._env = env
        self._environment = environment
        self._rebuild = rebuild
        self._lock = threading.RLock()
        self.failure: BaseException | None = None
        """Why the database could not be started, if that was tried in vain."""
        self._isolation: Isolation | None = None
        self._closed = False
        self.prepared: Prepared | None = None
        self.start_seconds = 0.0
        self.touched = provider.outlives_us
        """Whether somebody may have written before the first test: an application that is imported, say."""
        provider.on_first_connection(self._knocked)

    @property
    def name(self) -> str:
        """The constant name of the tested database."""
        return self._provider.database

    @property
    def address(self) -> DatabaseAddress:
        """The address as the application has it, password included."""
        return self._provider.address("app")

    @property
    def tally(self) -> Tally | None:
        """What isolation did so far; None before the server was started."""
        return self._isolation.tally if self._isolation else None

    @property
    def starts_at_first_connection(self) -> bool:
        """Whether somebody who connects early (at import, say) is served; else the database must be there."""
        return not self._provider.outlives_us

    def _knocked(self) -> None:
        self.touched = True
        self.ensure()

    def ensure(self) -> None:
        """Start the server, build or fetch the template, put a first copy in place; once.

        Raises:
            SeatrialError: the same error for every test, if the first attempt failed.
        """
        with self._lock:
            if self.failure is not None:
                raise self.failure
            if self._isolation is not None or self._closed:
                return
            started = time.perf_counter()
            try:
                self._isolation = self._open()
            except BaseException as failure:
                self.failure = failure
                raise
            self.start_seconds = time.perf_counter() - started

    def _open(self) -> Isolation:
        from seatrial.postgres.template import TemplatePlan  # noqa: PLC0415

        plan = TemplatePlan(
            settings=self._settings,
            root=self._root,
            database=self._provider.database,
            env=self._env,
            environment=self._environment,
        )
        self.prepared = prepared = self._provider.start(plan, rebuild=self._rebuild)
        isolation = self._way_of_isolation(prepared.cluster)(
            prepared.cluster,
            database=self._provider.database,
            template=prepared.template,
            statements=prepared.report.clone_statements,
        )
        isolation.open()
        return isolation

    def _way_of_isolation(self, cluster: Cluster) -> type[Clones | WalReset]:
        """What serves the setting best on this cluster: a reset that is not possible is served by copies."""
        from seatrial.postgres.isolation import Clones, WalReset, why_not  # noqa: PLC0415 - an extra

        if self._settings.isolation == "reset" and why_not(cluster) is None:
            return WalReset
        return Clones

    def position(self) -> object:
        """A mark that stays equal while nobody writes; None where the server is not ours alone."""
        return self._isolation.position() if self._isolation and not self._provider.outlives_us else None

    def push(self, replacing: Replacing) -> None:
        """Make the present state the baseline of every later test."""
        self.ensure()
        if self._isolation is not None:
            self._isolation.push(replacing)

    def pop(self, replacing: Replacing) -> None:
        """Take the latest pushed baseline away, and restore the one before."""
        if self._isolation is not None:
            self._isolation.pop(replacing)

    def require_tables(self) -> None:
        """Refuse an empty database: an application whose tables nobody made cannot be tested.

        Raises:
            TemplateError: there is no table, although the application has started.
        """
        with self._connect_owner() as connection:
            if count_tables(connection):
                return
        raise TemplateError(
            "the application has started, and its database has no table",
            code="template.empty-schema",
            remedy='say where the tables come from: schema = { alembic = "alembic.ini" }, { sql = [...] }, '
            '{ metadata = "package.models:Base.metadata" } or { command = "..." }',
        )

    @property
    def pristine(self) -> bool:
        """Whether the database equals its baseline because nobody has had it yet."""
        return self._isolation is None or self._isolation.pristine

    def restore(self, replacing: Replacing) -> None:
        """Make the database equal its baseline again; sessions end only inside `replacing()`."""
        if self._isolation is not None:
            self._isolation.restore(replacing)

    def hand_over(self) -> None:
        """Give the database to a test: the next one needs a fresh one."""
        if self._isolation is not None:
            self._isolation.hand_over()

    def handle(self) -> Handle:
        """A handle that connects as the owner of the database, at first use."""
        return Handle(self._connect_owner, self.address.url)

    def psql(self) -> str | None:
        """The command that opens the database, without a password in it; None before it was started."""
        if self.prepared is None:
            return None
        admin = self.prepared.cluster.admin
        words = ("psql", "-h", admin["host"], "-p", str(admin["port"]), "-U", admin["user"], "-d", self.name)
        return shlex.join(words)

    def _connect_owner(self) -> psycopg.Connection[Any]:
        self.ensure()
        if self.prepared is None:
            raise IsolationError(
                "the database was used after the session ended",
                code="isolation.closed",
                remedy="use `db` inside tests and fixtures only",
            )
        return self.prepared.cluster.connect(self.name, login="owner")

    def close(self) -> None:
        """Drop what we made on a server that lives on; stop a server of our own."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._isolation is not None:
                self._isolation.close(drop_databases=self._provider.outlives_us)
            self._provider.stop()
