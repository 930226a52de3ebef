"""Which file holds the settings of a project."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seatrial.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

VCS_FOLDERS = (".git", ".hg", ".svn", ".jj")
_HEADER = re.compile(rb"""^\s*\[+\s*["']?tool["']?\s*\.\s*["']?seatrial["']?\s*[\].]""", re.MULTILINE)


def find_settings(start: Path, *, stop: Path | None = None) -> Path | None:
    """Return the nearest settings file at or above `start`.

    That is a `seatrial.toml`, or a `pyproject.toml` with a `[tool.seatrial]` table.

    Args:
        start: the folder (or a file in it) where the search begins.
        stop: the last folder searched; default: the root of the repository, else of the file system.

    Raises:
        SettingsError: one folder holds both files.
    """
    folder = start.absolute()
    if folder.is_file():
        folder = folder.parent
    last = stop.absolute() if stop is not None else None
    for place in (folder, *folder.parents):
        found = _in_folder(place)
        if found is not None:
            return found
        if place == last or (last is None and _is_repository(place)):
            return None
    return None


def _in_folder(folder: Path) -> Path | None:
    own, shared = folder / "seatrial.toml", folder / "pyproject.toml"
    has_shared = shared.is_file() and _has_table(shared)
    if not own.is_file():
        return shared if has_shared else None
    if has_shared:
        raise SettingsError(
            f"Expected one settings file, found both {own} and [tool.seatrial] in {shared}.",
            code="settings.two-files",
            remedy="Move everything into one of them and delete the other.",
        )
    return own


def _has_table(pyproject: Path) -> bool:
    try:
        content = pyproject.read_bytes()
    except OSError:
        return False
    if b"seatrial" not in content:
        return False
    import tomllib  # noqa: PLC0415 -- a project without seatrial must not pay for the parser

    try:
        tool = tomllib.loads(content.decode()).get("tool")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # Say yes, so that loading it reports the syntax error instead of ignoring the settings.
        return _HEADER.search(content) is not None
    return isinstance(tool, dict) and "seatrial" in tool


def _is_repository(folder: Path) -> bool:
    return any((folder / name).exists() for name in VCS_FOLDERS)
