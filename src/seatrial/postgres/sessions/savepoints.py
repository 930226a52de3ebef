"""Which savepoints are open, told from the statements that open and end them."""

from __future__ import annotations

import re

_STATEMENT = re.compile(
    r"\s*(?P<verb>SAVEPOINT|RELEASE(?:\s+SAVEPOINT)?|ROLLBACK(?:\s+WORK|\s+TRANSACTION)?\s+TO(?:\s+SAVEPOINT)?)"
    r"\s+(?P<name>\w+)\s*;?\s*",
    re.IGNORECASE,
)


class Savepoints:
    """A stack of names, outermost first."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def follow(self, statement: str) -> None:
        """Take note of a statement that is about to be executed."""
        found = _STATEMENT.fullmatch(statement)
        if found is None:
            return
        name = found["name"]
        if found["verb"].upper() == "SAVEPOINT":
            self.names.append(name)
        elif name in self.names:
            # After ROLLBACK TO the server still knows the name, but SQLAlchemy does not use it again.
            del self.names[self.names.index(name) :]

    def is_outermost_released_by(self, statement: str) -> bool:
        """Whether a statement releases the outermost savepoint, which stands for a COMMIT."""
        found = _STATEMENT.fullmatch(statement)
        return (
            found is not None
            and found["verb"].upper().startswith("RELEASE")
            and self.names[:1] == [found["name"]]
        )
