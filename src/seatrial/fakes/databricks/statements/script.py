"""What tests say about the next statements: their results, their failures, how long they take."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.databricks.statements.results import ResultColumn, Rows
from seatrial.fakes.databricks.unity.types import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from seatrial.fakes.databricks.statements.failures import StatementFailure


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


def scripted(
    written: str,
    *,
    when: str | None,
    times: int | None,
    polls: int,
    rows: Rows | None = None,
    failure: StatementFailure | None = None,
) -> Scripted:
    """A checked entry of the script.

    Raises:
        FakeError: `times` is below one, or `polls` below zero.
    """
    if times is not None and times < 1:
        raise _wrong("times as one or more, or None for all", times)
    if polls < 0:
        raise _wrong("polls as zero or more", polls)
    if when is not None and not when.strip():
        raise _wrong("when as a text that statements contain", when)
    return Scripted(written=written, when=when, left=times, polls=polls, rows=rows, failure=failure)


def scripted_rows(columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> Rows:
    """A result as a test gives it.

    Raises:
        FakeError: a type is none, or a row has too many values or too few.
    """
    described = tuple(ResultColumn(name=name, type=parse(kind)) for name, kind in columns.items())
    made = [list(row) for row in rows]
    for row in made:
        if len(row) != len(described):
            raise _wrong(f"rows of {len(described)} values", row)
    return Rows(columns=described, rows=[[_text(value) for value in row] for row in made])


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except TypeError as error:
        raise _wrong("values as texts, as the service writes them", value) from error


def _wrong(expected: str, found: object) -> FakeError:
    return FakeError(
        f"A scripted statement expects {expected}, found {found!r}.",
        code="fakes.databricks-statement",
        remedy='Write such as statements.reply({"id": "BIGINT"}, [["1"]], when="from customers").',
    )
