"""Where the hooks of all drivers lead."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from seatrial.ledger.recorder import Sender
from seatrial.ledger.sql.quiet import is_quiet
from seatrial.ledger.sql.values import told_apart

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

# Drivers send these themselves, some where no hook sees it: recorded or not, they would differ by driver.
_CONTROL = re.compile(
    r"(?:\s|;)*(?:(?:begin|start\s+transaction|commit|end|rollback|abort|savepoint|release)\b[^;]*)?(?:\s|;)*",
    re.IGNORECASE,
)
_OWN_HANDLES = ("seatrial.postgres.handle", "seatrial.sqlite.handle")
_SKIPPED = ("psycopg", "psycopg2", "contextlib")
_CATALOG = "seatrial.postgres.catalog."
"""A test that takes a snapshot with it asks for one, as with a driver."""
_LOOKS_TYPES_UP = frozenset(
    {("psycopg._typeinfo", "_fetch"), ("psycopg._typeinfo", "_fetch_async")}
    | {("psycopg2.extras", "get_oids"), ("psycopg2.extras", "_from_db"), ("psycopg2._range", "_from_db")}
)
"""Functions of drivers, by module and name, whose statements nobody else has asked for."""


class Sent(NamedTuple):
    """A statement that was sent, as far as its driver tells."""

    text: str
    driver: str
    began: float
    values: Any = ()
    """The first set of values; only its size and a number that tells it from others go further."""
    times: int | None = 1
    rows: int | None = None
    failed: BaseException | None = None


class Listener(Protocol):
    """Who hears of statements: a recorder, or somebody who counts."""

    def statement(
        self,
        text: str,
        *,
        sender: Sender,
        driver: str,
        began: float,
        parameters: int = 0,
        values: str | None = None,
        times: int | None = 1,
        rows: int | None = None,
        failed: BaseException | None = None,
    ) -> None:
        """A statement is over; see the fields of `Statement`."""

    def gap(self, what: str) -> None:
        """Statements of some kind are not heard."""


class Sink:
    """Takes statements from hooks, adds who sent them, and tells everybody who listens."""

    def __init__(self) -> None:
        self._listeners: tuple[tuple[Listener, Callable[[], Sender]], ...] = ()
        self._gaps: list[str] = []

    @property
    def is_heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def add(self, listener: Listener, sender: Callable[[], Sender]) -> None:
        """Let somebody listen, who learns what is not heard, too.

        Args:
            listener: who.
            sender: tells who sends statements in the running thread and context.
        """
        self._listeners = (*self._listeners, (listener, sender))
        for gap in self._gaps:
            listener.gap(gap)

    def drop(self, listener: Listener) -> None:
        """Tell this one nothing more."""
        self._listeners = tuple(pair for pair in self._listeners if pair[0] is not listener)

    def clear(self) -> None:
        """Forget what was not heard: the hooks that said so are gone."""
        self._gaps.clear()

    def gap(self, what: str) -> None:
        """Tell that statements of some kind are not seen."""
        self._gaps.append(what)
        for listener, _ in self._listeners:
            listener.gap(what)

    def take(self, sent: Sent, *, by_handle: bool = False) -> None:
        """Tell of a statement, unless all it does is to begin or end a transaction."""
        if _CONTROL.fullmatch(sent.text):
            return
        values = told_apart(sent.values)
        for listener, sender in self._listeners:
            listener.statement(
                sent.text,
                sender=Sender("db") if by_handle else sender(),
                driver=sent.driver,
                began=sent.began,
                parameters=count(sent.values),
                values=values,
                times=sent.times,
                rows=sent.rows,
                failed=sent.failed,
            )


def caller(depth: int = 2) -> str | None:
    """Who has called a driver: `db` for the handle of tests, `other`, or None for nobody who is recorded.

    Nobody is seatrial itself, a driver that looks types up, and whoever is passed over at present.
    """
    if is_quiet():
        return None
    frame: FrameType | None = sys._getframe(depth)  # noqa: SLF001 - the documented way without building a whole stack
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if (module, frame.f_code.co_name) in _LOOKS_TYPES_UP:
            return None
        if module.partition(".")[0] not in _SKIPPED and not module.startswith(_CATALOG):
            break
        frame = frame.f_back
    else:
        return "other"
    if not module.startswith("seatrial."):
        return "other"
    return "db" if module in _OWN_HANDLES else None


def count(parameters: Any) -> int:
    """How many values a set of parameters has."""
    return len(parameters) if hasattr(parameters, "__len__") else 0


def counted(rows: Any) -> int | None:
    """A driver's number of rows; some say -1 where they do not know."""
    return rows if isinstance(rows, int) and rows >= 0 else None


class Patches:
    """Replaced attributes of classes and modules, and the way back."""

    def __init__(self) -> None:
        self._replaced: list[tuple[Any, str, Any]] = []

    def wrap(self, owner: Any, name: str, around: Callable[[Any], Any]) -> bool:
        """Put what `around` makes of an attribute in its place; whether there is such an attribute."""
        original = vars(owner).get(name)
        if original is None:
            return False
        self._replaced.append((owner, name, original))
        setattr(owner, name, around(original))
        return True

    def undo(self) -> None:
        """Put everything back."""
        while self._replaced:
            owner, name, original = self._replaced.pop()
            setattr(owner, name, original)
