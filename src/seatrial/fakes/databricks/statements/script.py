"""What tests say about the next statements: their results, their failures, how long they take."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seatrial.fakes.databricks.statements.failures import StatementFailure
    from seatrial.fakes.databricks.statements.results import Rows


@dataclass(kw_only=True)
class Scripted:
    """What the next statements meet that it is for."""

    written: str
    """How the test wrote it, for messages."""
    when: str | None
    """Only statements that contain this, in any case."""
    left: int | None
    """How many statements; None: all of the test."""
    rows: Rows | None = None
    failure: StatementFailure | None = None
    polls: int = 0
    """How many times a client has to ask before the end, the submission counted as none."""
    met: bool = False


@dataclass
class StatementScript:
    """What waits for its statements. Safe to use from any thread."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _waiting: list[Scripted] = field(default_factory=list)

    def add(self, scripted: Scripted) -> None:
        """Append."""
        with self._lock:
            self._waiting.append(scripted)

    def take(self, statement: str) -> Scripted | None:
        """The first that is for this statement."""
        with self._lock:
            for position, one in enumerate(self._waiting):
                if one.when is None or one.when.lower() in statement.lower():
                    one.met = True
                    if one.left is not None:
                        one.left -= 1
                        if not one.left:
                            self._waiting.pop(position)
                    return one
        return None

    def pending(self) -> list[str]:
        """What too few statements have met, as it was written."""
        with self._lock:
            return [
                one.written
                for one in self._waiting
                for _ in range(int(not one.met) if one.left is None else one.left)
            ]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._waiting.clear()
