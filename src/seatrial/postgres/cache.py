"""The per-user cache: prepared data and templates, built once and shared by concurrent runs."""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MANIFEST = "manifest.json"
MANIFEST_FORMAT = 1
SCRATCH_MARK = ".building-"
ASIDE_MARK = ".corrupt-"
LOCK_SUFFIX = ".lock"
LOCK_POLL_SECONDS = 0.02
LOCK_WAIT_SECONDS = 300.0
"""Longer than any sensible chain of migrations takes, since that is what the holder may be building."""


@contextlib.contextmanager
def locked(path: Path, *, wait: float = LOCK_WAIT_SECONDS) -> Iterator[None]:
    """Hold an exclusive lock on the file `path`, which stays behind when the lock is given up.

    Args:
        path: created when absent; names its holder while locked.
        wait: seconds to wait for another process.

    Raises:
        ServerError: another process kept the lock for longer; it is named.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise _busy(path, descriptor, wait) from None
                time.sleep(LOCK_POLL_SECONDS)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} ({Path(sys.argv[0]).name})".encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
            # A process forked meanwhile shares the lock, so closing alone would not give it up.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def _busy(path: Path, descriptor: int, wait: float) -> ServerError:
    holder = os.pread(descriptor, 200, 0).decode(errors="replace") or "an unnamed process"
    return ServerError(
        f"The cache entry {path.name.removesuffix(LOCK_SUFFIX)} is being built by {holder} "
        f"and was not free after {wait:g} s.",
        code="cache.busy",
        remedy=f"Wait for that process or end it; {path} is released when it ends.",
    )


@dataclass(frozen=True)
class CacheFolder:
    """A private folder of finished things, `root/kind/key`, each with a manifest of its size."""

    root: Path

    @classmethod
    def locate(cls, env: Mapping[str, str] = os.environ) -> CacheFolder:
        """Find the cache of this user and create it.

        `$SEATRIAL_CACHE`, else `$XDG_CACHE_HOME/seatrial`, else the user's cache folder; when that is not
        ours or cannot be written, a private folder among the temporary files.

        Raises:
            ServerError: not even the temporary folder can be had, or another user owns it.
        """
        named = env.get("SEATRIAL_CACHE")
        candidate = Path(named).expanduser().absolute() if named else _usual_folder(env)
        if candidate is not None and _usable(candidate, explicit=bool(named)):
            return cls(candidate)
        return cls(private_folder(Path(tempfile.gettempdir()) / f"seatrial-{os.getuid()}"))

    def entry(
        self,
        kind: str,
        key: str,
        build: Callable[[Path], None],
        *,
        valid: Callable[[Path], bool],
        wait: float = LOCK_WAIT_SECONDS,
    ) -> Path:
        """Give the entry `kind/key`, building it when it is absent, damaged or not `valid`.

        Args:
            kind: what it is, such as `data` or `template`.
            key: a hash of everything that made it.
            build: fills the folder it is given; runs in one process at a time.
            valid: says whether a finished entry can be used; its files are all there with the right sizes.
            wait: seconds to wait while another process builds the same entry.

        Raises:
            ServerError: another process is still building after `wait`, or there is no space.
        """
        folder = self.root / kind / key
        if _intact(folder, valid):
            os.utime(folder)
            return folder
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(folder.with_name(key + LOCK_SUFFIX), wait=wait):
            if not _intact(folder, valid):
                self._rebuild(folder, build)
        os.utime(folder)
        return folder

    def prune(self, *, older_than_days: int = 14) -> list[Path]:
        """Delete entries, and rests of interrupted builds, that nobody used for so many days.

        Returns:
            The folders deleted. Entries that are being built now are left alone.
        """
        oldest = time.time() - older_than_days * 86400
        removed = []
        for folder in (entry for kind in entries(self.root, "*") for entry in entries(kind, "*")):
            if folder.is_symlink() or not folder.is_dir() or _used(folder) > oldest:
                continue
            key = folder.name.partition(SCRATCH_MARK)[0].partition(ASIDE_MARK)[0]
            try:
                with locked(folder.with_name(key + LOCK_SUFFIX), wait=0):
                    shutil.rmtree(folder, ignore_errors=True)
            except ServerError:
                continue
            removed.append(folder)
        return removed

    def _rebuild(self, folder: Path, build: Callable[[Path], None]) -> None:
        # The lock is ours, so whatever lies here half built belongs to a process that is dead.
        for rest in (*folder.parent.glob(f"{folder.name}{SCRATCH_MARK}*"), *_set_aside(folder)):
            shutil.rmtree(rest, ignore_errors=True)
        scratch = Path(tempfile.mkdtemp(prefix=folder.name + SCRATCH_MARK, dir=folder.parent))
        try:
            build(scratch)
            files, size = measure(scratch)
            manifest = {"format": MANIFEST_FORMAT, "key": folder.name, "files": files, "bytes": size}
            (scratch / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
            scratch.rename(folder)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise


def entries(folder: Path, pattern: str) -> list[Path]:
    """What a folder holds, sorted; nothing where another process has just removed the folder itself."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return sorted(folder.glob(pattern))
    return []


