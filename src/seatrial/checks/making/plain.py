"""Ordinary values for every type: what an application would accept and show."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from seatrial.checks.making.values import candidates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seatrial.checks.making.tables import Column

WORD = "row"
"""Stands in every text that is made, so that a search can find it."""
_HEADER = 4
_FIRST_DAY = date(2024, 1, 1)
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_OFF = re.compile(r"delet|archiv|hidden|revok|disabl|block|closed|expired")
_NUMBERS = frozenset({"int2", "int4", "int8", "oid", "numeric", "float4", "float8", "money"})
_DAYS = {"date": "", "timestamp": " 12:00", "timestamptz": " 12:00+00"}
_ONLY_ONE = {
    "json": ("{}", "[]"),
    "jsonb": ("{}", "[]"),
    "interval": ("1 day",),
    "time": ("12:00",),
    "timetz": ("12:00+00",),
    "bytea": ("\\x00",),
    "inet": ("127.0.0.1",),
}


def plain_candidates(column: Column, *, row: int, checks: Sequence[str]) -> list[str]:
    """Values to be tried for a column, the most ordinary first, those that only a database accepts last.

    Args:
        column: it.
        row: the number of the row, from 0: columns get another value in each, where their type has so many.
        checks: the definitions of the CHECK constraints it is part of; the texts they name come first.
    """
    named = [
        text.replace("''", "'") for check in checks for text in _QUOTED.findall(check) if _is_text(column)
    ]
    return list(dict.fromkeys([*named, *_ordinary(column, row), *candidates(column, row=row, checks=checks)]))


def _is_text(column: Column) -> bool:
    return column.category == "S" and not column.labels


def _ordinary(column: Column, row: int) -> Iterator[str]:
    kind = column.base
    if column.labels:
        yield from column.labels
    elif column.category == "A":
        yield "{}"
    elif kind == "bool":
        yield from ("false", "true") if _OFF.search(column.name) else ("true", "false")
    elif kind in _NUMBERS:
        yield str(row + 1)
    elif kind in _DAYS:
        yield f"{_FIRST_DAY + timedelta(days=row)}{_DAYS[kind]}"
    elif kind == "uuid":
        yield f"00000000-0000-4000-8000-{row + 1:012d}"
    elif kind in _ONLY_ONE:
        yield from _ONLY_ONE[kind]
    elif _is_text(column):
        yield from _texts(column, row)


def _texts(column: Column, row: int) -> Iterator[str]:
    length = column.modifier - _HEADER if column.modifier >= _HEADER else None
    name = column.name.lower()
    letters = _letters(row)
    texts = [f"{WORD} {row + 1}", f"{WORD}-{row + 1}", f"{row + 1}", f"{WORD}{letters}", letters.upper()]
    if "mail" in name:
        texts.insert(0, f"{WORD}{row + 1}@example.com")
    elif re.search(r"url|uri|link|website", name):
        texts.insert(0, f"https://example.com/{WORD}/{row + 1}")
    yield from (text for text in texts if length is None or len(text) <= length)


def _letters(number: int) -> str:
    """Three letters, others for each of the first 17576 numbers."""
    return "".join(chr(ord("a") + number // 26**place % 26) for place in (2, 1, 0))
