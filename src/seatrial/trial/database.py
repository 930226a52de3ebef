"""The tested database of one process: reserved early, started late, pristine for every test."""

from __future__ import annotations

import shlex
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError, TemplateError
from seatrial.postgres.handle import Handle
from seatrial.postgres.kept import KEPT_AT_MOST, database_name
from seatrial.postgres.template.verify import count_tables
from seatrial.trial.baselined import Baselined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import psycopg

    from seatrial.config import DatabaseAddress
    from seatrial.config.settings import DatabaseSettings
    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.isolation import Isolation, Replacing
    from seatrial.postgres.isolation.layers import Layers
    from seatrial.postgres.providers import Prepared, Provider

_RELATIONS = """
select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^(pg_|information_schema$)'
"""


class TestDatabase(Baselined):
    """The database behind one constant address.

    Args:
        settings: `[tool.seatrial.database]`.
        provider: where the server comes from.
        root: the folder relative paths start from.
        env: `[tool.seatrial.env]`, unrendered: a part of the template's fingerprint.
        environment: the application's environment for an address.
        rebuild: whether to build the template anew even where a cached one fits.
        verify: whether PostgreSQL's own objects are compared, too, where the database is.
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
        verify: bool = False,
    ) -> None:
        super().__init__()
        self._settings = settings
        self._provider = provider
        self._root = root
        self._env = env
        self.environment = environment
        """The application's environment for an address."""
        self._rebuild = rebuild
        self._verify = verify
        self._lock = threading.RLock()
        self.failure: BaseException | None = None
        """Why the database could not be started, if that was tried in vain."""
        self._closed = False
        self._kept: dict[str, str] = {}
        self.prepared: Prepared | None = None
        self.start_seconds = 0.0
        self.touched = provider.outlives_us
        """Whether somebody may have written before the first test: an application that is imported, say."""
        provider.on_first_connection(self._knocked)
        if settings.faults:
            from seatrial.postgres.faults import DatabaseProxy  # noqa: PLC0415 - asyncio, for who wants faults

            self.proxy = DatabaseProxy(self.server_address, self._connect_admin)
        self.places = {self.address.place, self.server_address.place}
        """Where connections to it lead."""
        self._gates: list[Callable[[int], int]] = []
        self.is_opening = False
        """Whether the server is being started, or the template built."""

    @property
    def name(self) -> str:
        """The constant name of the tested database."""
        return self._provider.database

    @property
    def address(self) -> DatabaseAddress:
        """The address as the application has it, password included."""
        return self.proxy.address if self.proxy is not None else self.server_address

    @property
    def server_address(self) -> DatabaseAddress:
        """The same without a proxy before it, for connections of ours in the application's role."""
        return self._provider.address("app")

    def join(self, place: tuple[str, int], client_port: Callable[[int], int]) -> None:
        """Take note of a gate of somebody else's that leads here.

        Args:
            place: where clients find it.
            client_port: where they come from, see the method of this name.
        """
        self.places.add(place)
        self._gates.append(client_port)

    def client_port(self, port: int) -> int:
        """Where a client really comes from, for the port from which the server sees it come.

        Where it comes through a unix socket, for minus the number of the session's process.
        """
        ways = self._gates if self.proxy is None else [*self._gates, self.proxy.client_port]
        return next((found for way in ways if (found := way(port)) != port), port)

    @property
    def cluster(self) -> Cluster | None:
        """The server; None before it was started."""
        return self.prepared.cluster if self.prepared else None

    @property
    def starts_at_first_connection(self) -> bool:
        """Whether somebody who connects early (at import, say) is served; else the database must be there."""
        return not self._provider.outlives_us

    def _knocked(self) -> None:
        self.touched = True
        self.ensure()

    def wake(self) -> None:
        """A client of the project's has come by another way than the server's own port.

        Raises:
            SeatrialError: see `ensure`.
        """
        if self._isolation is None:
            self._knocked()

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
            self.is_opening = True
            try:
                self._isolation, self._layers = self._open()
            except BaseException as failure:
                self.failure = failure
                raise
            finally:
                self.is_opening = False
            self.start_seconds = time.perf_counter() - started

    def _open(self) -> tuple[Isolation, Layers]:
        from seatrial.postgres.template import TemplatePlan  # noqa: PLC0415 - the driver is an extra

        plan = TemplatePlan(
            settings=self._settings,
            root=self._root,
            database=self._provider.database,
            env=self._env,
            environment=self.environment,
        )
        self.prepared = self._provider.start(plan, rebuild=self._rebuild)
        return self._isolated(self.prepared)

    def _isolated(self, prepared: Prepared) -> tuple[Isolation, Layers]:
        from seatrial.postgres.isolation.separation import layers_apart  # noqa: PLC0415 - the driver is an extra

        isolation = self._provider.isolation(prepared)
        isolation.open()
        layers = layers_apart(isolation, prepared.cluster, self._provider.database, built_in=self._verify)
        return isolation, layers

    def reopen(self, template: str, *, between: Callable[[], object]) -> None:
        """Go on with a copy of another template; sessions are ended, baselines forgotten.

        Args:
            template: the database to copy.
            between: what is to be done on the server while there is no tested database: later it would be
                taken for something that a test did.
        """
        with self._lock:
            prepared = self._running()
            if self._isolation is not None:
                self._isolation.close(drop_databases=True)
            self._isolation = self._layers = None
            between()
            self.prepared = replace(prepared, template=template)
            self._isolation, self._layers = self._isolated(self.prepared)

    def position(self) -> object:
        """A mark that stays equal while nobody writes; None where the server is not ours alone."""
        return None if self._provider.outlives_us else super().position()

    def keep(self, test: str, replacing: Replacing) -> str | None:
        """Copy the database as a test has left it, to be looked at after the run.

        Returns:
            The command that opens the copy; None where ten are kept already, or there is no database yet.
        """
        if self._isolation is None or len(self._kept) >= KEPT_AT_MOST:
            return None
        name = database_name()
        self._isolation.keep(name, replacing)
        self._kept[name] = test
        return self._provider.opens_kept(name)

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

    def relations(self) -> list[tuple[str, str]]:
        """Schema and name of every relation that holds or shows rows, but for PostgreSQL's own."""
        with self._connect_owner() as connection:
            return connection.execute(_RELATIONS).fetchall()

    def handle(self) -> Handle:
        """A handle that connects as the owner of the database, at first use."""
        faults = self.proxy.faults if self.proxy is not None else None
        return Handle(self._connect_owner, self.address.url, faults=faults)

    def psql(self) -> str | None:
        """The command that opens the database, without a password in it; None before it was started."""
        if self.prepared is None:
            return None
        admin = self.prepared.cluster.admin
        words = ("psql", "-h", admin["host"], "-p", str(admin["port"]), "-U", admin["user"], "-d", self.name)
        return shlex.join(words)

    def restart_server(self) -> None:
        """Restart the embedded server under whoever is connected; no other is ours alone.

        Raises:
            ServerError: it did not start again.
        """
        from seatrial.postgres.providers.embedded import EmbeddedProvider  # noqa: PLC0415 - the driver is an extra

        self._running()
        assert isinstance(self._provider, EmbeddedProvider)
        self._provider.restart()

    def _connect_admin(self) -> psycopg.Connection[Any]:
        cluster = self._running().cluster
        return cluster.connect(cluster.admin["dbname"])

    def _connect_owner(self) -> psycopg.Connection[Any]:
        return self._running().cluster.connect(self.name, login="owner")

    def _running(self) -> Prepared:
        self.ensure()
        if self.prepared is None:
            raise IsolationError(
                "the database was used after the session ended",
                code="isolation.closed",
                remedy="use `db` inside tests and fixtures only",
            )
        return self.prepared

    def close(self) -> None:
        """Drop what we made on a server that lives on; stop a server of our own."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self.proxy is not None:
                self.proxy.close()
            if self._isolation is not None:
                self._isolation.close(drop_databases=self._provider.outlives_us or bool(self._kept))
            self._provider.stop(kept=self._kept)
