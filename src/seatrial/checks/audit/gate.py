"""A gate before the commit of whoever appends: all wait there until all have read and written."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from seatrial.checks.making.tables import Table

_KEY = 7_302_017_113
"""Of the advisory lock: of no meaning, and no number that people choose."""
_PATIENCE_S = 3.0
"""How long nobody else may arrive until those who did are let through: a pool may have room for fewer."""
_POLL_S = 0.01
_WAITING = """
select count(distinct l.pid) from pg_locks l join pg_stat_activity a on a.pid = l.pid
where not l.granted and a.datname = current_database()
"""


@dataclass(frozen=True)
class Gate:
    """The gate of one table.

    An application that reads the last row without a lock has read the same one in every session before any
    of them goes on. One that holds a lock has one session at the gate, and all others at that lock.

    Attributes:
        admin: owns the table, and commits every statement; holds the gate.
    """

    admin: psycopg.Connection[Any]

    @classmethod
    def built(cls, admin: psycopg.Connection[Any], table: Table) -> Gate:
        """Put it before the commits that insert into a table."""
        admin.execute(
            f"""
            create schema if not exists seatrial;
            create table seatrial.appended (transaction text not null);
            create function seatrial.wait() returns trigger language plpgsql security definer as $$
            begin
              insert into seatrial.appended values (pg_catalog.pg_current_xact_id()::text);
              perform pg_catalog.pg_advisory_xact_lock_shared({_KEY});
              return null;
            end $$;
            create constraint trigger seatrial_gate after insert on {table.quoted}
              deferrable initially deferred for each row execute function seatrial.wait();
            """.encode()  # noqa: S608 - a number of ours, and a quoted name
        )
        return cls(admin)

    def close(self) -> None:
        """Let nobody through."""
        self.admin.execute(f"select pg_advisory_lock({_KEY})".encode())

    def open(self) -> None:
        """Let all go on."""
        self.admin.execute(f"select pg_advisory_unlock({_KEY})".encode())

    def passed(self) -> int:
        """How many transactions went through; savepoints, which have numbers of their own, are none."""
        row = self.admin.execute(b"select count(distinct transaction) from seatrial.appended").fetchone()
        return int(row[0]) if row else 0

    def wait_for(self, count: int, *, started: Callable[[], bool], ended: Callable[[], bool]) -> int:
        """Wait until so many sessions wait, at the gate or for one another.

        Args:
            count: how many there are to be.
            started: whether all of them are under way.
            ended: whether there is nobody left to wait for.

        Returns:
            How many there are; fewer, if nobody else arrives any more.
        """
        seen, since = -1, time.monotonic()
        while not ended():
            waiting = self._waiting()
            if waiting >= count:
                return waiting
            if waiting != seen or not started():
                seen, since = max(waiting, seen), time.monotonic()
            elif time.monotonic() - since > _PATIENCE_S:
                break
            time.sleep(_POLL_S)
        return max(seen, 0)

    def _waiting(self) -> int:
        row = self.admin.execute(_WAITING.encode()).fetchone()
        return int(row[0]) if row else 0
