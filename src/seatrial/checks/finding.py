"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        where: what it is about, in a form that stays the same from run to run: `orders.total`, or
            `revision 3f2a (add_total)`.
        what: what was expected, and what was found.
        remedy: what to do.
        detail: longer text below it, a traceback or statements.
    """

    where: str
    what: str
    remedy: str
    detail: str = ""

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.what}"]
        lines += [f"    {line}" for line in self.detail.rstrip().splitlines()]
        lines.append(f"  What to do: {self.remedy}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Note:
    """A line that is worth reading even if nothing is wrong."""

    text: str


class Inapplicable(Exception):  # noqa: N818 - not an error: there is nothing that could be checked
    """There is nothing here that a check could look at."""
