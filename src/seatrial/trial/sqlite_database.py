"""The tested database of one process where the engine is SQLite."""

from __future__ import annotations

import contextlib
import shlex
import time
from typing import TYPE_CHECKING

from seatrial.config import DatabaseAddress
from seatrial.errors import TemplateError
from seatrial.postgres.cache import CacheFolder
from seatrial.postgres.isolation.layers import Layers
from seatrial.postgres.kept import KEPT_AT_MOST, database_name, kept_files
from seatrial.postgres.server.runs import create_roomy_run
from seatrial.postgres.template import TemplatePlan
from seatrial.sqlite import catalog
from seatrial.sqlite.handle import Handle, connect
from seatrial.sqlite.isolation import CopiesInMemory, RestoredFile
from seatrial.sqlite.template import fetch_template
from seatrial.trial.baselined import Baselined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from seatrial.config.settings import DatabaseSettings
    from seatrial.errors import IsolationError
    from seatrial.postgres.isolation import Replacing
    from seatrial.sqlite.template import SqliteTemplate

_FILE = "seatrial.db"

_RELATIONS = """
select 'main', name from sqlite_schema where type in ('table', 'view') and name not like 'sqlite_%'
"""


class SqliteDatabase(Baselined):
    """The file behind one constant address: what `TestDatabase` is for PostgreSQL.

    Its folder is in memory where the system has a place for that (`/dev/shm`), else in the cache. It goes
    with the run; what a killed run left is swept away by the next one.

    Args:
        settings: `[tool.seatrial.database]`.
        root: the folder relative paths start from.
        env: `[tool.seatrial.env]`, unrendered: a part of the template's fingerprint.
        environment: the application's environment for an address.
        rebuild: whether to build the template anew even where a cached one fits.
    """

    starts_at_first_connection = False
    """Whoever connects early finds the file: it is there as soon as the environment is."""

    def __init__(
        self,
        settings: DatabaseSettings,
        *,
        root: Path,
        env: Mapping[str, str],
        environment: Callable[[DatabaseAddress], Mapping[str, str]],
        rebuild: bool = False,
    ) -> None:
        super().__init__()
        self._run = create_roomy_run("sqlite")
        path = str(self._run.path / _FILE)
        self.address = DatabaseAddress(engine="sqlite", name=path, path=path)
        self._plan = TemplatePlan(
            settings=settings, root=root, database=path, env=env, environment=environment
        )
        self._rebuild = rebuild
        self._file: RestoredFile | None = None
        self._kept = 0
        self._opened_at: object = None
        self._closed = False
        self.failure: BaseException | None = None
        """Why the database could not be made, if that was tried in vain."""
        self.prepared: SqliteTemplate | None = None
        self.start_seconds = 0.0

    @property
    def name(self) -> str:
        """The constant path of the file."""
        return self.address.path

    @property
    def server_address(self) -> DatabaseAddress:
        """The same address: nothing stands before a file."""
        return self.address

    @property
    def places(self) -> set[tuple[str, int]]:
        """Where connections to it lead."""
        return {self.address.place}

    @property
    def touched(self) -> bool:
        """Whether somebody has written since the file was made."""
        return self.position() != self._opened_at

    def ensure(self) -> None:
        """Build or fetch the template and put a copy in place; once.

        Raises:
            SeatrialError: the same error for every test, if the first attempt failed.
        """
        if self.failure is not None:
            raise self.failure
        if self._isolation is not None or self._closed:
            return
        started = time.perf_counter()
        try:
            self.prepared = fetch_template(self._plan, rebuild=self._rebuild)
            isolation = RestoredFile(file=self._run.path / _FILE, template=self.prepared.file)
            isolation.open()
        except BaseException as failure:
            self.failure = failure
            raise
        self._isolation = self._file = isolation
        self._layers = Layers(isolation, content=isolation.content, separation=CopiesInMemory(isolation))
        self._opened_at = isolation.position()
        self.start_seconds = time.perf_counter() - started

    def keep(self, test: str, replacing: Replacing) -> str | None:
        """Copy the file as a test has left it, to be looked at after the run.

        Returns:
            The command that opens the copy; None where ten are kept already, or there is no database yet.
        """
        del test
        if self._file is None or self._kept >= KEPT_AT_MOST:
            return None
        self._kept += 1
        folder = kept_files(CacheFolder.locate())
        copy = folder / f"{database_name()}.db"
        self._file.keep(str(copy), replacing)
        return shlex.join(("sqlite3", str(copy)))

    def require_tables(self) -> None:
        """Refuse an empty database: an application whose tables nobody made cannot be tested.

        Raises:
            TemplateError: there is no table, although the application has started.
        """
        with contextlib.closing(connect(self.name)) as connection:
            if catalog.tables(connection):
                return
        raise TemplateError(
            "the application has started, and its database has no table",
            code="template.empty-schema",
            remedy="say where the tables come from: schema = { ... } under [tool.seatrial.database]",
        )

    def relations(self) -> list[tuple[str, str]]:
        """Schema (always `main`) and name of every table and view of the file."""
        with contextlib.closing(connect(self.name)) as connection:
            return connection.execute(_RELATIONS).fetchall()

    def left_behind(self) -> IsolationError | None:
        """What a test leaves behind and must not: a lock, or rows whose foreign keys lead nowhere."""
        return self._file.left_behind() if self._file else None

    def handle(self) -> Handle:
        """A handle on the file; it connects at first use."""
        self.ensure()
        return Handle(lambda: connect(self.name), self.address.url)

    def psql(self) -> str | None:
        """The command that opens the database: SQLite's own shell, for this engine."""
        return shlex.join(("sqlite3", self.name)) if self.prepared else None

    def close(self) -> None:
        """Close the file and remove it."""
        if self._closed:
            return
        self._closed = True
        if self._isolation is not None:
            self._isolation.close(drop_databases=False)
        self._run.remove()
