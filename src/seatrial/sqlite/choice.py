"""Whether a run is on SQLite, and how loudly it says so."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seatrial.config.settings import DatabaseSettings, Engine

_OPTION, _VARIABLE = "--seatrial-database", "TESTING_DATABASE_URL"
_UNTESTED = "PostgreSQL's types, row-level security, roles, extensions, locks, concurrent writers"
_NAMES_SQLITE = re.compile(r"sqlite3?(\+\w+)?(:.*)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class SqliteChoice:
    """A run on SQLite: who asked for it, and which settings say nothing to it."""

    source: str
    names_a_file: bool = False
    """Whether a file was named, which is left alone: tests run on a file of our own."""
    passed_over: tuple[str, ...] = ()

    def header_lines(self) -> list[str]:
        """What nobody may overlook, then the details."""
        lines = [
            f"database: SQLite {sqlite3.sqlite_version}, NOT PostgreSQL ({self.source})",
            f"not tested on SQLite: {_UNTESTED}",
        ]
        if self.names_a_file:
            lines.append(f"the file that {self.source} names is not touched: tests run on one of their own")
        if self.passed_over:
            lines.append(f"settings passed over, which only PostgreSQL has: {', '.join(self.passed_over)}")
        return [*lines, "isolation: the file is restored for every test, connections stay open"]


def choose_engine(
    settings: DatabaseSettings, *, option: str | None, inherited: Mapping[str, str]
) -> tuple[DatabaseSettings, SqliteChoice | None]:
    """Decide between the engines: what is named explicitly for this run wins over the setting.

    An inherited `DATABASE_URL` never makes a run one on SQLite.

    Returns:
        The settings with the engine of this run, and the choice of SQLite, None where it is PostgreSQL.
    """
    source, text = _explicit(settings, option, inherited)
    engine = _engine_of(text) if text is not None else settings.engine
    chosen = replace(settings, engine=engine)
    if engine == "postgres":
        return chosen, None
    if settings.engine == "sqlite":
        return chosen, SqliteChoice(source='engine = "sqlite"', names_a_file=_names_a_file(text))
    return chosen, SqliteChoice(
        source=source,
        names_a_file=_names_a_file(text),
        passed_over=tuple(settings.only_for_postgres()),
    )


def _explicit(
    settings: DatabaseSettings, option: str | None, inherited: Mapping[str, str]
) -> tuple[str, str | None]:
    if option is not None:
        return _OPTION, option
    # This provider means: whatever the environment says, unless the option names something else.
    if settings.provider == "embedded":
        return "", None
    return _VARIABLE, inherited.get(_VARIABLE, "").strip() or None


def _engine_of(text: str) -> Engine:
    return "sqlite" if _NAMES_SQLITE.fullmatch(text.strip()) else "postgres"


def _names_a_file(text: str | None) -> bool:
    place = (text or "").partition("://")[2].partition("?")[0]
    return place.strip("/") not in ("", ":memory:")
