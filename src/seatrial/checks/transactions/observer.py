"""Who waits for whom, as the server sees it: a connection of our own beside the sessions that are watched."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from seatrial.errors import TransactionError

if TYPE_CHECKING:
    from collections.abc import Collection

    import psycopg

_BLOCKERS = """
select pid, array(
  select unnest(pg_blocking_pids(pid)) union select unnest(pg_safe_snapshot_blocking_pids(pid)))
from unnest(%s::int[]) pid
"""
_DESCRIBE = """
select pid, coalesce(state, '?'), coalesce(wait_event_type || ': ' || wait_event, ''), coalesce(query, '')
from pg_stat_activity where pid = any(%s)
"""
_OTHERS = "select pid from pg_stat_activity where datname = current_database()"
_CANCEL = "select count(pg_cancel_backend(pid)) from pg_stat_activity where pid = any(%s)"
_END = "select count(pg_terminate_backend(pid)) from pg_stat_activity where pid = any(%s)"
_LONGEST = 120


class Observer:
    """Looks at sessions, and ends what they do. Safe to use from any thread.

    Args:
        url: of the database, for the role of the sessions or one that may see and end them; a driver in its
            scheme (`postgresql+asyncpg`) is left out.

    Attributes:
        pid: the server's process of our connection.

    Raises:
        TransactionError: nobody answers there.
    """

    def __init__(self, url: str) -> None:
        self._url = plain(url)
        self._lock = threading.Lock()
        self._connection = self._open()
        self.pid = self._connection.info.backend_pid

    def _open(self) -> psycopg.Connection[Any]:
        import psycopg  # noqa: PLC0415 - an extra

        try:
            return psycopg.connect(
                self._url, autocommit=True, connect_timeout=10, application_name="seatrial"
            )
        except psycopg.Error as error:
            raise TransactionError(
                f"the server could not be reached: {str(error).strip().partition(chr(10))[0]}",
                code="transactions.no-server",
                remedy="give the URL that the application has: db.url() of the fixture `db`",
            ) from None

    def rows(self, statement: str, values: Collection[object] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a statement; an empty list where it gives none."""
        with self._lock:
            cursor = self._connection.execute(
                statement.encode(), list(values) if values is not None else None
            )
            return cursor.fetchall() if cursor.description is not None else []

    def blockers(self, pids: Collection[int]) -> dict[int, set[int]]:
        """For each of these sessions that waits for others: which ones hold what it waits for."""
        if not pids:
            return {}
        return {pid: set(found) for pid, found in self.rows(_BLOCKERS, [list(pids)]) if found}

    def waits(self) -> dict[int, set[int]]:
        """The same for all sessions of the database."""
        return self.blockers({pid for (pid,) in self.rows(_OTHERS)})

    def describe(self, pids: Collection[int]) -> list[str]:
        """What sessions do at present, a line on each."""
        found = self.rows(_DESCRIBE, [list(pids)]) if pids else []
        return [
            f"session {pid}: {state}{', waits for ' + wait if wait else ''}: {short(query)}"
            for pid, state, wait, query in found
        ]

    def cancel(self, pids: Collection[int]) -> None:
        """Cancel the statements that sessions run, where the role may."""
        self._try(_CANCEL, pids)

    def end(self, pids: Collection[int]) -> None:
        """End sessions, where the role may."""
        self._try(_END, pids)

    def _try(self, statement: str, pids: Collection[int]) -> None:
        import psycopg  # noqa: PLC0415 - loaded already

        with contextlib.suppress(psycopg.Error):
            self.rows(statement, [list(pids)])

    def close(self) -> None:
        """Close our connection."""
        self._connection.close()


def plain(url: str) -> str:
    """A URL as libpq takes it."""
    scheme, colon, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}{colon}{rest}"


def short(statement: object) -> str:
    """A statement in one line."""
    line = " ".join(str(statement).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} ..."
