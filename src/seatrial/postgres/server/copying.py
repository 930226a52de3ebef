"""Copy a data directory as fast as the file systems allow."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from seatrial.errors import ServerError

if TYPE_CHECKING:
    from pathlib import Path

FICLONE = 0x40049409
CHUNK = 1 << 20
WORKERS = 2
"""More threads do not help: creating files in one file system takes turns in the kernel."""
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
NO_REFLINK = frozenset({errno.EXDEV, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOTTY, errno.EPERM, errno.ENOSYS})


class _Copy:
    """One copy: whether blocks can be shared is learned from the first file."""

    def __init__(self, *, reflink: bool) -> None:
        self.reflink = reflink

    def file(self, source: str, target: str, size: int) -> None:
        """Copy the bytes of one file; it stays private to this user."""
        writer = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            if size == 0:
                return
            reader = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
            try:
                self._content(reader, writer, size)
            finally:
                os.close(reader)
        finally:
            os.close(writer)

    def _content(self, reader: int, writer: int, size: int) -> None:
        if self.reflink:
            try:
                fcntl.ioctl(writer, FICLONE, reader)
            except OSError as error:
                if error.errno not in NO_REFLINK:
                    raise
                self.reflink = False
            else:
                return
        if size > CHUNK:
            _copy_extents(reader, writer, size)
            return
        # Every call counts for a thousand files: none to learn the size again, none to see the end.
        while size and (chunk := os.read(reader, size)):
            _write(writer, chunk)
            size -= len(chunk)


def copy_tree(source: Path, target: Path) -> None:
    """Copy the folder `source` to `target`, an empty folder or none. Nothing is left there after a failure.

    Raises:
        OSError: as the system says; `is_out_of_space` tells the case in which another place may do.
    """
    created = not target.exists()
    if created:
        target.mkdir(mode=0o700)
    try:
        files = _make_folders(os.fspath(source), os.fspath(target))
        copy = _Copy(reflink=sys.platform == "linux" and source.stat().st_dev == target.stat().st_dev)
        with ThreadPoolExecutor(WORKERS) as pool:
            for done in [pool.submit(_copy_files, copy, files[share::WORKERS]) for share in range(WORKERS)]:
                done.result()
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise


def is_out_of_space(error: OSError) -> bool:
    """Whether `error` says that the file system or the quota is full."""
    return error.errno in NO_SPACE


def _make_folders(source: str, target: str) -> list[tuple[str, str, int]]:
    """Create the folders and list the files to copy, with their sizes."""
    files = []
    pending = [(source, target)]
    while pending:
        folder, copy = pending.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                place = f"{copy}/{entry.name}"
                if entry.is_symlink():
                    # A tablespace lies outside the folder: two servers would write the same files.
                    raise ServerError(
                        f"A data directory without links was expected, but {entry.path} is one.",
                        code="server.linked-data",
                        remedy="Do not use tablespaces in a template.",
                    )
                if entry.is_dir():
                    os.mkdir(place, 0o700)  # noqa: PTH102  (a loop over 1000 entries)
                    pending.append((entry.path, place))
                elif stat.S_ISREG((status := entry.stat()).st_mode):
                    files.append((entry.path, place, status.st_size))
    return files


def _copy_files(copy: _Copy, files: list[tuple[str, str, int]]) -> None:
    for source, target, size in files:
        copy.file(source, target, size)


def _copy_extents(reader: int, writer: int, size: int) -> None:
    """Copy data and leave holes: a new WAL file is mostly nothing."""
    os.ftruncate(writer, size)
    position = 0
    while position < size:
        try:
            start = os.lseek(reader, position, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            raise
        position = os.lseek(reader, start, os.SEEK_HOLE)
        os.lseek(reader, start, os.SEEK_SET)
        os.lseek(writer, start, os.SEEK_SET)
        left = position - start
        while left and (chunk := os.read(reader, min(CHUNK, left))):
            _write(writer, chunk)
            left -= len(chunk)


def _write(writer: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(writer, view) :]
