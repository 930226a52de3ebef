"""Awkward values for every type, as texts that PostgreSQL casts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seatrial.checks.making.tables import Column

_HEADER = 4
"""By how much the modifier of a text or number type is larger than its length."""

_INTEGERS = {"int2": 2**15 - 1, "int4": 2**31 - 1, "int8": 2**63 - 1, "oid": 2**32 - 1}
_BY_NAME: dict[str, tuple[str, ...]] = {
    "bool": ("true", "false"),
    "float4": ("3.4e38", "-0.5", "0", "1"),
    "float8": ("1.7e308", "-0.5", "0", "1"),
    "money": ("-12345.67", "1"),
    "date": ("2024-02-29", "1969-12-31", "9999-12-31"),
    "time": ("23:59:59.999999", "00:00"),
    "timetz": ("23:59:59.999999+13:45", "00:00+00"),
    "timestamp": ("2024-02-29 23:59:59.999999", "1969-12-31 23:59:59", "2038-01-19 03:14:08"),
    "timestamptz": ("2024-02-29 23:59:59.999999+00", "1969-12-31 23:59:59-11", "2038-01-19 03:14:08+00"),
    "interval": ("1 year -1 day 25:00:00.000001", "-1 second", "0"),
    "json": ('{"a": [1, null, {"ü\'\\"": ""}], "a ": 1e2}', "null", "[]", "{}"),
    "jsonb": ('{"a": [1, null, {"ü\'\\"": ""}], "a ": 1e2}', "null", "[]", "{}"),
    "bytea": ("\\x00ff275c", "\\x"),
    "inet": ("2001:db8::1/64", "127.0.0.1"),
    "cidr": ("2001:db8::/32", "10.0.0.0/8"),
    "macaddr": ("08:00:2b:01:02:03",),
    "xml": ("<a b='&lt;'>ü</a>",),
    "tsvector": ("'sea':1 'trial':2",),
    "tsquery": ("sea & trial",),
    "point": ("(1.5,-2)",),
    "ltree": ("sea.trial",),
    "hstore": ('"a b"=>"c\'d", e=>NULL', ""),
    "bit": ("1", "0"),
    "varbit": ("101", ""),
}
_NUMBER = re.compile(r"(?<![\w.'])-?\d+(?:\.\d+)?(?![\w.'])")
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_LETTER_RANGES = "R"
_LETTER_ARRAYS = "A"


def candidates(column: Column, *, row: int, checks: Sequence[str]) -> list[str]:
    """Values to be tried for a column, the most awkward first.

    Args:
        column: it.
        row: the number of the row, from 0: unique columns want another value in each.
        checks: the definitions of the CHECK constraints it is part of; what they name is tried too.
    """
    own = list(_of_type(column, row))
    named = [text for check in checks for text in _named_in(check)]
    ordered = own[row:] + own[:row] if len(own) > row else own
    return list(dict.fromkeys([*ordered, *named]))


def _named_in(check: str) -> Iterator[str]:
    """The texts and numbers in a definition, and the numbers beside them."""
    for found in _QUOTED.findall(check):
        yield found.replace("''", "'")
    for found in _NUMBER.findall(_QUOTED.sub("", check)):
        yield found
        if "." not in found:
            yield str(int(found) + 1)
            yield str(int(found) - 1)


def _of_type(column: Column, row: int) -> Iterator[str]:
    if column.labels:
        yield from reversed(column.labels)
    elif column.category == _LETTER_ARRAYS:
        yield from ("{NULL}", "{}")
    elif column.category == _LETTER_RANGES:
        yield from ("empty", "(,)")
    elif column.base in _INTEGERS:
        yield from (str(_INTEGERS[column.base]), "-1", "0", str(row + 1))
    elif column.base == "numeric":
        yield from _numerics(column.modifier, row)
    elif column.base == "uuid":
        yield f"00000000-0000-4000-8000-{row + 1:012d}"
    elif column.base in ("vector", "halfvec"):
        yield "[" + ",".join(["0.5"] * max(column.modifier, 1)) + "]"
    elif column.base in _BY_NAME:
        yield from _BY_NAME[column.base]
    else:
        yield from _texts(column, row)


def _numerics(modifier: int, row: int) -> Iterator[str]:
    if modifier < _HEADER:
        yield from ("12345678901234567890.123456789", "-0.000001", "0", str(row + 1))
        return
    precision, scale = (modifier - _HEADER) >> 16, (modifier - _HEADER) & 0x7FF
    whole = "9" * (precision - scale) or "0"
    yield f"{whole}.{'9' * scale}" if scale else whole
    yield from ("-1" if precision > scale else "-0.1", "0", str(row + 1))


def _texts(column: Column, row: int) -> Iterator[str]:
    """Texts that are quoted wrongly, cut off or taken for something else where code is careless."""
    length = column.modifier - _HEADER if column.modifier >= _HEADER else None
    for text in (
        f'{row} O\'Brien \\ "%s" {{x}} 100% naïve 漢字 🚢\n\t;--',
        f"{row}",
        f"row{row}@example.com",
        f"https://example.com/{row}",
        "",
    ):
        yield text if length is None else text[:length]
