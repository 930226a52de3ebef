"""One run at a time in a named database: they would undo each other's tests."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, Any

from seatrial.errors import ServerError

if TYPE_CHECKING:
    import psycopg

_KEY = 0x5EA7
# The server needs a moment to notice that a killed run is gone.
_WAIT_S = 2.0
_POLL_S = 0.05
_HOLDER = """
select coalesce(nullif(a.application_name, ''), 'session ' || a.pid) || ', since '
       || to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ')
from pg_locks l join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.granted and l.classid = 0 and l.objid = %s and l.objsubid = 1
  and l.database = (select oid from pg_database where datname = current_database())
"""


def run_label() -> str:
    """Who we are, for the message another run prints; the server keeps 63 bytes."""
    return f"seatrial run, process {os.getpid()} on {socket.gethostname()}"[:63]


def hold(connection: psycopg.Connection[Any]) -> None:
    """Take the lock of the connected database; it is held until the connection ends.

    Raises:
        ServerError: another run holds it; that run is named.
    """
    deadline = time.monotonic() + _WAIT_S
    while not _taken(connection):
        if time.monotonic() > deadline:
            raise _in_use(connection)
        time.sleep(_POLL_S)


def _taken(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute("select pg_try_advisory_lock(%s)", [_KEY]).fetchone()
    return bool(row and row[0])


def _in_use(connection: psycopg.Connection[Any]) -> ServerError:
    row = connection.execute(_HOLDER, [_KEY]).fetchone()
    holder = row[0] if row else "a run that has just ended"
    return ServerError(
        f"another run uses the database {connection.info.dbname!r}: {holder}",
        code="database.in-use",
        remedy="wait for it, or name another database; a role with CREATEDB lets runs share a server",
    )