def _used(folder: Path) -> float:
    with contextlib.suppress(FileNotFoundError):
        return folder.stat().st_mtime
    return math.inf


def private_folder(path: Path) -> Path:
    """Create `path` for this user alone, or take it when it is ours already.

    Raises:
        ServerError: it belongs to another user, is a link, or cannot be created.
    """
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise ServerError(
            f"No cache folder can be created: {path}: {error.strerror}.",
            code="cache.unusable",
            remedy="Set SEATRIAL_CACHE to a folder that this user can write.",
        ) from error
    if found.st_uid != os.getuid() or path.is_symlink() or not path.is_dir():
        raise ServerError(
            f"{path} should be a folder of user {os.getuid()}, but it belongs to user {found.st_uid}.",
            code="cache.foreign",
            remedy="Delete it, or set SEATRIAL_CACHE to a folder that this user can write.",
        )
    if found.st_mode & 0o022:
        path.chmod(0o700)
    return path


def measure(folder: Path) -> tuple[int, int]:
    """Count the files below `folder` and their bytes, without the manifest. Links are not followed."""
    files = size = 0
    pending = [os.fspath(folder)]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif entry.name != MANIFEST:
                    files += 1
                    size += entry.stat(follow_symlinks=False).st_size
    return files, size


def _usual_folder(env: Mapping[str, str]) -> Path | None:
    if env.get("XDG_CACHE_HOME"):
        return Path(env["XDG_CACHE_HOME"]).absolute() / "seatrial"
    if not env.get("HOME"):
        return None
    parts = ("Library", "Caches") if sys.platform == "darwin" else (".cache",)
    return Path(env["HOME"], *parts, "seatrial").absolute()


def _usable(folder: Path, *, explicit: bool) -> bool:
    try:
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
        # Under `sudo` the home is another user's: a folder of ours there would lock its owner out.
        if not explicit and nearest.stat().st_uid != os.getuid():
            return False
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder.stat().st_uid == os.getuid() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)
    except OSError:
        return False


def _intact(folder: Path, valid: Callable[[Path], bool]) -> bool:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        recorded = (manifest["format"], manifest["key"], manifest["files"], manifest["bytes"])
        return recorded == (MANIFEST_FORMAT, folder.name, *measure(folder)) and valid(folder)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _set_aside(folder: Path) -> list[Path]:
    """Move a damaged entry out of the way in one step, so that nobody sees it half deleted."""
    if not os.path.lexists(folder):
        return []
    aside = Path(tempfile.mkdtemp(prefix=folder.name + ASIDE_MARK, dir=folder.parent))
    folder.rename(aside / folder.name)
    return [aside]
