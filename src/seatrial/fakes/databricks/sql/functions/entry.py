"""One way to call a function: its expression in duckdb and its type."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Required, TypedDict, Unpack

SLOT = re.compile(r"\$(\d|\*)([a-z]?)")
"""`$0` is the first argument, `$*` all of them with commas. A letter says what it is turned into:
`s` text, `d` a date, `t` a timestamp, `n` a double, `i` an integer, `b` a truth value."""


class More(TypedDict, total=False):
    """What only some functions have."""

    around: str
    least: int
    aggregate: bool
    literal: dict[int, str]


class Entry(More):
    """How a table writes a `Function`."""

    sql: Required[str]
    returns: Required[str]


@dataclass(frozen=True, kw_only=True)
class Function:
    """One way to call a function.

    Args:
        name: in lower case.
        sql: the expression, with slots for the arguments.
        returns: the type as Databricks writes it; `=0` that of the first argument, `[0` an array of it, `e0`
            its elements', `?` not known, or the name of a rule of `typing`.
        around: for aggregates: what is put around it and its window, with `@` in its place.
        least: how many arguments there have to be, where `$*` takes any number.
        aggregate: whether it is one, or a function of windows.
        literal: arguments that have to be literals, and what is made of them: see `literals`.
    """

    name: str
    sql: str
    returns: str
    around: str = "@"
    least: int = 0
    aggregate: bool = False
    literal: dict[int, str] = field(default_factory=dict)

    def takes(self, count: int) -> bool:
        """Whether it can be called with so many arguments."""
        slots = {match[1] for match in SLOT.finditer(self.sql)}
        if "*" in slots:
            return count >= self.least
        places = [int(slot) for slot in slots] + list(self.literal)
        return count == max(places, default=-1) + 1


def one(sql: str, returns: str, **more: Unpack[More]) -> tuple[Entry, ...]:
    """A function with one way to call it."""
    return ({"sql": sql, "returns": returns, **more},)


def either(*entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """A function with several."""
    return tuple(entry for group in entries for entry in group)
