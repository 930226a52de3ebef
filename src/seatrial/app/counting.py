"""Counting the statements that a block of a test makes the application send."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seatrial.app.observing import sender
from seatrial.ledger.redaction import Redactor
from seatrial.ledger.repeats import Repeated, repeats
from seatrial.ledger.sql.hooks import SqlHooks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.ledger.events import By
    from seatrial.ledger.recorder import Sender


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A statement that was sent in the block.

    Attributes:
        text: as it was sent, without anything that looks like a secret.
        values: equal for equal sets of values, and tells nothing else of them; None where there were none.
        exchange: the number of the request it was sent for; None for work that no request set going.
    """

    text: str
    values: str | None
    exchange: int | None


@dataclass
class CountedStatements:
    """What was sent so far; `len()` of it is the number of statements.

    Attributes:
        statements: in the order in which they were over.
        gaps: what cannot be heard.
    """

    statements: list[Counted] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.statements)

    def __bool__(self) -> bool:
        return True

    @property
    def texts(self) -> list[str]:
        """The text of each."""
        return [statement.text for statement in self.statements]

    @property
    def repeated(self) -> list[Repeated]:
        """Those that were sent more than once, values aside, the most frequent first."""
        sent = ((statement.text, statement.values) for statement in self.statements)
        return [each for each in repeats(sent).values() if each.times > 1]

    def __str__(self) -> str:
        sent = repeats((statement.text, statement.values) for statement in self.statements).values()
        lines = [str(each) if each.times > 1 else " ".join(each.text.split()) for each in sent]
        return "\n".join([f"{len(self)} statements", *(f"  {line}" for line in [*lines, *self.gaps])])

    __repr__ = __str__


@contextlib.contextmanager
def counted_statements(*, by: By = "application") -> Iterator[CountedStatements]:
    """Count the statements that are sent in a block, whether a ledger is written or not.

    Heard are SQLAlchemy with any driver, psycopg and asyncpg, and psycopg2 on connections that are opened in
    a block like this. What only begins or ends a transaction does not count, nor what pools ask themselves.

    Args:
        by: whose: those of the application, of the test with connections of its own, or of the fixture `db`.
    """
    seen = CountedStatements()
    hooks = SqlHooks(_Counter(seen, by), sender)
    hooks.install()
    try:
        yield seen
    finally:
        hooks.remove()


class _Counter:
    """Hears of all statements and keeps some."""

    def __init__(self, seen: CountedStatements, by: By) -> None:
        self._seen = seen
        self._by = by
        self._redactor = Redactor()

    def statement(self, text: str, *, sender: Sender, values: str | None = None, **_: object) -> None:
        if sender.by == self._by:
            shown, _cut = self._redactor.capped(text)
            self._seen.statements.append(Counted(text=shown, values=values, exchange=sender.exchange))

    def gap(self, what: str) -> None:
        self._seen.gaps.append(what)
