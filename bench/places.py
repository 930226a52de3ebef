"""The file systems on which servers are measured: shared memory, and the disk where it is another."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.postgres.cache import CacheFolder
from seatrial.postgres.server import runs

if TYPE_CHECKING:
    from collections.abc import Iterator

_CACHE = "SEATRIAL_CACHE"
_MOUNTS = Path("/proc/mounts")


@dataclass(frozen=True)
class Place:
    """A folder on one file system, and whether our servers would choose it by themselves."""

    folder: Path
    shared_memory: bool

    @property
    def name(self) -> str:
        """The kind of the file system, such as `tmpfs` or `ext4`."""
        return _kind(self.folder)


def places() -> list[Place]:
    """Where a server can lie, the fastest first."""
    disk = Place(CacheFolder.locate().root, shared_memory=False)
    memory = runs.SHARED_MEMORY
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        return [disk]
    fast = Place(memory, shared_memory=True)
    return [fast] if memory.stat().st_dev == disk.folder.stat().st_dev else [fast, disk]


@contextlib.contextmanager
def working_in(place: Place, *, folder: Path | None = None) -> Iterator[Path]:
    """Let every server of this process lie in `place`, with a cache of its own there.

    Args:
        place: one of `places()`.
        folder: one that a surrounding call made; by default a new one, which is deleted afterwards.
    """
    root = Path(tempfile.mkdtemp(prefix="bench-", dir=place.folder)) if folder is None else folder
    cache, memory = os.environ.get(_CACHE), runs.SHARED_MEMORY
    os.environ[_CACHE] = str(root / "cache")
    if not place.shared_memory:
        # Servers prefer shared memory; there is no setting against it, because no suite wants one.
        runs.SHARED_MEMORY = root / "absent"
    try:
        yield root
    finally:
        runs.SHARED_MEMORY = memory
        if cache is None:
            del os.environ[_CACHE]
        else:
            os.environ[_CACHE] = cache
        if folder is None:
            shutil.rmtree(root, ignore_errors=True)


def _kind(folder: Path) -> str:
    if not _MOUNTS.exists():
        return "disk"
    mounts = (line.split() for line in _MOUNTS.read_text(encoding="utf-8").splitlines())
    above = {fields[1]: fields[2] for fields in mounts if folder.is_relative_to(fields[1])}
    return above[max(above, key=len)]
