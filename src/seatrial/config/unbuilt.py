"""Refuse what the settings can say but this version does not serve, so that nothing is ignored silently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.errors import SettingsError

if TYPE_CHECKING:
    from seatrial.config.settings import DatabaseSettings, Settings


def refuse_unbuilt(settings: Settings) -> None:
    """Refuse settings that parse and that this version does not serve.

    Raises:
        SettingsError: names the key, the file and what is served instead.
    """
    if settings.database is not None:
        _database(settings, settings.database)
    for name in settings.databases:
        raise _unbuilt(
            settings, f"databases.{name}", "further databases", "one database, in the table database"
        )
    if settings.tests.integration_flag:
        raise _unbuilt(
            settings, "tests.integration_flag", "the option --integration", "pytest -m integration"
        )


def _database(settings: Settings, database: DatabaseSettings) -> None:
    if database.provider == "docker":
        raise _unbuilt(settings, "database.provider", '"docker"', '"auto", "embedded" and "external"')


def _unbuilt(settings: Settings, key: str, what: str, served: str) -> SettingsError:
    return SettingsError(
        f"{settings.key(key)} in {settings.source}: this version of seatrial does not serve {what} yet.",
        code="settings.not-served",
        remedy=f"Served: {served}.",
    )
