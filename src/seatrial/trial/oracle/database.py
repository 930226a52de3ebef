"""What a test leaves in the sessions of its database and outside of the pools that lead there."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from seatrial.app.pools.checkouts import Checkouts
from seatrial.postgres.leaks import SessionWatch
from seatrial.trial.oracle import wording
from seatrial.trial.oracle.threads import describe, dying

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

    from seatrial.app.pools import PoolHealer
    from seatrial.app.pools.addresses import Addresses
    from seatrial.app.pools.borrowed import Lent
    from seatrial.app.pools.checkouts import Checkout
    from seatrial.errors import LeakError
    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.leaks import Held, Key, Statement

_K = TypeVar("_K")
_V = TypeVar("_V")
# What has just been closed is gone within milliseconds; only what stays is a leak, and only it is waited for.
_GRACE_S = 0.5
_THREADS_S = 0.3
_POLL_S = 0.002


@dataclass
class _Before:
    """What was there before the test, and so is not its doing."""

    held: set[Key] = field(default_factory=set)
    checkouts: set[int] = field(default_factory=set)
    lent: set[int] = field(default_factory=set)


@dataclass(kw_only=True)
class Left:
    """What one test left."""

    held: Sequence[Held]
    checkouts: Sequence[Checkout]
    lent: Sequence[Lent]
    late: Sequence[Statement]
    threads: Sequence[threading.Thread]

    def __bool__(self) -> bool:
        return bool(self.held or self.checkouts or self.lent or self.late)


class DatabaseOracle:
    """Compares sessions and pools with what they were; one round trip to the server where nothing is left.

    Args:
        cluster: where the tested database is.
        name: its name.
        addresses: hosts and ports under which the application and tests know the server.
        client_port: see `SessionWatch`.
        healer: tells the pools that sessions have ended, and knows the application, if one runs.
    """

    def __init__(
        self,
        cluster: Cluster,
        *,
        name: str,
        addresses: Addresses,
        healer: PoolHealer,
        client_port: Callable[[int], int],
    ) -> None:
        self._sessions = SessionWatch(cluster, name, client_port=client_port)
        self._addresses = addresses
        self._healer = healer
        self._checkouts = Checkouts()
        self._before = _Before()
        self._of_fixtures: dict[Key, str] = {}

    def forget(self) -> None:
        """Take everything there is now for nobody's we could name."""
        self._before = _Before(held=set(self._sessions.look()))
        self.begin()

    def begin(self) -> None:
        """Take the connections that are out of their pools now for somebody else's."""
        self._before.checkouts = set(self._checkouts.out(self._addresses))
        self._before.lent = set(self._healer.borrowed.lent(self._healer.running))

    @contextlib.contextmanager
    def shared(self, whose: str | None) -> Iterator[None]:
        """Wrap the set-up of something that outlives the test; see `Oracle.shared`."""
        held, out = self._sessions.look(), set(self._checkouts.out(self._addresses))
        lent = set(self._healer.borrowed.lent(self._healer.running))
        try:
            yield
        finally:
            self._before.checkouts |= self._checkouts.out(self._addresses).keys() - out
            self._before.lent |= self._healer.borrowed.lent(self._healer.running).keys() - lent
            for key, what in self._sessions.look().items():
                if key not in held and (whose is None or what.kind == "lock"):
                    self._before.held.add(key)
                elif key not in held:
                    self._of_fixtures[key] = whose or ""

    def end(self, started: Callable[[], list[threading.Thread]]) -> list[LeakError]:
        """What the test left; it is taken away already.

        Args:
            started: tells the threads that the test started and that live on.
        """
        left = Left(
            held=_staying(self._held),
            checkouts=_staying(self._out),
            lent=_staying(self._lent),
            late=self._late(started) if started() else [],
            threads=started(),
        )
        if not left:
            return []
        leaks = self._worded(left)
        with dying(left.threads):
            self._take_away(left)
        self._of_fixtures.clear()
        return leaks

    def close(self) -> None:
        """Stop watching."""
        self._checkouts.remove()
        self._sessions.close()

    # --- looking -----------------------------------------------------------------------------------------

    def _held(self) -> dict[Key, Held]:
        present = self._sessions.look()
        self._before.held &= present.keys()
        return {key: what for key, what in present.items() if key not in self._before.held}

    def _out(self) -> dict[int, Checkout]:
        """Connections taken since, but for those that workers of the lifespan took."""
        runner = self._healer.running
        return {
            number: checkout
            for number, checkout in self._checkouts.out(self._addresses).items()
            if number not in self._before.checkouts
            and not (runner is not None and runner.is_worker(checkout.task))
        }

    def _lent(self) -> dict[int, Lent]:
        lent = self._healer.borrowed.lent(self._healer.running)
        return {key: item for key, item in lent.items() if key not in self._before.lent}

    def _late(self, started: Callable[[], list[threading.Thread]]) -> list[Statement]:
        """What somebody else than the application asks the database, now that nobody should."""
        runner = self._healer.running
        applications = runner.outgoing.ports() if runner is not None else frozenset()
        before = {pid: done.started for pid, done in self._sessions.statements().items()}
        end = time.monotonic() + _THREADS_S
        while time.monotonic() < end and started():
            time.sleep(_POLL_S)
            late = [
                done
                for pid, done in self._sessions.statements().items()
                if before.get(pid) != done.started and done.port not in applications
            ]
            if late:
                return late
        return []

    # --- telling -----------------------------------------------------------------------------------------

    def _worded(self, left: Left) -> list[LeakError]:
        taken = {checkout.pid: checkout for checkout in left.checkouts}
        told = {what.pid for what in left.held}
        leaks = [
            wording.held(
                what,
                by=self._of_fixtures.get(what.key, "this test"),
                opened=taken[what.pid].places() if what.pid in taken else self._connected_at(what.port),
                threads=[describe(thread) for thread in left.threads],
            )
            for what in left.held
        ]
        leaks += [
            wording.checked_out(checkout.pool, opened=checkout.places())
            for checkout in left.checkouts
            if checkout.pid not in told
        ]
        leaks += [wording.checked_out(str(lent), opened=()) for lent in left.lent if lent.pid not in told]
        if left.late:
            leaks.append(wording.at_work([describe(thread) for thread in left.threads], left.late))
        return leaks

    def _connected_at(self, port: int | None) -> list[str]:
        runner = self._healer.running
        return runner.outgoing.opened_at(port) if runner is not None and port else []

    # --- taking away -------------------------------------------------------------------------------------

    def _take_away(self, left: Left) -> None:
        runner = self._healer.running
        pids = [what.pid for what in left.held] + [done.pid for done in left.late]
        pids += [checkout.pid or 0 for checkout in left.checkouts]
        pids += [lent.pid or 0 for lent in left.lent]
        self._sessions.end({pid for pid in pids if pid})
        for checkout in left.checkouts:
            self._checkouts.give_back(checkout, runner)
        for lent in left.lent:
            self._healer.borrowed.give_back(lent, runner)
        self._healer.retire_sessions(self._addresses, {what.port for what in left.held if what.port})
        for what in left.held:
            if what.kind == "prepared":
                self._sessions.roll_back(what.mark)


def _staying(look: Callable[[], dict[_K, _V]]) -> list[_V]:
    """What is there and stays there until the grace is over; without anything there, there is no wait."""
    left = look()
    end = time.monotonic() + _GRACE_S
    while left and time.monotonic() < end:
        time.sleep(_POLL_S)
        now = look()
        left = {key: now[key] for key in left if key in now}
    return list(left.values())
