"""The fakes of a trial, and the tested database that some of them stand before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.errors import SettingsError
from seatrial.fakes import Fakes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seatrial.config.settings import Settings
    from seatrial.fakes.databricks.lakebase import Upstream
    from seatrial.trial.database import TestDatabase
    from seatrial.trial.modes import Modes
    from seatrial.trial.sqlite_database import SqliteDatabase

    Database = TestDatabase | SqliteDatabase | None


def make_fakes(
    settings: Settings,
    *,
    modes: Modes,
    inherited: Mapping[str, str],
    database: Callable[[], Database],
) -> Fakes:
    """The declared fakes; nothing is started.

    Args:
        settings: of the project.
        modes: which of them are live.
        inherited: the environment as it was before seatrial changed it.
        database: gives the tested database, once it is reserved.

    Raises:
        FakeError: one is declared wrongly.
    """

    def upstream() -> Upstream:
        from seatrial.trial.database import TestDatabase  # noqa: PLC0415 - only suites with a server
        from seatrial.trial.lakebase import lakebase_upstream  # noqa: PLC0415 - as above

        found = database()
        if not isinstance(found, TestDatabase):
            raise SettingsError(
                "lakebase = true expects a PostgreSQL database behind it, found SQLite",
                code="settings.lakebase",
                remedy=f"set {settings.key('database')}.engine to postgres, or run without sqlite",
            )
        return lakebase_upstream(found)

    return Fakes(
        settings.fakes,
        root=settings.root,
        live=modes.live,
        inherited=inherited,
        allow_hosts=settings.allow_hosts,
        upstream=upstream if settings.database is not None else None,
    )
