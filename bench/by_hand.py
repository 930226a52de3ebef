"""A server as a hand-written fixture starts it: `initdb`, our settings, `pg_ctl -w start`."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.postgres.server import ADMIN_ROLE, Binaries, ReservedPort, ServerOptions
from seatrial.postgres.server.identity import program_environment
from seatrial.postgres.server.options import HBA, render

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_INITDB = ("-U", ADMIN_ROLE, "-A", "trust", "-E", "UTF8", "--no-locale")


@contextlib.contextmanager
def server_by_hand(binaries: Binaries, root: Path, port: ReservedPort, more: Sequence[str]) -> Iterator[str]:
    """Start a server below `root` and give its connection string; stop it and delete its folder.

    Args:
        binaries: the PostgreSQL to run.
        root: on the file system that is measured.
        port: reserved before the clock runs.
        more: further arguments of `initdb`.
    """
    folder = Path(tempfile.mkdtemp(dir=root))
    data = folder / "data"
    control = ("-D", data, "-w", "-s")
    try:
        _run(binaries.bin / "initdb", "-D", data, *_INITDB, *more)
        text = render(
            options=ServerOptions(),
            major=binaries.major,
            port=port.port,
            socket_dir=folder,
            control_path=None,
        )
        (data / "postgresql.conf").write_text(text, encoding="utf-8")
        (data / "pg_hba.conf").write_text(HBA, encoding="utf-8")
        _run(binaries.bin / "pg_ctl", "start", *control, "-l", folder / "log")
        try:
            yield f"host={folder} port={port.port} user={ADMIN_ROLE} dbname=postgres"
        finally:
            _run(binaries.bin / "pg_ctl", "stop", *control, "-m", "immediate")
    finally:
        shutil.rmtree(folder)


def _run(*command: str | Path) -> None:
    # PostgreSQL refuses root, so root runs the programs as our launcher does: in a user namespace.
    enter = ["unshare", "--user", "--map-user=65534", "--map-group=65534"] if os.getuid() == 0 else []
    subprocess.run(
        [*enter, *map(str, command)],
        check=True,
        env=program_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
