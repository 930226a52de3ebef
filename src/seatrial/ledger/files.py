"""Where a ledger is written: a part for each process beside the place of the whole."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING

from seatrial.errors import LedgerError
from seatrial.ledger.merging import merge

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

_MAIN = "main"


class LedgerFiles:
    """The files of one run in one process.

    The parts of a run are named like its ledger, with the process's name and `.part` behind it. Who has a
    part open holds a lock on it, which the system takes back when the process ends.

    Args:
        path: the ledger, as it will be at the end of the run.
        worker: `main`, or the name of the xdist worker this process is.
    """

    def __init__(self, path: Path, *, worker: str = _MAIN) -> None:
        self.path = path.absolute()
        self.worker = worker
        self._descriptor: int | None = None

    def open(self) -> None:
        """Make this process's part; the first process of a run removes what a killed run has left.

        Raises:
            LedgerError: nothing can be written there, or another run is writing this ledger.
        """
        if self.path.is_dir():
            raise LedgerError(
                f"The ledger is a file, and {self.path} is a folder",
                code="ledger.folder",
                remedy=f"Name a file in it: --seatrial-ledger={self.path / 'ledger.jsonl'}",
            )
        with self._told():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.exists() and not os.access(self.path, os.W_OK):
                raise PermissionError(13, "Permission denied", str(self.path))
            if self.worker == _MAIN:
                self._remove_old_parts()
            self._descriptor = os.open(self._part(self.worker), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            if not _locked(self._descriptor):
                raise self._in_use()
            os.ftruncate(self._descriptor, 0)

    def descriptor(self) -> int:
        """The open part, for a writer of its own."""
        assert self._descriptor is not None  # opened before
        return os.dup(self._descriptor)

    def parts(self) -> list[Path]:
        """The parts that are there, `main` first and the workers in the order of their numbers."""
        pattern = re.compile(rf"{re.escape(self.path.name)}\.(\w+)\.part")
        found = {
            match[1]: file
            for file in self.path.parent.iterdir()
            if (match := pattern.fullmatch(file.name)) is not None
        }
        return [found[name] for name in sorted(found, key=_order)]

    def finish(self, *, expected: Collection[str] = ()) -> list[str]:
        """Merge all parts into the ledger, and remove them.

        Args:
            expected: the names of workers that were there; one without a part has run on another machine.

        Returns:
            What is missing in the ledger, one line each.

        Raises:
            LedgerError: it could not be written; the parts are there still.
        """
        with self._told():
            parts = self.parts()
            missing = sorted(set(expected) - {part.name.split(".")[-2] for part in parts})
            gaps = merge(
                parts, into=self.path, missing=[f"{worker} has left no part here" for worker in missing]
            )
            for part in parts:
                part.unlink()
        self.close()
        return gaps

    def discard(self) -> None:
        """Remove this process's part, if it is there still: nothing came of the run."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                self._part(self.worker).unlink()
        self.close()

    def close(self) -> None:
        """Give the lock back."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _part(self, worker: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{worker}.part")

    def _remove_old_parts(self) -> None:
        for part in self.parts():
            descriptor = os.open(part, os.O_WRONLY)
            try:
                if not _locked(descriptor):
                    raise self._in_use()
                part.unlink()
            finally:
                os.close(descriptor)

    def _in_use(self) -> LedgerError:
        return LedgerError(
            f"Another run is writing the ledger {self.path}",
            code="ledger.in-use",
            remedy="Wait for it, or give this run another file.",
        )

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise not_written(self.path, error) from error


def not_written(path: Path, error: OSError) -> LedgerError:
    """The error of a ledger that cannot be written."""
    return LedgerError(
        f"The ledger {path} cannot be written ({error.strerror or error})",
        code="ledger.not-written",
        remedy="Name a file in a folder that can be written to, on a disk with room for it.",
    )


def _order(worker: str) -> tuple[str, int, str]:
    """`main` before the workers, `gw2` before `gw10`."""
    letters, digits = re.fullmatch(r"(\D*)(\d*).*", worker).groups()  # type: ignore[union-attr]  # always matches
    return ("" if worker == _MAIN else letters, int(digits or 0), worker)


def _locked(descriptor: int) -> bool:
    try:
        import fcntl  # noqa: PLC0415 - only where there is one
    except ImportError:  # Windows keeps others from removing an open file by itself
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
