"""The sessions of others that are in the middle of something, and ending them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.wal.hanging_up import has_hung_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seatrial.postgres.isolation.wal.control import Control
    from seatrial.postgres.isolation.wal.session import Row

_GONE_LIMIT_S = 10.0
_POLL_S = 0.0003
_GRACE_S = 0.05
_GRACE_LOOKS = 100
"""On a busy machine time alone says little: a session that is leaving has to be served as often as we are."""
_LEAVING_LIMIT_S = 5.0
"""How long a session is waited for whose client is known to be gone."""


@dataclass(frozen=True)
class EndedSession:
    """A session that had to be ended, because a test left it in the middle of a transaction or statement."""

    pid: int
    application_name: str
    state: str
    query: str
    """The running statement, or the latest one."""
    transaction_start: str | None
    """When its transaction began, as the server prints it, in UTC."""
    client_port: int = -1
    """Where its client is, on TCP; -1 on a unix socket."""


def parse_sessions(rows: Sequence[Row]) -> list[EndedSession]:
    """Read the rows of the statements `busy` and `others`."""
    return [
        EndedSession(int(pid or 0), name or "", state or "", query or "", start, int(port or -1))
        for pid, name, state, query, start, port in rows
    ]


class Busy:
    """Finds and ends sessions that a reset cannot work beside.

    What such a session wrote before the reset could be committed after it, and would then be in no window
    of the log that is read.

    Args:
        control: our session for such questions.
        port: where the server listens.
    """

    def __init__(self, control: Control, *, port: int) -> None:
        self._control = control
        self._port = port

    def after_a_moment(self, database: int, ours: str) -> list[EndedSession]:
        """Those that are still busy after 50 ms and 100 looks: one that is just leaving needs no ending.

        One whose client has closed the connection is waited for up to 5 s.
        """
        started = time.monotonic()
        looks = 1
        while busy := self._find("busy", database, ours):
            waited = time.monotonic() - started
            in_time = looks < _GRACE_LOOKS or waited < _GRACE_S
            if not in_time and (waited > _LEAVING_LIMIT_S or not any(map(self._is_leaving, busy))):
                break
            time.sleep(_POLL_S)
            looks += 1
        return busy

    def _is_leaving(self, session: EndedSession) -> bool:
        # What runs a statement goes on with it, whether its client is there or not.
        return session.state != "active" and has_hung_up(session.client_port, server=self._port)

    def end(self, database: int, ours: str) -> list[EndedSession]:
        """End them and wait until they are gone; those that were ended.

        Raises:
            IsolationError: one did not end within 10 s.
        """
        return self._end("busy", database, ours)

    def end_all(self, database: int, ours: str) -> None:
        """End every session of the database but ours, busy or not.

        Raises:
            IsolationError: one did not end within 10 s.
        """
        self._end("others", database, ours)

    def _end(self, which: str, database: int, ours: str) -> list[EndedSession]:
        ended: dict[int, EndedSession] = {}
        deadline = time.monotonic() + _GONE_LIMIT_S
        while found := self._find(which, database, ours):
            ended |= {session.pid: session for session in found if session.pid not in ended}
            if time.monotonic() > deadline:
                raise _stuck(found[0])
            pids = ",".join(str(session.pid) for session in found)
            self._control.query(f"select pg_terminate_backend(pid) from unnest('{{{pids}}}'::int[]) pid")
            time.sleep(_POLL_S)
        return list(ended.values())

    def _find(self, which: str, database: int, ours: str) -> list[EndedSession]:
        (rows,) = self._control.pipeline([(which, (str(database), ours))])
        return parse_sessions(rows)


def _stuck(session: EndedSession) -> IsolationError:
    return IsolationError(
        f"session {session.pid} ({session.application_name}) did not end within {_GONE_LIMIT_S:.0f} s",
        code="isolation.sessions",
        detail=session.query,
        remedy="look in pg_stat_activity for what it is doing",
    )
