"""The shape of a statement: its text without what differs from one sending to the next."""

from __future__ import annotations

import functools
import re

_PARTS = re.compile(
    r"""
      (?P<space>(?:\s|--[^\n]*|/\*.*?\*/)+)
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<string>(?:\b[eEbBxXnN]|\b[uU]&)?'(?:[^']|'')*')
    | (?P<parameter>%\(\w+\)s|%s|%b|%t|\$\d+|(?<![:\w]):\w+|\?\d*)
    | (?P<number>(?<![\w.$])\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w))
    """,
    re.VERBOSE | re.DOTALL,
)
_CAST = re.compile(r"\?::[\w.]+(?: (?:with|without) time zone)?(?:\[\])*", re.IGNORECASE)
_TUPLE = re.compile(r"\(\s*\?(?:\s*,\s*\?)*\s*\)")
_TUPLES = re.compile(r"\(\?\)(?:\s*,\s*\(\?\))+")


@functools.lru_cache(maxsize=4_096)
def shape(sql: str) -> str:
    """The text without comments and values: equal for statements that differ in nothing else.

    Parameters in every notation and values that are written out read `?`, and a list of them, however long,
    `(?)`: `where id in ($1, $2)` and `where id in (7)` have one shape.
    """
    plain = _CAST.sub("?", _PARTS.sub(_without_value, sql).strip())
    return _TUPLES.sub("(?)", _TUPLE.sub("(?)", plain))


def _without_value(found: re.Match[str]) -> str:
    if found.lastgroup == "quoted":
        return found[0]
    return " " if found.lastgroup == "space" else "?"
