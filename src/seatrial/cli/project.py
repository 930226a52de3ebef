"""The project a command was called in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.errors import SettingsError

if TYPE_CHECKING:
    from seatrial.config import Settings


def settings_of_project() -> Settings:
    """The settings here or above.

    Raises:
        SettingsError: there are none, or they are wrong.
    """
    from seatrial.config import find_settings, load_settings  # noqa: PLC0415 - `--help` stays quick

    file = find_settings(Path.cwd())
    if file is None:
        raise SettingsError(
            f"no seatrial.toml and no pyproject.toml with [tool.seatrial] in {Path.cwd()} or above",
            code="settings.missing",
            remedy="change to the project's folder, or add [tool.seatrial] to its pyproject.toml",
        )
    return load_settings(file)
