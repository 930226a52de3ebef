"""Data directories fresh from `initdb`, made once per version and kept in the cache."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from seatrial.errors import ServerError
from seatrial.postgres.server.copying import copy_tree
from seatrial.postgres.server.launch import Launch, attempt, roots_with_room
from seatrial.postgres.server.options import ADMIN_ROLE

if TYPE_CHECKING:
    from pathlib import Path

    from seatrial.postgres.cache import CacheFolder
    from seatrial.postgres.server.binaries import Binaries
    from seatrial.postgres.server.identity import Identity

FORMAT = "1"
"""To be raised when the content of prepared data changes in a way that the options do not show."""
DATA = "data"
FRESH_BYTES = 40 << 20
INITDB_SECONDS = 120.0
C_UTF8_SINCE = 17
SETTINGS_SINCE = 16
CHECKSUMS_SINCE = 18


def prepared_data(binaries: Binaries, cache: CacheFolder) -> Path:
    """Give the data directory for `EmbeddedServer.start`, running `initdb` only the first time.

    Raises:
        ServerError: `initdb` failed or may not run here, or another process holds the cache too long.
    """
    options = initdb_options(binaries.major)
    program = (binaries.bin / "postgres").stat()
    made_of = (FORMAT, binaries.version, str(binaries.bin), program.st_size, program.st_mtime_ns, *options)
    key = hashlib.sha256(repr(made_of).encode()).hexdigest()[:24]

    def valid(folder: Path) -> bool:
        return (folder / DATA / "PG_VERSION").read_text(encoding="ascii").strip() == str(binaries.major)

    def build(folder: Path) -> None:
        attempt(lambda identity: _initdb(binaries, options, folder / DATA, identity), initdb=True)

    return cache.entry("data", key, build, valid=valid) / DATA


def initdb_options(major: int) -> list[str]:
    """The arguments of `initdb`, apart from the folder."""
    options = [f"--username={ADMIN_ROLE}", "--auth=trust", "--encoding=UTF8", "--no-sync", "--no-locale"]
    if major >= C_UTF8_SINCE:
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if major >= SETTINGS_SINCE:
        options += ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "wal_init_zero=off"]
    if major >= CHECKSUMS_SINCE:
        options += ["--no-data-checksums"]
    return options


def _initdb(binaries: Binaries, options: list[str], target: Path, identity: Identity) -> None:
    root = roots_with_room(identity, FRESH_BYTES)[0]
    with Launch(binaries=binaries, identity=identity, root=root, label="initdb") as launch:
        launch.spawn("initdb", "-D", launch.run.data, *options)
        if not launch.supervised.has_exited(within=INITDB_SECONDS) or launch.supervised.exit_status != 0:
            raise ServerError(
                f"initdb of PostgreSQL {binaries.version} should have made a data directory, but failed.",
                code="server.initdb",
                remedy="Read its last lines below, set right what they name, and run again.",
                detail=launch.log_tail(),
            )
        copy_tree(launch.run.data, target)
