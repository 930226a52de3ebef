"""What the counts for few and many rows say of each operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.checks.finding import Finding, Note
from seatrial.ledger.repeats import repeats

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from seatrial.checks.queries.calling import Answer
    from seatrial.checks.queries.operations import Operation
    from seatrial.ledger.repeats import Repeated

_TWICE = 2
_REMEDY = (
    "load it for all rows at once: selectinload() or joinedload() with SQLAlchemy, select_related() or "
    "prefetch_related() with Django, a join or `= ANY(...)` in SQL; or read fewer rows, in pages"
)
_ROWS_REMEDY = (
    'make rows that these operations show, in a function `make(number, db)`: rows = "tests.rows:make" under '
    "[tool.seatrial.checks.queries]"
)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One operation, called by one user.

    Attributes:
        operation: it.
        user: who called; None without credentials.
        few: the answer with few rows.
        many: the answer with many.
    """

    operation: Operation
    user: str | None
    few: Answer
    many: Answer

    @property
    def is_answered(self) -> bool:
        """Whether both calls were answered as asked."""
        return self.few.is_ok and self.many.is_ok

    @property
    def is_exercised(self) -> bool:
        """Whether the rows were seen: the answer holds more of them."""
        return self.is_answered and self.many.size > self.few.size

    @property
    def more(self) -> int:
        """How many statements more were sent for many rows."""
        return len(self.many.sent) - len(self.few.sent)

    def grown(self) -> list[tuple[Repeated, int]]:
        """What was sent two times more or oftener for many rows, and how often for few; the worst first."""
        if not self.is_answered:
            return []
        before = {known: found.times for known, found in repeats(self.few.sent).items()}
        counted = [(found, before.get(known, 0)) for known, found in repeats(self.many.sent).items()]
        more = [(found, times) for found, times in counted if found.times >= times + _TWICE]
        return sorted(more, key=lambda each: each[1] - each[0].times)


def verdict(
    compared: Sequence[Compared], *, rows: tuple[int, int], gaps: Collection[str], name: str
) -> Iterator[Finding | Note]:
    """Findings for what grew, and notes that say what was compared and what could not be.

    Args:
        compared: every operation with every user.
        rows: how many few and many are.
        gaps: what the count cannot hear.
        name: of the check.
    """
    by_operation: dict[str, list[Compared]] = {}
    for each in compared:
        by_operation.setdefault(str(each.operation), []).append(each)
    sorts: dict[str, list[str]] = {}
    for operation, several in by_operation.items():
        grown = [each for each in several if each.grown()]
        if grown:
            yield _finding(operation, grown, rows)
        elif not any(each.is_answered for each in several):
            yield from _broken(operation, several)
        sort, text = _sorted_in(operation, several)
        sorts.setdefault("" if grown else sort, []).append(text)
    yield from (Note(f"{sort}: {', '.join(each)}") for sort, each in sorts.items() if sort)
    if not any(each.few.sent or each.many.sent for each in compared):
        yield _nothing_heard(name, gaps)
    elif not any(each.is_exercised or each.grown() for each in compared):
        yield _nothing_exercised(name, len(by_operation))


def _finding(operation: str, grown: Sequence[Compared], rows: tuple[int, int]) -> Finding:
    worst = max(grown, key=lambda each: each.more)
    repeated, before = worst.grown()[0]
    users = ", ".join(each.user or "nobody" for each in grown)
    return Finding(
        where=operation,
        what=f"expected as many statements for {rows[1]} rows as for {rows[0]}, found {len(worst.many.sent)} "
        f"instead of {len(worst.few.sent)}, called by {users}; this one was sent {repeated.times} times "
        f"instead of {before}, with {repeated.different} sets of values",
        remedy=_REMEDY,
        detail=repeated.text,
    )


def _broken(operation: str, several: Sequence[Compared]) -> Iterator[Finding]:
    """What raises for everybody: nobody knows what it sends, and nobody would look for it in a note."""
    errors = [(each.user or "nobody", answer.error) for each in several for answer in (each.few, each.many)]
    raised = [(user, error) for user, error in errors if error]
    if raised:
        user, error = raised[-1]
        yield Finding(
            where=operation,
            what=f"expected an answer, and with the rows that were made it raises {error}, called by {user}",
            remedy=f"correct the operation if such rows can be; else {_ROWS_REMEDY}",
        )


def _sorted_in(operation: str, several: Sequence[Compared]) -> tuple[str, str]:
    """What is said of an operation, and how it is named there."""
    exercised = [each for each in several if each.is_exercised]
    if exercised:
        most = max(exercised, key=lambda each: each.more)
        if most.more > 0:
            return (
                "more statements for many rows, and none of them again and again",
                f"{operation} ({len(most.few.sent)}, then {len(most.many.sent)})",
            )
        return "compared", f"{operation} ({len(most.many.sent)} statements)"
    answered = [each for each in several if each.is_answered]
    if not answered:
        refusals = [answer for each in several for answer in (each.few, each.many) if not answer.is_ok]
        statuses = sorted({answer.status for answer in refusals if answer.status is not None})
        told = ", ".join(map(str, statuses)) or "no id is known for its path, or no answer came"
        return "not exercised, it gives nobody an answer", f"{operation} ({told})"
    if any(each.many.sent for each in answered):
        return "not exercised, the answer does not grow with the rows", operation
    return "no statement is sent", operation


def _nothing_heard(name: str, gaps: Collection[str]) -> Finding:
    return Finding(
        where=name,
        what="expected statements of the application, and heard not one",
        remedy="the application has to use SQLAlchemy, psycopg, asyncpg or psycopg2, and its operations have "
        "to be answered: see the notes",
        detail="\n".join(gaps),
    )


def _nothing_exercised(name: str, operations: int) -> Finding:
    return Finding(
        where=name,
        what=f"expected that an answer grows with the rows, and of {operations} operations none did: nothing "
        "is proven",
        remedy=_ROWS_REMEDY,
    )
