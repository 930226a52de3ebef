"""A PostgreSQL server of our own: started on a copy of a data directory, gone without a trace."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from seatrial.errors import ServerError
from seatrial.postgres.cache import measure
from seatrial.postgres.server.copying import copy_tree, is_out_of_space
from seatrial.postgres.server.extensions import install_stand_ins
from seatrial.postgres.server.launch import Launch, attempt, no_space, roots_with_room, take_back
from seatrial.postgres.server.options import ADMIN_ROLE, HBA, ServerOptions, render
from seatrial.postgres.server.ports import ReservedPort
from seatrial.postgres.server.runs import socket_folder, sweep_stale_runs

if TYPE_CHECKING:
    from pathlib import Path

    from seatrial.postgres.server.binaries import Binaries
    from seatrial.postgres.server.identity import Identity

START_SECONDS = 30.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.001
STATUS_LINE = 7
"""The line of `postmaster.pid` (from 0) that says `ready`."""


@dataclass(frozen=True, kw_only=True)
class EmbeddedServer:
    """A running server. It ends with `stop`, and at the latest with the process that started it."""

    port: int
    run_dir: Path
    data_dir: Path
    socket_dir: Path
    version: str
    pid: int
    _launch: Launch = field(repr=False)

    @classmethod
    def start(
        cls, *, source: Path, binaries: Binaries, port: int, options: ServerOptions, label: str = ""
    ) -> EmbeddedServer:
        """Copy the data directory `source` and serve it; return when connections are accepted.

        Args:
            source: a data directory of the same major version that no server uses; it is not changed.
            binaries: the PostgreSQL to run.
            port: on 127.0.0.1, as a rule from `ReservedPort`.
            options: how to tune it.
            label: a word that shows in the run folder's name.

        Raises:
            ServerError: no space, no usable identity, or the server ended; its last lines are included.
        """
        _require_version(source, binaries)
        sweep_stale_runs()
        size = measure(source)[1]

        def start_as(identity: Identity) -> EmbeddedServer:
            roots = roots_with_room(identity, size)
            for root in roots:
                try:
                    launch = Launch(binaries=binaries, identity=identity, root=root, label=label)
                    return cls._serve(launch, source, port, options)
                except OSError as error:
                    if not is_out_of_space(error):
                        raise
            raise no_space(roots)

        return attempt(start_as)

    @classmethod
    def _serve(cls, launch: Launch, source: Path, port: int, options: ServerOptions) -> EmbeddedServer:
        run = launch.run
        try:
            copy_tree(source, run.data)
            sockets = socket_folder(run, port)
            if not sockets.is_relative_to(run.path):
                launch.also_remove(sockets)
            control = install_stand_ins(
                options.stand_ins, binaries=launch.binaries, folder=run.path / "stand-ins"
            )
            text = render(
                options=options,
                major=launch.binaries.major,
                port=port,
                socket_dir=sockets,
                control_path=control,
            )
            (run.data / "postgresql.conf").write_text(text, encoding="utf-8")
            (run.data / "pg_hba.conf").write_text(HBA, encoding="utf-8")
            ReservedPort.hand_over(port)
            pid = launch.spawn("postgres", "-D", run.data)
            _wait_until_ready(launch, port)
        except BaseException:
            launch.close()
            raise
        return cls(
            port=port,
            run_dir=run.path,
            data_dir=run.data,
            socket_dir=sockets,
            version=launch.binaries.version,
            pid=pid,
            _launch=launch,
        )

    def admin_dsn(self, database: str = "postgres") -> str:
        """The libpq connection string of the superuser, over the Unix socket, which needs no password."""
        words = {"host": self.socket_dir, "port": self.port, "user": ADMIN_ROLE, "dbname": database}
        return " ".join(f"{name}={_quoted(str(value))}" for name, value in words.items())

    def stop(self) -> None:
        """End the server at once and delete its folder. Does nothing when repeated, or in a forked child."""
        self._launch.close()

    def restart(self) -> EmbeddedServer:
        """Shut down as an administrator does, every session is ended, and serve the same data again.

        Raises:
            ServerError: it did not shut down within 60 s, or did not start.
        """
        supervised = self._launch.supervised
        supervised.signal(signal.SIGINT)
        if not supervised.has_exited(within=STOP_SECONDS):
            raise ServerError(
                "PostgreSQL should have shut down for a restart, but did not.",
                code="server.stop",
                remedy="Read its last lines below and run again.",
                detail=self._launch.log_tail(),
            )
        supervised.exit_status = None
        pid = self._launch.spawn("postgres", "-D", self.data_dir)
        _wait_until_ready(self._launch, self.port)
        return replace(self, pid=pid)

    def stop_and_keep(self, destination: Path) -> None:
        """Shut down cleanly and leave the data directory as `destination`, which must not exist yet.

        Raises:
            ServerError: the server did not shut down cleanly within 60 s; nothing is kept.
        """
        supervised = self._launch.supervised
        try:
            supervised.signal(signal.SIGINT)
            if not supervised.has_exited(within=STOP_SECONDS) or supervised.exit_status != 0:
                raise ServerError(
                    "PostgreSQL should have shut down cleanly, but did not.",
                    code="server.stop",
                    remedy="Read its last lines below and run again.",
                    detail=self._launch.log_tail(),
                )
            if self._launch.identity.kind == "setuid":
                take_back(self.data_dir)
            (self.data_dir / "postmaster.opts").unlink(missing_ok=True)
            _drop_spare_wal(self.data_dir, self._launch.binaries)
            _move(self.data_dir, destination)
        finally:
            self.stop()


def _require_version(source: Path, binaries: Binaries) -> None:
    try:
        found = (source / "PG_VERSION").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        found = "no data directory"
    if found != str(binaries.major):
        raise ServerError(
            f"{source} should hold data of PostgreSQL {binaries.major}, but holds {found}.",
            code="server.wrong-data",
            remedy="Delete that folder: it is built again.",
        )


def _wait_until_ready(launch: Launch, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _is_ready(launch.run.data):
        if launch.supervised.has_exited(within=POLL_SECONDS):
            raise ServerError(
                f"PostgreSQL {launch.binaries.version} should serve port {port}, but ended while starting "
                f"(status {launch.supervised.exit_status}).",
                code="server.died",
                remedy="Its last lines below name the cause: a refused setting, a used port, no memory.",
                detail=launch.log_tail(),
            )
        if time.monotonic() > deadline:
            raise ServerError(
                f"PostgreSQL {launch.binaries.version} was not ready within {START_SECONDS:g} s.",
                code="server.slow",
                remedy="Look at the load of this machine and at the server's last lines below.",
                detail=launch.log_tail(),
            )


def _is_ready(data: Path) -> bool:
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready"


def _drop_spare_wal(data: Path, binaries: Binaries) -> None:
    """Delete WAL that a clean start does not read: each file would be copied with every later start."""
    program = binaries.bin / "pg_controldata"
    if not program.exists():
        return
    printed = subprocess.run(
        [program, data],
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
    ).stdout
    needed = re.search(r"REDO WAL file:\s+([0-9A-F]{24})", printed)
    if needed is None or not (data / "pg_wal" / needed[1]).exists():
        return
    for file in (data / "pg_wal").iterdir():
        if re.fullmatch(r"[0-9A-F]{24}", file.name) and file.name != needed[1]:
            file.unlink()


def _move(source: Path, destination: Path) -> None:
    with contextlib.suppress(OSError):
        source.rename(destination)
        return
    copy_tree(source, destination)
    shutil.rmtree(source, ignore_errors=True)


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
