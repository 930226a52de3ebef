"""A pristine file for every test: restored in place through SQLite's backup, connections stay open."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from typing import TYPE_CHECKING

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.base import Tally
from seatrial.postgres.isolation.layers import not_apart
from seatrial.sqlite import catalog, leaks
from seatrial.sqlite.dump import Dump
from seatrial.sqlite.handle import connect
from seatrial.sqlite.locks import alone, copy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from seatrial.postgres.isolation import Isolation, Replacing
    from seatrial.postgres.isolation.layers import Layer

    _offers_all_of_it: type[Isolation]

_BESIDE = ("-wal", "-shm", "-journal")


class RestoredFile:
    """The live file, its baselines, and the way back to the latest of them.

    Baselines are kept in memory. Going back writes the baseline's pages into the live file in one
    transaction, as any other writer would: connections that are open see it at their next statement.

    Args:
        file: the live file; nothing may be there yet.
        template: the file whose content is the first baseline.
    """

    def __init__(self, *, file: Path, template: Path) -> None:
        self._file = file
        self._template = template
        self._baselines: list[_Baseline] = []
        self._live: sqlite3.Connection | None = None
        self._inode = 0
        self._seen: object = None
        self._pristine = False
        self.tally = Tally()

    def open(self) -> None:
        """Put a copy of the template in place."""
        shutil.copyfile(self._template, self._file)
        self._connect()
        self._baselines = [_Baseline(self._connection)]

    @property
    def baselines(self) -> Sequence[str]:
        """The numbers of the baselines, the template's first."""
        return [str(number) for number in range(len(self._baselines))]

    def content(self, baseline: str | None = None) -> Dump:
        """Everything that is in the file, or in a baseline."""
        return Dump.of(self._connection if baseline is None else self._baselines[int(baseline)].content)

    def keep(self, name: str, replacing: Replacing) -> None:
        """Copy the present state into the file of this name; sessions stay."""
        del replacing
        with contextlib.closing(sqlite3.connect(name)) as target:
            copy(self._connection, target)

    def position(self) -> object:
        """SQLite's own mark, which changes with every commit of another connection."""
        row = self._connection.execute("PRAGMA data_version").fetchone()
        return row[0]

    @property
    def pristine(self) -> bool:
        """Whether nobody had the file since it was restored."""
        return self._pristine

    def hand_over(self) -> None:
        """Note that somebody may write now."""
        self._pristine = False

    def left_behind(self) -> IsolationError | None:
        """What a test leaves behind and must not; locks that it left are taken from it.

        Returns:
            An error about a lock that nobody gave up, or about rows whose foreign keys lead nowhere.
        """
        if self._pristine or self._is_gone():
            return None
        if not alone(self._connection):
            return _left_locked(leaks.release(self._file))
        if self.position() == self._seen:
            return None
        broken = catalog.broken_references(self._connection) - self._baselines[-1].broken
        return _left_broken(broken) if broken else None

    def restore(self, replacing: Replacing) -> None:
        """Make the file equal its baseline; it is replaced only where that cannot be done in place.

        Connections outlive the first and not the second.
        """
        started = time.perf_counter()
        obstacle = self._obstacle()
        if obstacle is None and self.position() == self._seen:
            self.tally.untouched += 1
        elif obstacle is None and self._restored_in_place():
            self.tally.reset += 1
        else:
            with replacing():
                self._replace()
            self.tally.replaced += 1
            self.tally.reasons[obstacle or "the file could not be written"] += 1
        self._settle()
        self.tally.seconds += time.perf_counter() - started

    def renew(self, replacing: Replacing) -> None:
        """Put a new file with the content of the baseline in place."""
        started = time.perf_counter()
        with replacing():
            self._replace()
        self.tally.replaced += 1
        self._settle()
        self.tally.seconds += time.perf_counter() - started

    def push(self, replacing: Replacing) -> None:
        """Make the present state the baseline; sessions stay."""
        del replacing
        self._baselines.append(_Baseline(self._connection))
        self._settle()

    def pop(self, replacing: Replacing) -> None:
        """Take the latest pushed baseline away, and restore the one before."""
        self._baselines.pop().content.close()
        self._seen = None
        self.restore(replacing)

    def close(self, *, drop_databases: bool) -> None:
        """Close our connections; the file goes with its folder."""
        del drop_databases
        for baseline in self._baselines:
            baseline.content.close()
        if self._live is not None:
            self._live.close()
            self._live = None

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._live is None:
            raise IsolationError(
                "the database was used before it was opened, or after it was closed",
                code="isolation.closed",
                remedy="use `db` in tests and fixtures only",
            )
        return self._live

    def _connect(self) -> None:
        self._live = connect(str(self._file))
        self._live.execute("PRAGMA busy_timeout = 0")  # we wait ourselves, and know how long
        self._live.execute("PRAGMA synchronous = OFF")  # nothing here has to outlive the machine
        self._inode = self._file.stat().st_ino
        self._settle()

    def _settle(self) -> None:
        self._seen = self.position()
        self._pristine = True

    def _is_gone(self) -> bool:
        """Whether somebody deleted or exchanged the file."""
        try:
            return self._file.stat().st_ino != self._inode
        except FileNotFoundError:
            return True

    def _obstacle(self) -> str | None:
        """Why the file cannot be restored in place, or None; locks that were left are taken away."""
        if self._is_gone():
            return "the file was deleted or exchanged"
        if alone(self._connection):
            return None
        leaks.release(self._file)
        return None if alone(self._connection) else "a lock that was left"

    def _restored_in_place(self) -> bool:
        try:
            copy(self._baselines[-1].content, self._connection)
        except sqlite3.OperationalError:
            # Somebody took a lock again, or a test changed the size of pages, which only a new file undoes.
            return False
        return alone(self._connection)

    def _replace(self) -> None:
        """Put a new file in the place of the one that cannot be written."""
        if self._live is not None:
            self._live.close()
        fresh = self._file.with_name(self._file.name + "-new")
        with contextlib.closing(sqlite3.connect(fresh)) as connection:
            copy(self._baselines[-1].content, connection)
        for suffix in _BESIDE:
            self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
        fresh.replace(self._file)
        self._connect()


