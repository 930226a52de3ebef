"""SQL text: its statements one by one, and psycopg's parameters as SQLite writes them."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LITERAL = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?(?:\*/|\Z)"
_TOKEN = re.compile(rf"(?P<literal>{_LITERAL})|(?P<parameter>%s)|(?P<percent>%%)", re.DOTALL)
_BLANK = re.compile(r"(?:\s|;|--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))*", re.DOTALL)


def with_question_marks(statement: str) -> str:
    """Write a statement's `%s` as `?`, so that a test's SQL serves both engines.

    As with psycopg, a percent sign in such a statement is doubled. A statement without `%s` is SQLite's
    own and stays as it is.
    """
    if not any(token["parameter"] for token in _TOKEN.finditer(statement)):
        return statement
    return _TOKEN.sub(_translated, statement)


def _translated(token: re.Match[str]) -> str:
    if token["literal"] is not None:
        return token["literal"].replace("%%", "%")
    return "?" if token["parameter"] else "%"


def split(text: str) -> Iterator[tuple[int, str]]:
    """Every statement of a text with the place where it begins; triggers are not cut in the middle."""
    start = _past_blanks(text, 0)
    for place, sign in enumerate(text):
        if sign == ";" and place >= start and sqlite3.complete_statement(text[start : place + 1]):
            yield start, text[start : place + 1]
            start = _past_blanks(text, place + 1)
    if start < len(text):
        yield start, text[start:]


def _past_blanks(text: str, start: int) -> int:
    found = _BLANK.match(text, start)
    assert found is not None  # it matches nothing, too
    return found.end()
