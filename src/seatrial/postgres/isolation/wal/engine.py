"""Isolation by the server's own log: only what a test changed is put back, and every session stays."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.base import Tally
from seatrial.postgres.isolation.clones import run_name
from seatrial.postgres.isolation.pool import create_clone, drop
from seatrial.postgres.isolation.swap import NamedDatabase
from seatrial.postgres.isolation.wal.baseline import Baseline
from seatrial.postgres.isolation.wal.control import Control
from seatrial.postgres.isolation.wal.log import Log
from seatrial.postgres.isolation.wal.plan import CloneNeededError
from seatrial.postgres.isolation.wal.shared import SharedState
from seatrial.postgres.isolation.wal.unwritten import is_unwritten
from seatrial.postgres.isolation.wal.window import Quiet
from seatrial.postgres.isolation.wal.work import TemporaryTablesError, Work
from seatrial.postgres.template.verify import clone_statements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.isolation.base import Replacing
    from seatrial.postgres.isolation.wal.sessions import EndedSession


class WalReset:
    """The constant database name, reset in place between tests.

    The log says which relations were written since the last reset; those are brought back to the baseline
    in one or two round trips. Whatever that cannot be proved right for is answered with a fresh copy of the
    baseline under the same name, as is every error on the way.

    Args:
        cluster: an embedded server for which `why_not` found no reason.
        database: the constant name.
        template: the first baseline.
        statements: what a copy leaves out, see `create_clone`.
    """

    def __init__(
        self, cluster: Cluster, *, database: str, template: str, statements: Sequence[str] = ()
    ) -> None:
        self._cluster = cluster
        self._database = database
        self._template = template
        self._statements = statements
        self._numbers = itertools.count(1)
        self._control = Control(cluster, application_name=run_name(database))
        self._log = Log(self._control)
        self._quiet = Quiet(cluster, self._control, self._log)
        self._named = NamedDatabase(cluster, lambda: self._control.connection, database, statements)
        self._baselines: list[Baseline] = []
        self._work: Work | None = None
        self._pristine = False
        self._unknown = False
        """Whether a copy was begun and did not get done: the window of the log says nothing then."""
        self.tally = Tally()

    @property
    def ended(self) -> Sequence[EndedSession]:
        """The sessions that the latest `restore` had to end, because they were in the middle of something."""
        return self._quiet.ended

    def open(self) -> None:
        """Put a first copy of the template under the constant name."""
        self._log.start_here()
        create_clone(
            self._control.connection,
            self._cluster,
            name=self._database,
            baseline=self._template,
            statements=self._statements,
        )
        self._add_baseline(self._template, self._statements)
        self._pristine = True

    @property
    def baselines(self) -> Sequence[str]:
        """The template, and a copy for each push, once nothing is being made from them."""
        self._wait_idle()
        return tuple(baseline.database for baseline in self._baselines)

    def position(self) -> object:
        """Which transactions that wrote have ended, once no copy is being made.

        Not how far the log has come: reads and transactions that are still open write there, too.
        """
        self._wait_idle()
        ((position,),) = self._control.query("select pg_current_snapshot()")
        return position

    @property
    def pristine(self) -> bool:
        """Whether the database equals its baseline because it was handed to nobody since."""
        return self._pristine

    def hand_over(self) -> None:
        """Note that somebody may write now."""
        self._pristine = False
        self._baseline.prefetch()

    def restore(self, replacing: Replacing) -> None:
        """Make the database equal its baseline again.

        Raises:
            IsolationError: neither a reset nor a fresh copy could do it.
        """
        started = time.perf_counter()
        self._quiet.ended = []
        try:
            changed = self._reset_beside_temporary_tables(replacing)
        except CloneNeededError as need:
            self._replace_or_fail(replacing, need.reason)
        except IsolationError:
            raise
        except Exception as error:  # noqa: BLE001 - nothing is guessed: what went wrong ends in a fresh copy
            self._leave_sessions()
            self._replace_or_fail(replacing, _describe(error), reconnect=True)
        else:
            self.tally.reset += changed
            self.tally.untouched += not changed
        self._pristine = True
        self.tally.seconds += time.perf_counter() - started

    def renew(self, replacing: Replacing) -> None:
        """Put a fresh copy of the baseline in place, whatever was changed."""
        started = time.perf_counter()
        self._reconnect_if_lost()
        self._replace(replacing)
        self.tally.replaced += 1
        self._pristine = True
        self.tally.seconds += time.perf_counter() - started

    def push(self, replacing: Replacing) -> None:
        """Make the present state the baseline; costs next to nothing if nothing was written.

        Raises:
            IsolationError: the sessions of the database did not end.
        """
        self._reconnect_if_lost()
        if self._unknown:
            self.restore(replacing)
        if is_unwritten(self._log, self._working(), self._baseline.shared):
            self._baselines.append(self._baseline)
            return
        name = f"{self._database}_baseline_{next(self._numbers)}"
        with self._cluster.connect(self._database) as inside:
            statements = clone_statements(inside)
        self._leave_work()
        self._unknown = True
        with replacing():
            self._log.start_here()
            self._named.copy_to(name)
        self._add_baseline(name, statements)
        self._unknown = False
        self._pristine = True

    def keep(self, name: str, replacing: Replacing) -> None:
        """Copy the present state into a database of this name; all sessions end."""
        self._reconnect_if_lost()
        self._leave_work()
        with replacing():
            self._named.copy_to(name)

    def pop(self, replacing: Replacing) -> None:
        """Go back to the baseline before the latest one."""
        self._reconnect_if_lost()
        outdated = self._baselines.pop()
        if outdated is self._baseline:
            if not self._pristine:
                self.restore(replacing)
            return
        leftovers = [*outdated.close(), outdated.database]
        self._replace(replacing, leftovers)
        self._pristine = True

    def close(self, *, drop_databases: bool) -> None:
        """Stop the background work; on a server that lives on, drop all we made but the template."""
        if self._control.connection.closed:
            return
        self._leave_work()
        made = [self._database]
        for baseline in dict.fromkeys(self._baselines):
            made += [*baseline.close(), baseline.database]
        if drop_databases:
            for name in made:
                if name != self._template:
                    drop(self._control.connection, name)
        self._control.close()

    @property
    def _baseline(self) -> Baseline:
        if not self._baselines:
            raise IsolationError(
                "the database was used before it was opened",
                code="isolation.closed",
                remedy="open() it first",
            )
        return self._baselines[-1]

    def _add_baseline(self, database: str, statements: Sequence[str]) -> None:
        number = next(self._numbers)
        self._baselines.append(
            Baseline(
                self._cluster,
                database=database,
                statements=statements,
                prefix=f"{self._database}_clone_{number}",
                shared=SharedState(self._control, self._database),
            )
        )

    def _reset_beside_temporary_tables(self, replacing: Replacing) -> bool:
        try:
            return self._reset(replacing)
        except TemporaryTablesError:
            self._quiet.end_all(self._working(), replacing)
            return self._reset(replacing)

    def _reset(self, replacing: Replacing) -> bool:
        """Undo in place what was written since; whether anything was."""
        if self._unknown:
            raise CloneNeededError("an earlier failure")
        mirror, work = self._baseline.mirror(), self._working()
        window = self._quiet.window(work, replacing)
        if window.too_long:
            raise CloneNeededError("large write")
        if window.unchanged:
            work.set_back_unlogged_sequences(mirror)
            return False
        found = work.classify(window.changes, mirror)
        if found.shared and self._baseline.shared.differences():
            raise CloneNeededError("roles, databases or their settings")
        own = work.undo(found, mirror)
        self._log.advance(window, own)
        return bool(own)

    def _wait_idle(self) -> None:
        for baseline in self._baselines:
            baseline.wait_idle()

    def _working(self) -> Work:
        if self._work is None:
            self._work = Work(self._cluster, self._database)
        return self._work

    def _replace_or_fail(self, replacing: Replacing, reason: str, *, reconnect: bool = False) -> None:
        import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

        try:
            if reconnect:
                # An error may have broken our sessions, or the server was started again.
                self._control.reconnect()
            self._replace(replacing)
        except psycopg.Error as error:
            raise IsolationError(
                f"the database could not be brought back to its baseline ({reason}), nor replaced by a copy",
                code="isolation.not-restored",
                detail=str(error),
                remedy="look at the server's log, its free space, and what else uses it",
            ) from error
        self.tally.replaced += 1
        self.tally.reasons[reason] += 1

    def _replace(self, replacing: Replacing, leftovers: Sequence[str] = ()) -> None:
        """Put a fresh copy of the baseline under the constant name, and drop what is not needed any more."""
        baseline = self._baseline
        used = f"{self._database}_used_{next(self._numbers)}"
        self._leave_work()
        clone = baseline.take()
        self._unknown = True
        with replacing():
            self._log.start_here()
            self._named.exchange(clone, aside=used)
        if baseline.shared.differences():
            # A role cannot go as long as something belongs to it.
            for database in (used, *leftovers):
                drop(self._control.connection, database)
            baseline.shared.undo()
        else:
            for database in (used, *leftovers):
                baseline.discard(database)
        self._unknown = False

    def _reconnect_if_lost(self) -> None:
        """Open our sessions anew if the server was started again meanwhile."""
        import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

        try:
            self._control.query("select 1")
        except psycopg.Error:
            self._leave_sessions()
            self._control.reconnect()

    def _leave_sessions(self) -> None:
        self._leave_work()
        self._baseline.reconnect()

    def _leave_work(self) -> None:
        if self._work is not None:
            self._work.close()
            self._work = None


def _describe(error: Exception) -> str:
    """Why a reset was not possible, in a few words for the summary."""
    import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

    if "has already been removed" in str(error) or "could not find a valid record" in str(error):
        return "WAL gone"
    if isinstance(error, psycopg.OperationalError):
        return "connection lost"
    return type(error).__name__
