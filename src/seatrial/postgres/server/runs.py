"""Run folders: where they lie, who holds them, and how those of dead runs go away."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from seatrial.errors import ServerError
from seatrial.postgres.cache import CacheFolder, entries, private_folder
from seatrial.postgres.server.supervisor import release_shared_memory, remove_tree

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  (private folders of a checked owner are made in it)
LEASE = "lease"
SOCKET_NOTE = "socket-folder"
SOCKET_PREFIX = "seatrial-s-"
LONGEST_SOCKET_PATH = 107
"""`sockaddr_un.sun_path` on Linux, less the final zero; macOS has 103."""
MARGIN = 256 << 20
"""Bytes beyond three times the source that a place must have free."""
RUN = "run-"
UNBORN = ".new-"
TRASH = ".trash-"
UNBORN_SECONDS = 600.0
"""Making a run folder takes a millisecond: what is unfinished later was left by a killed process."""


@dataclass
class RunFolder:
    """A private folder of one server; whoever holds the lock on its lease is alive."""

    path: Path
    lease: int

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        """What the server prints."""
        return self.path / "server.log"

    def close_lease(self) -> None:
        """Leave the lease to the supervisor alone, so that it ends with the supervisor."""
        if self.lease >= 0:
            os.close(self.lease)
            self.lease = -1

    def remove(self) -> None:
        """Delete the folder, and then the lease."""
        _remove(self.path)
        self.close_lease()


def run_roots(*, outside: bool = False) -> list[Path]:
    """Folders of this user in which runs can lie, the fastest first. They need not exist yet.

    Args:
        outside: leave out those that another account cannot reach.
    """
    roots = []
    if SHARED_MEMORY.is_dir() and os.access(SHARED_MEMORY, os.W_OK):
        roots.append(SHARED_MEMORY / f"seatrial-{os.getuid()}")
    roots += [CacheFolder.locate().root / "runs", temporary_folder() / "runs"]
    return [root for root in dict.fromkeys(roots) if not outside or _can_open_passage(root)]


def temporary_folder() -> Path:
    """Where things of this user lie that have no better place."""
    return Path(tempfile.gettempdir()) / f"seatrial-{os.getuid()}"


def has_room(root: Path, source_bytes: int) -> bool:
    """Whether a server on a copy of `source_bytes` can live in `root`."""
    found = os.statvfs(next(folder for folder in (root, *root.parents) if folder.exists()))
    return found.f_bavail * found.f_frsize >= 3 * source_bytes + MARGIN


def create_run(root: Path, label: str = "", *, outside: bool = False) -> RunFolder:
    """Make a run folder with a lease that this process holds.

    Args:
        root: one of `run_roots`; created when absent.
        label: a word to recognise it by.
        outside: let other accounts pass through `root`.
    """
    word = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[:16]
    name = "-".join(part for part in (word, secrets.token_hex(4)) if part)
    unborn = root / f"{UNBORN}{name}"
    while True:
        ready_root(root, outside=outside)
        # The last run of another process may just have removed the empty root.
        with contextlib.suppress(FileNotFoundError):
            unborn.mkdir(mode=0o700)
            break
    lease = os.open(unborn / LEASE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # Only now does it have the name that sweepers look for: they never see a run without its lease.
    path = unborn.rename(root / f"{RUN}{name}")
    return RunFolder(path=path, lease=lease)


def create_roomy_run(label: str) -> RunFolder:
    """Make a run folder for files of moderate size, once those that dead runs left are gone.

    Args:
        label: a word to recognise it by.
    """
    sweep_stale_runs()
    places = run_roots()
    return create_run(next((place for place in places if has_room(place, 0)), places[-1]), label)


def ready_root(root: Path, *, outside: bool = False) -> None:
    """Create `root` for this user alone, or for others to pass through."""
    folders = [root.parent, root] if root.name == "runs" else [root]
    for folder in folders:
        private_folder(folder)
        if outside:
            folder.chmod(0o711)


def sweep_stale_runs(roots: list[Path] | None = None) -> list[Path]:
    """Delete run folders whose supervisor is dead.

    Returns:
        The folders deleted; those in use by any live run are not touched.
    """
    stale: list[Path] = []
    for root in run_roots() if roots is None else roots:
        # The last run of another process removes its folders, and the root with them, at the same time.
        with contextlib.suppress(FileNotFoundError):
            stale += _sweep(root)
    return stale


def socket_folder(run: RunFolder, port: int) -> Path:
    """Choose a folder, private to us, in which the socket's path is short enough.

    Raises:
        ServerError: no such folder exists on this machine.
    """
    own = run.path / "s"
    if _fits(own, port):
        own.mkdir(mode=0o700)
        return own
    for base in (tempfile.gettempdir(), "/tmp", SHARED_MEMORY):  # noqa: S108  (mkdtemp makes it private)
        if not _fits(Path(base) / f"{SOCKET_PREFIX}12345678", port):
            continue
        with contextlib.suppress(OSError):
            folder = Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir=base))
            (run.path / SOCKET_NOTE).write_text(str(folder), encoding="utf-8")
            return folder
    raise ServerError(
        f"A Unix socket path of at most {LONGEST_SOCKET_PATH} bytes is needed, but {own} is too long, "
        "and none of the folders for temporary files can be used instead.",
        code="server.socket-path",
        remedy="Set TMPDIR or SEATRIAL_CACHE to a folder with a short name.",
    )


def _sweep(root: Path) -> list[Path]:
    if not _is_own(root):
        return []
    stale = []
    for folder in entries(root, f"{RUN}*"):
        if _is_free(folder):
            with contextlib.suppress(FileNotFoundError):
                folder.rename(root / f"{TRASH}{folder.name}")
                stale.append(folder)
    for rest in (*entries(root, f"{TRASH}*"), *filter(_is_old, entries(root, f"{UNBORN}*"))):
        _remove(rest)
    if stale:
        with contextlib.suppress(OSError):
            root.rmdir()
    return stale


def _fits(folder: Path, port: int) -> bool:
    return len(os.fsencode(folder / f".s.PGSQL.{port}")) <= LONGEST_SOCKET_PATH


def _is_own(root: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return root.is_dir() and root.stat().st_uid == os.getuid()
    return False


def _is_old(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return folder.stat().st_mtime < time.time() - UNBORN_SECONDS
    return False


def _is_free(folder: Path) -> bool:
    try:
        lease = os.open(folder / LEASE, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(lease)


def _remove(folder: Path) -> None:
    release_shared_memory(str(folder / "data"))
    with contextlib.suppress(OSError):
        noted = Path((folder / SOCKET_NOTE).read_text(encoding="utf-8"))
        if noted.name.startswith(SOCKET_PREFIX) and noted.lstat().st_uid == folder.stat().st_uid:
            remove_tree(str(noted))
    remove_tree(str(folder))
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


def _can_open_passage(root: Path) -> bool:
    """Whether another account would get as far as `root`, once our own folders above it let it pass."""
    ours = (
        (root, root.parent) if root.name == "runs" and root.parent.name.startswith("seatrial-") else (root,)
    )
    return all(
        folder.stat().st_mode & 0o001 for folder in root.parents if folder not in ours and folder.exists()
    )
