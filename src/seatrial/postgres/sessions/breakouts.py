"""What cannot be undone by rolling one transaction back, and how a test that does it is told so."""

from __future__ import annotations

import re

from seatrial.errors import IsolationError

NOT_IN_A_TRANSACTION = "25001"
IN_FAILED_TRANSACTION = "25P02"
_TRANSACTION_IS_GONE = ("25P01", "3B001")

_REMEDY = (
    'let this test commit for real: mark it with @pytest.mark.isolation("reset"), or set isolation = "reset"'
)
_COMMENT = r"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
_ENDS_TRANSACTION = re.compile(
    _COMMENT
    + r"(?:(?:commit|end|abort)\b|rollback\b(?!\s+(?:(?:work|transaction)\s+)?to\b)|prepare\s+transaction\b)",
    re.IGNORECASE | re.DOTALL,
)
_SETS_LATER_LEVEL = re.compile(
    _COMMENT
    + r"set\s+(?:session\s+characteristics\b.*\bisolation\b"
    + r"|(?:session\s+|local\s+)?default_transaction_isolation\b)",
    re.IGNORECASE | re.DOTALL,
)
_PLAIN = re.compile(
    r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*(?:select|insert|update|delete|merge|with|values|savepoint|release)\b",
    re.IGNORECASE | re.DOTALL,
)


def broke_out(what: str, *, detail: str = "") -> IsolationError:
    """The error of a test that did what its transaction cannot hold."""
    return IsolationError(
        f"this test broke out of the transaction in which it runs (isolation rollback): {what}",
        code="rollback.broke-out",
        remedy=_REMEDY,
        detail=detail,
    )


def somebody_else_wrote(sessions: list[str]) -> IsolationError:
    """The error of a test during which another connection has written."""
    return broke_out(
        "another connection has written to the database, and that cannot be rolled back with this test",
        detail="\n".join(f"  {session}" for session in sessions),
    )


def hidden_violation(error: BaseException) -> IsolationError:
    """The error of a test whose rows a COMMIT would have refused."""
    return IsolationError(
        "a COMMIT of what this test wrote would have failed: a deferred constraint does not hold",
        code="rollback.deferred-constraint",
        remedy="correct the rows that are named, or the code that writes them",
        detail=text_of(error),
    )


def in_statement(statement: str) -> str | None:
    """What a statement, as it is written, would do to the transaction around the test; None for most."""
    if _ENDS_TRANSACTION.match(statement):
        return f"it executes {_shortened(statement)!r}, which ends the transaction"
    if _SETS_LATER_LEVEL.match(statement):
        return f"it executes {_shortened(statement)!r}, which only a later transaction would follow"
    return None


def is_plain(statement: str) -> bool:
    """Whether a statement, as it is written, neither changes the schema nor takes such a change back."""
    return _PLAIN.match(statement) is not None


def in_failure(error: BaseException, statement: str | None) -> str | None:
    """What the server's refusal of a statement says about the transaction; None for ordinary errors."""
    state = sqlstate(error)
    if state == NOT_IN_A_TRANSACTION:
        return f"{text_of(error)}: {_shortened(statement or '')!r}"
    if state in _TRANSACTION_IS_GONE:
        return f"its transaction has ended before the test did ({text_of(error)})"
    return None


def sqlstate(error: BaseException) -> str:
    """The five characters by which PostgreSQL tells errors apart, whatever the driver calls them."""
    original = getattr(error, "orig", None) or error
    return str(getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or "")


def text_of(error: BaseException) -> str:
    """The server's own words, detail included, without what a driver's adapter puts before them."""
    original = getattr(error, "orig", None) or error
    return re.sub(r"^<class '[\w.]+'>: ", "", str(original)).strip()


def _shortened(statement: str) -> str:
    words = " ".join(statement.split())
    return words if len(words) <= 80 else f"{words[:77]}..."  # noqa: PLR2004 - one line of a terminal
