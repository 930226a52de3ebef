"""Types of columns that hold less than another: what a suite should notice if a column had such a one."""

from __future__ import annotations

import re

_SMALLER = {
    "bigint": "integer",
    "double precision": "real",
    "timestamp with time zone": "timestamp without time zone",
}
_TEXT = re.compile(r"(?P<kind>character varying|character)\((?P<length>\d+)\)")
_NUMERIC = re.compile(r"numeric\((?P<digits>\d+),(?P<scale>[1-9]\d*)\)")
_VECTOR = re.compile(r"(?:.+\.)?(?:vector|halfvec|sparsevec)\(\d+\)")


def narrower(declared: str) -> str | None:
    """A type that holds less; None where there is none worth trying.

    >>> narrower("character varying(200)"), narrower("numeric(10,2)"), narrower("public.vector(384)")
    ('character varying(100)', 'numeric(8,0)', 'text')
    >>> narrower("bigint"), narrower("timestamp with time zone"), narrower("boolean")
    ('integer', 'timestamp without time zone', None)
    """
    if declared in _SMALLER:
        return _SMALLER[declared]
    if match := _TEXT.fullmatch(declared):
        half = int(match["length"]) // 2
        return f"{match['kind']}({half})" if half else None
    if match := _NUMERIC.fullmatch(declared):
        digits = int(match["digits"]) - int(match["scale"])
        return f"numeric({digits},0)" if digits > 0 else "numeric(1,0)"
    # What an application gets that goes on without the extension.
    return "text" if _VECTOR.fullmatch(declared) else None


def using(column: str, declared: str) -> str:
    """How a value becomes one of the smaller type; a text that is too long for it stays an error."""
    return f"{column}::{declared}" if not declared.startswith("character") else column
