"""Isolation in place, with the rights of an owner: triggers tell what changed, copies put it back."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.base import Tally
from seatrial.postgres.isolation.triggers import content, marks
from seatrial.postgres.isolation.triggers.catalogue import digest
from seatrial.postgres.isolation.triggers.repair import lock, refill
from seatrial.postgres.isolation.triggers.session import LOCK_TIMEOUT_S, settle
from seatrial.postgres.isolation.triggers.sessions import (
    blockers,
    end_sessions,
    end_transactions,
    has_transactions,
)
from seatrial.postgres.isolation.triggers.tables import Relations, Table, read_relations

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import psycopg

    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.isolation.base import Replacing
    from seatrial.postgres.isolation.triggers.content import SequenceState


@dataclass
class _Baseline:
    """A state to go back to. Tables go by their names, which outlive a rebuild."""

    catalogue: str
    copies: Mapping[str, str]
    sequences: Mapping[str, SequenceState]
    views: Mapping[str, str | None]
    changed: frozenset[str]
    """The tables that differ from the baseline below."""

    def equals(self, other: _Baseline) -> bool:
        """Whether both hold the same rows, numbers and views."""
        return (self.copies, self.sequences, self.views) == (other.copies, other.sequences, other.views)


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
        self._baselines: list[_Baseline] = []
        self._unrepaired: set[int] = set()
        """Tables whose repair began and was not seen to end."""
        self._pristine = False
        self.tally = Tally()

    def open(self) -> None:
        """Take the present content as the first baseline, and watch every table from now on.

        Raises:
            IsolationError: a table belongs to another role.
        """
        self._watch(copies=True)
        self._baselines = [self._present(below=None, changed=self._relations.tables)]
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
            self._end_transactions(replacing)
            if digest(self._connection, ours=True) != self._baselines[-1].catalogue:
                self._start_over(replacing, "DDL")
            else:
                self._put_back(replacing)
        finally:
            self.tally.seconds += time.perf_counter() - started
        self._pristine = True

    def push(self, replacing: Replacing) -> None:
        """Make the present state the baseline of every later test."""
        self._end_transactions(replacing)
        top = self._baselines[-1]
        if digest(self._connection, ours=True) == top.catalogue:
            changed = self._relations.closure(self._written())
        else:
            # Tables came, went, or are not watched any more: all of them count as changed.
            self._watch(copies=False)
            changed = list(self._relations.tables)
        self._baselines.append(self._present(below=top, changed=changed))
        self._unrepaired.clear()
        self._pristine = True

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
            if self._baselines and digest(self._connection, ours=True) == self._baselines[0].catalogue:
                outdated = {name for baseline in self._baselines[1:] for name in baseline.changed}
                del self._baselines[1:]
                self._unrepaired |= self._named(outdated)
                self._end_transactions(contextlib.nullcontext)
                self._put_back(contextlib.nullcontext)
                if self.tally.replaced:
                    self._note()
        self._connection.close()

    def _named(self, names: Collection[str]) -> set[int]:
        return {table.oid for table in self._relations.tables if table.name in names}

    def _end_transactions(self, replacing: Replacing) -> None:
        """What is not committed when a test is over would wait for us, or we for it."""
        if has_transactions(self._connection):
            with replacing():
                end_transactions(self._connection, self._cluster, self._database)

    def _written(self) -> set[int]:
        return self._unrepaired | marks.written(self._connection, self._relations.tables)

    def _put_back(self, replacing: Replacing) -> None:
        """Restore rows, sequences and materialised views where they are; build anew if that is refused."""
        import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

        top = self._baselines[-1]
        self._unrepaired = self._written()
        try:
            refill(self._connection, self._relations.closure(self._unrepaired), top.copies)
        except psycopg.errors.LockNotAvailable as error:
            raise self._locked_out() from error
        except psycopg.Error:
            self._start_over(replacing, "refused repair")
            return
        moved = self._put_sequences_back(top, replacing)
        if not self._refresh(top):
            self._start_over(replacing, "materialised view")
        elif self._unrepaired or moved:
            self.tally.reset += 1
        else:
            self.tally.untouched += 1
        self._unrepaired = set()

    def _put_sequences_back(self, top: _Baseline, replacing: Replacing) -> bool:
        """Whether any had moved. Sessions that hold numbers in store would go on handing them out."""
        present = content.sequence_states(self._connection, list(top.sequences))
        moved = {name: state for name, state in top.sequences.items() if present[name] != state}
        content.set_sequences(self._connection, moved)
        if content.any_cached(self._connection, list(moved)):
            with replacing():
                end_sessions(self._connection, self._cluster, self._database, keep=self._keep)
        return bool(moved)

    def _refresh(self, top: _Baseline) -> bool:
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
            raise _not_rebuildable(reason)
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
                raise _not_refilled(reason, error) from error
            # The copies are gone, or rows break a constraint that was never validated; and nothing was added
            # to what the build gives.
            depth = len(self._baselines)
            self._baselines.clear()
            self._watch(copies=True)
            first = self._present(below=None, changed=self._relations.tables)
            self._baselines = [first, *(replace(first, changed=frozenset()) for _ in range(depth - 1))]
            return
        content.set_sequences(self._connection, top.sequences)
        if not self._refresh(top):
            raise _not_refilled(reason, "a materialised view does not hold what it held")

    def _watch(self, *, copies: bool) -> None:
        """Put triggers on the tables that are there now."""
        with self._connection.transaction():
            marks.clear(self._connection, copies=copies)
            self._relations = read_relations(self._connection)
            if self._relations.unowned:
                raise self._not_owned()
            marks.install(self._connection, self._relations.tables)

    def _present(self, *, below: _Baseline | None, changed: Sequence[Table]) -> _Baseline:
        """The present state as a baseline, with new copies of the tables that changed."""
        copies = dict(below.copies) if below else {}
        with self._connection.transaction():
            lock(self._connection, changed)
            with content.unforced(self._connection, changed):
                for table in changed:
                    name = content.copy_name(len(self._baselines), table)
                    copies.pop(table.name, None)
                    if not table.partitioned and content.copy_rows(self._connection, table, to=name):
                        copies[table.name] = name
            marks.clean(self._connection, changed)
        return _Baseline(
            catalogue=digest(self._connection, ours=True),
            copies=copies,
            sequences=content.sequence_states(self._connection, self._relations.sequences),
            views=content.view_contents(self._connection, self._relations.views),
            changed=frozenset(table.name for table in changed),
        )

    def _locked_out(self) -> IsolationError:
        return IsolationError(
            f"the tables a test changed were still locked after {LOCK_TIMEOUT_S} s",
            code="isolation.locked",
            detail=blockers(self._connection),
            remedy="end what holds them; only the tested application and its tests should use this database",
        )

    def _not_owned(self) -> IsolationError:
        return IsolationError(
            f"the tables {', '.join(self._relations.unowned)} belong to another role, so that what tests "
            "change in them could not be undone",
            code="isolation.rights",
            remedy=f"make {self._cluster.owner.user!r} their owner, or give it CREATEDB: then every test "
            "gets a database of its own",
        )


def _not_rebuildable(reason: str) -> IsolationError:
    return IsolationError(
        f"a test changed the schema ({reason}), and the baseline holds tables that the application made when "
        "it started: the declared schema alone does not bring them back",
        code="isolation.baseline-lost",
        remedy="say in tool.seatrial.database.schema where the tables come from, or give the role CREATEDB: "
        "then every test gets a database of its own",
    )


def _not_refilled(reason: str, why: object) -> IsolationError:
    return IsolationError(
        f"the database was built anew ({reason}), and its rows could not be put back: {why}",
        code="isolation.baseline-lost",
        remedy="give the role CREATEDB: then every test gets a database of its own",
    )
