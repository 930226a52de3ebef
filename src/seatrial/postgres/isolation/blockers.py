"""Steps that clean up wait for locks a bounded time; then whoever holds them is named and ended."""

from __future__ import annotations

import contextlib
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from seatrial.errors import IsolationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

_LOG = logging.getLogger("seatrial.isolation")
_T = TypeVar("_T")
_PATIENCE = b"set lock_timeout = '1s'"
_POLL_S = 0.02
_BLOCKERS = b"""
select pid, coalesce(state, 'unknown'), coalesce(query, ''), coalesce(datname::text, ''),
       coalesce(application_name, ''), pg_terminate_backend(pid)
  from pg_stat_activity where pid = any(pg_blocking_pids(%s))
"""


@dataclass(frozen=True, kw_only=True)
class Blocker:
    """A session that held a lock which a clean-up had to wait for."""

    pid: int
    state: str
    query: str
    database: str
    application: str

    def __str__(self) -> str:
        name = f", application_name {self.application!r}" if self.application else ""
        return f"session {self.pid} of {self.database!r}, {self.state}{name}: {self.query}"


def bound(connection: psycopg.Connection[Any]) -> None:
    """Let no statement of a session of ours wait longer than a second for a lock."""
    connection.execute(_PATIENCE)


def unblocked(
    step: Callable[[], _T],
    *,
    connection: psycopg.Connection[Any],
    connect: Callable[[], psycopg.Connection[Any]],
) -> _T:
    """Run a step; if it waits too long for a lock, end who holds it, and run it once more.

    Costs nothing as long as nobody is in the way.

    Args:
        step: what to do through `connection`; all or nothing, since it may run twice.
        connection: a session for which `bound` was called.
        connect: opens another session, from which the blockers are seen.

    Raises:
        IsolationError: it was blocked the second time, too.
    """
    import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

    try:
        return step()
    except psycopg.errors.LockNotAvailable:
        pass
    ended: list[Blocker] = []
    try:
        with _ending_blockers(connect, of=connection.info.backend_pid, into=ended):
            return step()
    except psycopg.errors.LockNotAvailable as error:
        raise IsolationError(
            "the database could not be cleaned up, because a lock was not released",
            code="isolation.blocked",
            detail="\n".join(f"  ended: {blocker}" for blocker in ended)
            or "  nobody who blocks it was found",
            remedy="end what holds the lock; a session of another program is seen in pg_stat_activity",
        ) from error


@contextlib.contextmanager
def _ending_blockers(
    connect: Callable[[], psycopg.Connection[Any]], *, of: int, into: list[Blocker]
) -> Iterator[None]:
    """End, as long as the block runs, every session the session `of` waits for."""
    over = threading.Event()

    def watch() -> None:
        with connect() as connection:
            while not over.wait(_POLL_S):
                into.extend(end_blockers(connection, of=of))

    watcher = threading.Thread(target=watch, name="seatrial-blockers", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def end_blockers(connection: psycopg.Connection[Any], *, of: int) -> list[Blocker]:
    """End the sessions that a waiting session waits for; each is logged.

    Args:
        connection: another session, with the right to end them.
        of: the server process that waits.
    """
    rows = connection.execute(_BLOCKERS, [of]).fetchall()
    blockers = [
        Blocker(pid=pid, state=state, query=query, database=database, application=application)
        for pid, state, query, database, application, _ in rows
    ]
    for blocker in blockers:
        _LOG.warning("ended, because a clean-up waited for its lock: %s", blocker)
    return blockers
