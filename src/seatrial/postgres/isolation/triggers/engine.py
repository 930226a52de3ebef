"""Isolation in place, with the rights of an owner: triggers tell what changed, copies put it back."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.base import Tally
from seatrial.postgres.isolation.triggers import content, marks
from seatrial.postgres.isolation.triggers.baseline import Baseline, take_baseline
from seatrial.postgres.isolation.triggers.catalogue import digest
from seatrial.postgres.isolation.triggers.difference import put_back_differences
from seatrial.postgres.isolation.triggers.observation import Observation, observe
from seatrial.postgres.isolation.triggers.problems import explained, not_owned, not_rebuildable, not_refilled
from seatrial.postgres.isolation.triggers.repair import refill
from seatrial.postgres.isolation.triggers.session import settle
from seatrial.postgres.isolation.triggers.sessions import ask_transactions, end_sessions, end_transactions
from seatrial.postgres.isolation.triggers.tables import Relations, Table, read_relations

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import psycopg

    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.isolation.base import Replacing
    from seatrial.postgres.isolation.triggers.content import SequenceState


class TriggerReset:
    """A database that is used where it is, with the rights of its owner and nothing created beside it.

    Args:
        cluster: the server; `cluster.owner` owns all that tests may change.
        database: its name.
        build: makes the template anew in the database, all but our schema being dropped first.
        note: called when the database is left as the template, where that was built anew meanwhile.
        keep: the process id of a session of ours that must not be ended.
    """

    def __init__(
        self,
        cluster: Cluster,
        *,
        database: str,
        build: Callable[[], object],
        note: Callable[[], None],
        keep: int,
    ) -> None:
        self._cluster = cluster
        self._database = database
        self._build = build
        self._note = note
        self._keep = keep
        self._connection: psycopg.Connection[Any] = settle(cluster.connect(database, login="owner"))
        self._relations = Relations(tables=(), sequences=(), views=(), unowned=())
        self._baselines: list[Baseline] = []
        self._unrepaired: set[int] = set()
        """Tables whose repair began and was not seen to end."""
        self._pristine = False
        self.tally = Tally()

    def open(self) -> None:
        """Take the present content as the first baseline, and watch every table from now on.

        Raises:
            IsolationError: a table belongs to another role.
        """
        with explained(self._connection):
            self._watch(copies=True)
            self._baselines = [self._taken(below=None, changed=self._relations.tables)]
        self._pristine = True

    @property
    def baselines(self) -> Sequence[str]:
        """None: they are copies of tables in the database itself."""
        return ()

    def keep(self, name: str, replacing: Replacing) -> None:
        """Impossible with an owner's rights alone.

        Raises:
            IsolationError: always.
        """
        del replacing
        raise IsolationError(
            f"the database of a failed test cannot be kept as {name!r}: its role may create no other",
            code="isolation.no-copies",
            remedy="give the role CREATEDB, or use the embedded server",
        )

    def position(self) -> object:
        """None: the server's log of changes belongs to everybody on it."""
        return None

    @property
    def pristine(self) -> bool:
        """Whether the database equals its baseline because it was handed to nobody since."""
        return self._pristine

    def hand_over(self) -> None:
        """Note that somebody may write now."""
        self._pristine = False

    def restore(self, replacing: Replacing) -> None:
        """Put back what changed; a change of the schema needs the template to be built anew.

        Raises:
            IsolationError: somebody holds a lock and may not be interrupted, or the baseline holds tables
                that only the application can make.
        """
        started = time.perf_counter()
        try:
            with explained(self._connection):
                self._restore(replacing)
        finally:
            self.tally.seconds += time.perf_counter() - started
        self._pristine = True

    def _restore(self, replacing: Replacing) -> None:
        seen = self._observe(replacing)
        if seen.schema_changed:
            self._start_over(replacing, "DDL")
        else:
            self._put_back(seen, replacing)

    def renew(self, replacing: Replacing) -> None:
        """Build the template anew in the database, and put the rows of the baseline into it."""
        started = time.perf_counter()
        with explained(self._connection):
            self._observe(replacing)
            self._start_over(replacing, "asked for")
        self._pristine = True
        self.tally.seconds += time.perf_counter() - started

    def push(self, replacing: Replacing) -> None:
        """Make the present state the baseline of every later test."""
        with explained(self._connection):
            self._push(replacing)
        self._pristine = True

    def _push(self, replacing: Replacing) -> None:
        seen = self._observe(replacing)
        top = self._baselines[-1]
        if not seen.schema_changed:
            changed = self._relations.family(seen.written | self._unrepaired)
        else:
            # Tables came, went, or are not watched any more: all of them count as changed.
            self._watch(copies=False)
            changed = list(self._relations.tables)
        self._baselines.append(self._taken(below=top, changed=changed))
        self._unrepaired.clear()

    def pop(self, replacing: Replacing) -> None:
        """Take the latest pushed baseline away, and restore the one before."""
        outdated = self._baselines.pop()
        self._unrepaired |= self._named(outdated.changed)
        self.restore(replacing)
        kept = set(self._baselines[-1].copies.values())
        for copy in set(outdated.copies.values()) - kept:
            self._connection.execute(f"drop materialized view {copy}".encode())

    def close(self, *, drop_databases: bool) -> None:
        """Leave the database at its first baseline, so that the next run need not build; it stays.

        Where that cannot be done in place, the next run sees it and builds.
        """
        del drop_databases  # there is none but the one that was named
        import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

        with contextlib.suppress(psycopg.Error, IsolationError):
            if self._baselines:
                self._leave_first_baseline()
        self._connection.close()

    def _leave_first_baseline(self) -> None:
        outdated = {name for baseline in self._baselines[1:] for name in baseline.changed}
        del self._baselines[1:]
        self._unrepaired |= self._named(outdated)
        seen = self._observe(contextlib.nullcontext)
        if not seen.schema_changed:
            self._put_back(seen, contextlib.nullcontext)
            if self.tally.replaced:
                self._note()

    def _named(self, names: Collection[str]) -> set[int]:
        return {table.oid for table in self._relations.tables if table.name in names}

    def _observe(self, replacing: Replacing) -> Observation:
        """What differs from the baseline, when no transaction is open any more.

        What is not committed when a test is over would wait for us, or we for it: an open TRUNCATE keeps
        sequences from being read. So that is asked before anything else, and again with it.
        """
        if ask_transactions(self._connection).fetchone() != (True,):
            seen = observe(self._connection, self._relations, self._baselines[-1])
            if not seen.in_transaction:
                return seen
        with replacing():
            end_transactions(self._connection, self._cluster, self._database)
        return observe(self._connection, self._relations, self._baselines[-1])

    def _put_back(self, seen: Observation, replacing: Replacing) -> None:
        """Restore rows, sequences and materialised views where they are; build anew if that is refused."""
        import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

        top = self._baselines[-1]
        self._unrepaired |= seen.written
        changed = bool(self._unrepaired or seen.moved)
        try:
            self._put_rows_back(top)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.InsufficientPrivilege):
            raise
        except psycopg.Error:
            self._start_over(replacing, "refused repair")
            return
        self._put_sequences_back(seen.moved, replacing)
        if not self._refresh(top):
            self._start_over(replacing, "materialised view")
        elif changed:
            self.tally.reset += 1
        else:
            self.tally.untouched += 1

    def _put_rows_back(self, top: Baseline) -> None:
        """By what differs, where that is possible; else by filling tables, and who refers to them, anew."""
        import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

        if self._unrepaired:
            try:
                self._unrepaired = put_back_differences(
                    self._connection, self._relations, self._unrepaired, top.copies
                )
            except psycopg.errors.LockNotAvailable:
                raise
            except psycopg.Error:
                pass  # a foreign key or a constraint is in the way, which does not bind what follows
        if self._unrepaired:
            refill(self._connection, self._relations.closure(self._unrepaired), top.copies)
        self._unrepaired = set()

    def _put_sequences_back(self, moved: Mapping[str, SequenceState], replacing: Replacing) -> None:
        """Sessions that hold numbers in store would go on handing them out, so these end."""
        content.set_sequences(self._connection, moved)
        if moved and content.any_cached(self._connection, list(moved)):
            with replacing():
                end_sessions(self._connection, self._cluster, self._database, keep=self._keep)

    def _refresh(self, top: Baseline) -> bool:
        """Whether every materialised view holds what it held, refreshed if need be."""
        present = content.view_contents(self._connection, list(top.views))
        changed = [name for name in present if present[name] != top.views[name]]
        for name in changed:
            ending = " with no data" if top.views[name] is None else ""
            self._connection.execute(f"refresh materialized view {name}{ending}".encode())
        return not changed or content.view_contents(self._connection, list(top.views)) == top.views

    def _start_over(self, replacing: Replacing, reason: str) -> None:
        """Build the template anew, and put the copies of the baseline into it."""
        if any(baseline.catalogue != self._baselines[0].catalogue for baseline in self._baselines):
            raise not_rebuildable(reason)
        with replacing():
            end_sessions(self._connection, self._cluster, self._database, keep=self._keep)
            self._build()
            self._watch(copies=False)
            self._put_copies_back(reason)
        catalogue = digest(self._connection, ours=True)
        for baseline in self._baselines:
            baseline.catalogue = catalogue
        self._unrepaired = set()
        self.tally.replaced += 1
        self.tally.reasons[reason] += 1

    def _put_copies_back(self, reason: str) -> None:
        """Fill what was built anew with the very rows of the baseline: seeds may give others every time."""
        import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

        top = self._baselines[-1]
        try:
            refill(self._connection, self._relations.tables, top.copies)
        except psycopg.Error as error:
            if any(not baseline.equals(self._baselines[0]) for baseline in self._baselines):
                raise not_refilled(reason, error) from error
            # The copies are gone, or rows break a constraint that was never validated; and nothing was added
            # to what the build gives.
            depth = len(self._baselines)
            self._baselines.clear()
            self._watch(copies=True)
            first = self._taken(below=None, changed=self._relations.tables)
            self._baselines = [first, *(replace(first, changed=frozenset()) for _ in range(depth - 1))]
            return
        content.set_sequences(self._connection, top.sequences)
        if not self._refresh(top):
            raise not_refilled(reason, "a materialised view does not hold what it held")

    def _watch(self, *, copies: bool) -> None:
        """Put triggers on the tables that are there now."""
        with self._connection.transaction():
            marks.clear(self._connection, copies=copies)
            self._relations = read_relations(self._connection)
            if self._relations.unowned:
                raise not_owned(self._cluster.owner.user, self._relations.unowned)
            marks.install(self._connection, self._relations.tables)

    def _taken(self, *, below: Baseline | None, changed: Sequence[Table]) -> Baseline:
        return take_baseline(
            self._connection, self._relations, below=below, changed=changed, level=len(self._baselines)
        )
