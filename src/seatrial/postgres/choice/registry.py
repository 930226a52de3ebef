"""The databases this user has marked, remembered on this machine. It holds no password."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.errors import SettingsError
from seatrial.postgres.choice import libpq_files
from seatrial.postgres.choice.rules import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seatrial.postgres.choice.target import Target

_KEYS = ("host", "port", "database", "user")


@dataclass(frozen=True)
class Registry:
    """`marked.json` in the user's configuration folder; None where there is no home folder."""

    path: Path | None

    @classmethod
    def of_user(cls, environ: Mapping[str, str]) -> Registry:
        """The registry under $XDG_CONFIG_HOME, or ~/.config."""
        configured = environ.get("XDG_CONFIG_HOME", "")
        home = libpq_files.home(environ)
        # The specification asks to ignore relative paths.
        folder = Path(configured) if configured.startswith("/") else home / ".config" if home else None
        return cls(folder / "seatrial" / "marked.json" if folder else None)

    def holds(self, target: Target) -> bool:
        """Whether this host, port, database and user were marked on this machine."""
        return _entry(target) in self._load()

    def add(self, target: Target) -> None:
        """Remember a target.

        Raises:
            SettingsError: there is no folder to write to, or the file is not ours.
        """
        with self._locked() as path:
            entries = self._load()
            if _entry(target) not in entries:
                _write(path, [*entries, _entry(target)])

    def remove(self, target: Target) -> bool:
        """Forget a target; whether it was there."""
        if not self.holds(target):
            return False
        with self._locked() as path:
            _write(path, [entry for entry in self._load() if entry != _entry(target)])
        return True

    def _load(self) -> list[dict[str, str | int]]:
        try:
            data = json.loads(self.path.read_text("utf-8")) if self.path else []
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise self._unusable(error) from error
        if not isinstance(data, list) or any(not isinstance(e, dict) or set(e) != set(_KEYS) for e in data):
            raise self._unusable("it is not a list of host, port, database and user")
        return data

    @contextmanager
    def _locked(self) -> Iterator[Path]:
        """The file, while no other process writes it."""
        if self.path is None:
            raise self._unusable("there is no home folder")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = os.open(self.path.parent, os.O_RDONLY)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield self.path
        except OSError as error:
            raise self._unusable(error) from error
        finally:
            os.close(folder)

    def _unusable(self, why: object) -> SettingsError:
        return SettingsError(
            f"The list of marked databases, {self.path}, cannot be used: {why}.",
            code="database.registry",
            remedy="Remove the file and mark the databases again, or set XDG_CONFIG_HOME to another folder.",
        )


def _entry(target: Target) -> dict[str, str | int]:
    host = target.host if target.is_socket else canonical(target.host)
    return {"host": host, "port": target.port, "database": target.database, "user": target.user}


def _write(path: Path, entries: list[dict[str, str | int]]) -> None:
    """Replace the file in one step: a run that reads it meanwhile sees the old list or the new one."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(entries, file, indent=2)
        file.write("\n")
    draft.replace(path)
