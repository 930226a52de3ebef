"""Waiting for a window of the log that nobody is still writing in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.postgres.isolation.wal.plan import CloneNeededError
from seatrial.postgres.isolation.wal.prepared import roll_back_prepared
from seatrial.postgres.isolation.wal.sessions import Busy

if TYPE_CHECKING:
    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.isolation.base import Replacing
    from seatrial.postgres.isolation.wal.control import Control
    from seatrial.postgres.isolation.wal.log import Log, Window
    from seatrial.postgres.isolation.wal.sessions import EndedSession
    from seatrial.postgres.isolation.wal.work import Work

_ATTEMPTS = 5


class Quiet:
    """Ends what could still write into a window that has been read."""

    def __init__(self, cluster: Cluster, control: Control, log: Log) -> None:
        self._cluster = cluster
        self._control = control
        self._log = log
        self._busy = Busy(control, port=cluster.port)
        self.ended: list[EndedSession] = []
        """What had to be ended for the latest window."""

    def end_all(self, work: Work, replacing: Replacing) -> None:
        """End every session of the tested database but ours."""
        with replacing():
            self._busy.end_all(work.oid, work.ours)

    def window(self, work: Work, replacing: Replacing) -> Window:
        """The window up to now, in which every transaction is over.

        Raises:
            CloneNeededError: somebody begins anew again and again.
        """
        for _ in range(_ATTEMPTS):
            window = self._log.read(work.oid, work.ours)
            if window.busy:
                self._end_busy(work, replacing)
            elif window.prepared:
                roll_back_prepared(self._cluster, self._control)
            else:
                return window
        raise CloneNeededError("sessions that write without a pause")

    def _end_busy(self, work: Work, replacing: Replacing) -> None:
        if self._busy.after_a_moment(work.oid, work.ours):
            with replacing():
                self.ended += self._busy.end(work.oid, work.ours)
