"""Decide where the database of a trial will be, before anything of the project is imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.sqlite import choose_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from seatrial.config import DatabaseAddress
    from seatrial.config.settings import DatabaseSettings
    from seatrial.postgres.choice import Choice
    from seatrial.sqlite import SqliteChoice
    from seatrial.trial.database import TestDatabase
    from seatrial.trial.sqlite_database import SqliteDatabase


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What decides which database it is.

    Attributes:
        option: the value of `--seatrial-database`.
        inherited: the environment as it was before seatrial changed it.
        distributed: whether other processes of this run have databases of their own.
        root: the project's folder.
        env: what of the environment is part of the template.
        environment: renders the environment of the application for an address.
        rebuild: whether to build the template anew.
        verify: whether everything is compared after every test.
    """

    option: str | None
    inherited: Mapping[str, str]
    distributed: bool
    root: Path
    env: dict[str, str]
    environment: Callable[[DatabaseAddress | None], dict[str, str]]
    rebuild: bool
    verify: bool


@dataclass(frozen=True, kw_only=True)
class Reserved:
    """A database whose address is known; nothing was started."""

    settings: DatabaseSettings
    choice: Choice | SqliteChoice
    server: TestDatabase | None = None
    file: SqliteDatabase | None = None


def reserve(settings: DatabaseSettings, wanted: Wanted) -> Reserved:
    """The database that settings, option and environment ask for.

    Raises:
        UnsafeTargetError: an explicitly named database is not provably ours.
        SettingsError: what is asked for cannot be served.
    """
    settings, on_sqlite = choose_engine(settings, option=wanted.option, inherited=wanted.inherited)
    if on_sqlite is not None:
        return Reserved(settings=settings, choice=on_sqlite, file=_file(settings, wanted))
    return _on_server(settings, wanted)


def _on_server(settings: DatabaseSettings, wanted: Wanted) -> Reserved:
    from seatrial.trial.database import TestDatabase  # noqa: PLC0415 - only suites with a database
    from seatrial.trial.provider import choose_provider  # noqa: PLC0415

    choice, provider = choose_provider(
        settings, option=wanted.option, inherited=wanted.inherited, distributed=wanted.distributed
    )
    database = TestDatabase(
        settings,
        provider=provider,
        root=wanted.root,
        env=wanted.env,
        environment=wanted.environment,
        rebuild=wanted.rebuild,
        verify=wanted.verify,
    )
    return Reserved(settings=settings, choice=choice, server=database)


def _file(settings: DatabaseSettings, wanted: Wanted) -> SqliteDatabase:
    from seatrial.trial.sqlite_database import SqliteDatabase  # noqa: PLC0415 - only runs on SQLite

    return SqliteDatabase(
        settings,
        root=wanted.root,
        env=wanted.env,
        environment=wanted.environment,
        rebuild=wanted.rebuild,
    )