if TYPE_CHECKING:
    _offers_all_of_it = RestoredFile


class _Baseline:
    """A state to go back to: its content in memory, and the broken references it already has."""

    def __init__(self, live: sqlite3.Connection) -> None:
        self.content = sqlite3.connect(":memory:", check_same_thread=False)
        copy(live, self.content)
        self.broken = catalog.broken_references(self.content)


class CopiesInMemory:
    """Reads baselines; rows of several of them are not told apart."""

    def __init__(self, isolation: RestoredFile) -> None:
        self._isolation = isolation

    def content_of(self, baseline: str) -> Dump:
        """Everything that is in a baseline."""
        return self._isolation.content(baseline)

    def rehearse(
        self, ended: Layer, above: Sequence[Layer], baselines: Sequence[str]
    ) -> Sequence[Callable[[], object]]:
        """Refuse: only the topmost layer can go.

        Raises:
            IsolationError: always.
        """
        del baselines
        raise not_apart(ended, above[0])


def _left_broken(broken: Iterable[catalog.BrokenReference]) -> IsolationError:
    return IsolationError(
        "this test left rows behind whose foreign keys lead nowhere",
        code="sqlite.foreign-key",
        detail=catalog.described(broken),
        remedy="PostgreSQL would have refused them; SQLite looks only on connections that said "
        "PRAGMA foreign_keys = ON, which seatrial says for SQLAlchemy's",
    )


def _left_locked(held: Iterable[str]) -> IsolationError:
    return IsolationError(
        "this test left the database locked",
        code="sqlite.left-locked",
        detail="\n".join(f"  {line}" for line in held)
        or "  by another process, or by a connection that its driver reserves for another thread",
        remedy="end transactions, and close cursors and connections, before the test ends; with SQLAlchemy "
        "use `with engine.begin()` or `with Session(engine)`",
    )
