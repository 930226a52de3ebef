"""What goes wrong with a statement that was submitted well: state FAILED, and the reason."""

from __future__ import annotations

from typing import Any


class StatementFailure(Exception):  # noqa: N818 - told to the client with status 200
    """The statement was run and failed.

    Args:
        condition: the name of the error condition, such as `TABLE_OR_VIEW_NOT_FOUND`.
        message: what follows it.
        sql_state: five characters.
        code: what the API's status says, apart from the condition.
    """

    def __init__(self, condition: str, message: str, *, sql_state: str, code: str = "BAD_REQUEST") -> None:
        super().__init__(f"[{condition}] {message}")
        self.condition = condition
        self.message = message
        self.sql_state = sql_state
        self.code = code

    def status(self) -> dict[str, Any]:
        """The status of the statement, as the API writes it."""
        return {
            "state": "FAILED",
            "sql_state": self.sql_state,
            "error": {
                "error_code": self.code,
                "message": f"[{self.condition}] {self.message} SQLSTATE: {self.sql_state}",
            },
        }


def insufficient(message: str) -> StatementFailure:
    """Whoever runs it lacks a right."""
    return StatementFailure(
        "INSUFFICIENT_PERMISSIONS", f"Insufficient privileges:\n{message}", sql_state="42501"
    )


def too_large(limit: int) -> StatementFailure:
    """Its result does not fit into an answer."""
    return StatementFailure(
        "INLINE_BYTE_LIMIT_EXCEEDED",
        f"Statements executed with disposition=INLINE can have a result size of at most {limit} bytes. "
        "Please execute the statement with disposition=EXTERNAL_LINKS.",
        sql_state="54000",
    )
