"""Databases of failed tests, kept so that somebody can look into them after the run."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import shlex
import shutil
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import seatrial.postgres.server as servers
from seatrial.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from seatrial.postgres.cache import CacheFolder

KEPT_DAYS = 14
KEPT_RUNS = 10
KEPT_AT_MOST = 10
"""Databases of one process."""
_FOLDER = "kept"
_MANIFEST = "kept.json"
_NAME = re.compile(r"seatrial_kept_(\d{8})_[0-9a-f]{6}")


def database_name() -> str:
    """A new name for a kept database; its date tells when it may be dropped."""
    return f"seatrial_kept_{_today():%Y%m%d}_{secrets.token_hex(3)}"


def is_outdated(database: str) -> bool:
    """Whether a database of this name was kept, more than 14 days ago."""
    kept = _NAME.fullmatch(database)
    oldest = f"{_today() - timedelta(days=KEPT_DAYS):%Y%m%d}"
    return kept is not None and kept[1] < oldest


def kept_files(cache: CacheFolder) -> Path:
    """The folder for kept databases that are files, without those that are outdated."""
    folder = cache.root / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    for file in folder.glob("*.db"):
        if is_outdated(file.stem):
            file.unlink(missing_ok=True)
    return folder


def run_name() -> str:
    """A new name for the kept databases of one process; later ones are greater."""
    return f"{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"  # noqa: DTZ005 (a time as people read it)


@dataclass(frozen=True, kw_only=True)
class KeptRun:
    """The data directory of an embedded server, with databases of tests that failed on it."""

    folder: Path
    bin: str
    """The folder of the programs that can serve it."""
    stand_ins: tuple[str, ...]
    tests: Mapping[str, str]
    """The name of each kept database, and the test it belongs to."""

    @classmethod
    def all(cls, cache: CacheFolder) -> list[KeptRun]:
        """What is kept, oldest first."""
        found = []
        for manifest in sorted((cache.root / _FOLDER).glob(f"*/{_MANIFEST}")):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                values = json.loads(manifest.read_text(encoding="utf-8"))
                found.append(
                    cls(
                        folder=manifest.parent,
                        bin=values["bin"],
                        stand_ins=tuple(values["stand_ins"]),
                        tests=dict(values["tests"]),
                    )
                )
        return found

    @classmethod
    def find(cls, cache: CacheFolder, name: str) -> KeptRun:
        """One kept run by its name, or the latest if the name is empty.

        Raises:
            ServerError: there is none of that name.
        """
        runs = cls.all(cache)
        for run in reversed(runs):
            if name in ("", run.folder.name):
                return run
        wanted = f"nothing is kept under the name {name!r}" if name else "nothing is kept"
        raise ServerError(
            f"{wanted} in {cache.root / _FOLDER}",
            code="kept.unknown",
            remedy="run the failing test with --seatrial-keep, or take one of the names below",
            detail="\n".join(run.folder.name for run in runs),
        )

    @classmethod
    def store(
        cls,
        server: servers.EmbeddedServer,
        *,
        cache: CacheFolder,
        name: str,
        settings: tuple[str, Sequence[str]],
        tests: Mapping[str, str],
    ) -> None:
        """Stop a server and keep its data; of older runs the latest nine stay.

        Args:
            server: has no database but those that shall be kept and its templates.
            cache: where to keep it.
            name: from `run_name`.
            settings: the folder of the server's programs, and its stand-ins.
            tests: the name of each kept database, and the test it belongs to.

        Raises:
            ServerError: it did not shut down cleanly.
        """
        folder = cache.root / _FOLDER / name
        folder.mkdir(mode=0o700, parents=True)
        server.stop_and_keep(folder / "data")
        values = {"bin": settings[0], "stand_ins": list(settings[1]), "tests": dict(tests)}
        (folder / _MANIFEST).write_text(json.dumps(values, indent=1), encoding="utf-8")
        cls.prune(cache)

    @classmethod
    def prune(cls, cache: CacheFolder) -> None:
        """Delete all but the latest ten."""
        for run in cls.all(cache)[:-KEPT_RUNS]:
            shutil.rmtree(run.folder, ignore_errors=True)

    @contextlib.contextmanager
    def served(self) -> Iterator[dict[str, str]]:
        """Serve a copy of it; each test, and the command that opens its database."""
        binaries = servers.find_binaries(self.bin)
        port = servers.ReservedPort.reserve()
        server = servers.EmbeddedServer.start(
            source=self.folder / "data",
            binaries=binaries,
            port=port.port,
            options=servers.ServerOptions(stand_ins=self.stand_ins),
        )
        psql = binaries.bin / "psql"
        words = (
            psql if psql.exists() else "psql",
            "-h",
            server.socket_dir,
            "-p",
            port.port,
            "-U",
            servers.ADMIN_ROLE,
        )
        try:
            yield {
                test: shlex.join(str(word) for word in (*words, "-d", database))
                for database, test in self.tests.items()
            }
        finally:
            server.stop()
            port.release()


def _today() -> date:
    return date.today()  # noqa: DTZ011 (a date as people read it)
