"""Statements that were sent again and again: what N+1 looks like in a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from seatrial.ledger.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from seatrial.ledger.events import Exchange
    from seatrial.ledger.reader import Ledger

Sent: TypeAlias = tuple[str, "str | None"]
"""The text of a statement, and what tells its values from others; see `Statement.values`."""

_OFTEN = 5


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """A statement that was sent more than once, values aside.

    Attributes:
        text: as it was sent first.
        times: how often.
        different: with how many different sets of values, as far as that is known.
    """

    text: str
    times: int
    different: int

    def __str__(self) -> str:
        values = "the same values" if self.different == 1 else f"{self.different} sets of values"
        return f"{self.times} times with {values}: {' '.join(self.text.split())}"


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """An exchange for which one statement was sent many times with different values.

    Attributes:
        exchange: it.
        statements: how many were sent for it altogether.
        repeated: the one that was sent most often.
    """

    exchange: Exchange
    statements: int
    repeated: Repeated

    def __str__(self) -> str:
        exchange = self.exchange
        where = f"{exchange.method} {exchange.route or exchange.path}"
        test = f" in {exchange.test}" if exchange.test else ""
        return f"{where}{test}: {self.statements} statements, one {self.repeated}"


def repeats(sent: Iterable[Sent]) -> dict[str, Repeated]:
    """Shape -> the statement of that shape, the most frequent first.

    Args:
        sent: text and values of each, in order; the values as in `Statement.values`.
    """
    by_shape: dict[str, list[Sent]] = {}
    for text, values in sent:
        by_shape.setdefault(shape(text), []).append((text, values))
    # Two texts of one shape differ in the values that are written out in them.
    often = sorted(by_shape.items(), key=lambda each: -len(each[1]))
    return {
        known: Repeated(text=each[0][0], times=len(each), different=len(set(each))) for known, each in often
    }


def suspects(ledger: Ledger, *, at_least: int = _OFTEN) -> list[Suspect]:
    """The exchanges of a run that look like N+1, the worst first.

    Only a look at rows tells for certain: a test with two rows shows nothing here, and somebody who asks for
    five things, one after the other, is shown. The check `queries.n_plus_one` compares few rows with many.

    Args:
        ledger: of a run.
        at_least: how often one statement has to be sent, with as many different values.
    """
    by_exchange: dict[str, list[Sent]] = {}
    for statement in ledger.statements:
        if statement.exchange is not None and statement.by == "application":
            sent = by_exchange.setdefault(statement.exchange, [])
            sent.append((ledger.sql(statement), statement.values))
    found = []
    for exchange in ledger.exchanges:
        sent = by_exchange.get(exchange.id, [])
        suspect = _suspect(exchange, sent, at_least) if len(sent) >= at_least else None
        if suspect is not None:
            found.append(suspect)
    return sorted(found, key=lambda suspect: -suspect.repeated.times)


def _suspect(exchange: Exchange, sent: Sequence[Sent], at_least: int) -> Suspect | None:
    often = [each for each in repeats(sent).values() if each.different >= at_least]
    if not often:
        return None
    return Suspect(exchange=exchange, statements=len(sent), repeated=often[0])
