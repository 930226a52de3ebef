"""All that is in a file, comparable with what is there at another time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

_LONGEST = 300


@dataclass(frozen=True)
class Dump:
    """Schema and rows as statements, as often as each of them is needed."""

    statements: Counter[str]

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> Dump:
        """Read everything a connection sees."""
        return cls(Counter(connection.iterdump()))

    def differences(self, expected: Dump) -> list[str]:
        """What is here and not in the expected dump, and the other way round; empty if they are equal."""
        more, less = self.statements - expected.statements, expected.statements - self.statements
        return [
            *(f"not in the baseline: {line[:_LONGEST]}" for line in more.elements()),
            *(f"missing: {line[:_LONGEST]}" for line in less.elements()),
        ]
