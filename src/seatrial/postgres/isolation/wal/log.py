"""Reading the server's log of changes: what was written since the last position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.postgres.isolation.wal.log_statements import LIMIT_BYTES
from seatrial.postgres.isolation.wal.records import Change
from seatrial.postgres.isolation.wal.relations import FileKey
from seatrial.postgres.isolation.wal.sessions import EndedSession, parse_sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seatrial.postgres.isolation.wal.control import Control
    from seatrial.postgres.isolation.wal.session import Row

_NO_TRANSACTION = "0"


@dataclass(frozen=True, kw_only=True)
class Window:
    """What the log holds between two positions, and what stood in the way of reading it."""

    changes: tuple[Change, ...]
    busy: tuple[EndedSession, ...]
    """Sessions whose writes a later window would miss: end them and read again."""
    prepared: bool
    """Whether there are prepared transactions: roll them back and read again."""
    too_long: bool
    """Whether the window is longer than the limit; `changes` is empty then."""
    unchanged: bool
    """Whether no transaction got a number since, so that nothing can have been written."""
    end: str
    next_transaction: str | None
    """The first transaction id after the window, if none was in use at its end."""


class Log:
    """The window of the log that has not been read yet.

    Our own writes are recognised by their transaction ids. The position moves only with `advance`, to a
    point before everything that was not read.
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self._position = "0/0"
        self._expected = _NO_TRANSACTION
        self._own: list[str] = []

    def start_here(self) -> None:
        """Begin a window; what is read later is what will be written from now on."""
        ((row,),) = self._control.pipeline([("mark", (_NO_TRANSACTION,))])
        self._position, self._expected, self._own = str(row[2]), _NO_TRANSACTION, []

    def read(self, database: int, ours: str) -> Window:
        """Read the window of one database and of what all databases share.

        Args:
            database: its object id.
            ours: the process ids of our own sessions in it, as an array of the server.
        """
        own = "{" + ",".join(self._own) + "}"
        calls = [
            ("mark", (self._expected,)),
            ("busy", (str(database), ours)),
            ("state", (self._position,)),
            ("blocks", (self._position, str(database), own, self._expected)),
        ]
        (mark,), busy, ((prepared, distance),), blocks = self._control.pipeline(calls)
        transaction, quiet, end = mark
        unchanged = end is None
        return Window(
            changes=() if unchanged else tuple(_change(row) for row in blocks),
            busy=tuple(parse_sessions(busy)),
            prepared=prepared == "t",
            too_long=not unchanged and int(distance or 0) > LIMIT_BYTES,
            unchanged=unchanged,
            end=end or self._position,
            next_transaction=transaction if quiet == "t" else None,
        )

    def advance(self, window: Window, own: Sequence[str]) -> None:
        """Begin the next window where `window` was read to.

        Args:
            window: the one that has been dealt with.
            own: the transaction ids of our own writes since; the next window leaves them out.
        """
        self._position, self._own = window.end, list(own)
        self._expected = _following(window.next_transaction, own)


def _following(first: str | None, own: Sequence[str]) -> str:
    """The next transaction id if none but ours were given since the window; else one that never comes."""
    if first is None or [int(transaction) for transaction in own] != [
        *range(int(first), int(first) + len(own))
    ]:
        return _NO_TRANSACTION
    return str(int(first) + len(own))


def _change(row: Row) -> Change:
    tablespace, database, filenode, manager, record, blocks = row
    return Change(
        file=FileKey(int(tablespace or 0), int(filenode or 0), database == "0"),
        manager=manager or "",
        record=record or "",
        blocks=frozenset(int(block) for block in (blocks or "{}")[1:-1].split(",") if block),
    )
