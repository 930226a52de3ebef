"""What a section of the report is made of, and its Markdown."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A promise and what was found."""

    text: str
    found: str
    met: bool
    because: str = ""
    """Why it is missed, where it is."""

    def line(self) -> str:
        """One line of Markdown."""
        reason = f" ({self.because})" if self.because and not self.met else ""
        return f"- **{'met' if self.met else 'missed'}**: {self.text}; found {self.found}{reason}"


@dataclass(kw_only=True)
class Table:
    """Columns and rows of text; the first column names the row."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Markdown."""
        rule = ("---", *("---:" for _ in self.columns[1:]))
        return ["| " + " | ".join(row) + " |" for row in (self.columns, rule, *self.rows)]


@dataclass(kw_only=True)
class Section:
    """A heading, how it was measured, tables, and the goals they decide."""

    title: str
    method: str
    tables: list[Table]
    goals: list[Goal] = field(default_factory=list)

    def markdown(self) -> str:
        """The section as it is printed."""
        parts = [f"## {self.title}", self.method]
        parts += ["\n".join(table.lines()) for table in self.tables]
        if self.goals:
            parts.append("\n".join(goal.line() for goal in self.goals))
        return "\n\n".join(parts) + "\n"


def spread(values: Sequence[float], *, digits: int = 1) -> str:
    """The median, and the least and the greatest value."""
    middle = statistics.median(values)
    return f"{middle:.{digits}f} [{min(values):.{digits}f} .. {max(values):.{digits}f}]"


def ratio(values: Sequence[float], base: Sequence[float]) -> float:
    """The quotient of two medians."""
    return statistics.median(values) / statistics.median(base)
