"""Arguments that have to be literals, because duckdb wants them in other words: patterns, units, paths."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.errors import SqlglotError

from seatrial.fakes.databricks.sql import types
from seatrial.fakes.databricks.sql.errors import NotServed
from seatrial.fakes.databricks.sql.failures import failure

if TYPE_CHECKING:
    from collections.abc import Callable

_UNITS = {
    "MICROSECOND": "microseconds",
    "MILLISECOND": "milliseconds",
    "SECOND": "seconds",
    "MINUTE": "minutes",
    "HOUR": "hours",
    "DAY": "days",
    "WEEK": "weeks",
    "MONTH": "months",
    "QUARTER": "quarters",
    "YEAR": "years",
}
_SHORT = {"MM": "MONTH", "MON": "MONTH", "YY": "YEAR", "YYYY": "YEAR", "DD": "DAY", "DAYOFYEAR": "DAY"}
_FIELDS = {
    "YEAR": "year",
    "QUARTER": "quarter",
    "MONTH": "month",
    "WEEK": "week",
    "DAY": "day",
    "DAYOFWEEK_ISO": "isodow",
    "DOW_ISO": "isodow",
    "DOY": "doy",
    "HOUR": "hour",
    "MINUTE": "minute",
}
_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_LETTERS = {
    "yyyy": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%-m",
    "dd": "%d",
    "d": "%-d",
    "DDD": "%j",
    "HH": "%H",
    "H": "%-H",
    "hh": "%I",
    "h": "%-I",
    "mm": "%M",
    "m": "%-M",
    "ss": "%S",
    "s": "%-S",
    "SSS": "%g",
    "SSSSSS": "%f",
    "a": "%p",
    "EEEE": "%A",
    "EEE": "%a",
    "E": "%a",
    "XXX": "Z",
}
_PIECE = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|([^A-Za-z'])")


def text(value: str) -> str:
    """A text as a literal of duckdb."""
    return "'" + value.replace("'", "''") + "'"


def _unit(value: str) -> str:
    word = _SHORT.get(value.upper(), value.upper())
    if word not in _UNITS:
        raise failure("INVALID_PARAMETER_VALUE.DATETIME_UNIT", f"There is no unit {value!r} of time.")
    return text(word.lower())


def _adder(value: str) -> str:
    word = _SHORT.get(value.upper(), value.upper())
    if word not in _UNITS or word == "QUARTER":
        raise NotServed(f"the unit {value!r} of time")
    return f"to_{_UNITS[word]}"


def _date_unit(value: str) -> str:
    word = _SHORT.get(value.upper(), value.upper())
    if word not in {"WEEK", "MONTH", "QUARTER", "YEAR"}:
        raise NotServed(f"trunc to {value!r}")
    return text(word.lower())


def _field(value: str) -> str:
    if value.upper() not in _FIELDS:
        raise NotServed(f"the part {value!r} of a date")
    return text(_FIELDS[value.upper()])


def _weekday(value: str) -> str:
    found = [n for n, day in enumerate(_DAYS, 1) if len(value) > 1 and day.startswith(value.upper())]
    if len(found) != 1:
        raise NotServed(f"the weekday {value!r}")
    return str(found[0])


def _pattern(value: str) -> str:
    made = ""
    position = 0
    while position < len(value):
        match = _PIECE.match(value, position)
        if match is None:
            raise NotServed(f"the pattern {value!r} of a date")
        made += _piece(match, value)
        position = match.end()
    return text(made)


def _piece(match: re.Match[str], value: str) -> str:
    if match[2] is None:
        plain = match[3] if match[3] is not None else match[1].replace("''", "'") or "'"
        return plain.replace("%", "%%")
    if match[0] not in _LETTERS:
        raise NotServed(f"{match[0]!r} in the pattern {value!r} of a date")
    return _LETTERS[match[0]]


def _replacement(value: str) -> str:
    if re.search(r"\\(?![\\$])|\$(?!\d)", value):
        raise NotServed(f"the replacement {value!r} of regexp_replace")
    return text(re.sub(r"(?<!\\)\$(\d)", r"\\\1", value).replace("\\$", "$"))


def _json_path(value: str) -> str:
    if not re.fullmatch(r"\$(\.[A-Za-z_]\w*|\[\d+\]|\['[^'\"]+'\])*", value):
        raise NotServed(f"the JSON path {value!r}")
    return text(re.sub(r"\['([^']+)'\]", r'."\1"', value))


def _json_schema(value: str) -> str:
    inner = value.strip()
    wrapped = inner if inner.upper().startswith(("STRUCT<", "ARRAY<", "MAP<")) else f"STRUCT<{inner}>"
    try:
        parsed = exp.DataType.build(wrapped, dialect="databricks")
    except SqlglotError:
        raise NotServed(f"the schema {value!r} of from_json") from None
    return text(json.dumps(_json_shape(parsed)))


def _json_shape(kind: object) -> object:
    assert isinstance(kind, exp.DataType)
    if kind.this == exp.DType.STRUCT:
        return {field.name: _json_shape(field.args["kind"]) for field in kind.expressions}
    if kind.this == exp.DType.ARRAY:
        return [_json_shape(kind.expressions[0])]
    if kind.this == exp.DType.MAP:
        raise NotServed("a map in the schema of from_json")
    return types.of_type(kind).stored


def _sha256(value: str) -> str:
    if value not in ("256", "0"):
        raise NotServed(f"sha2 with {value} bits")
    return value


def _utf8(value: str) -> str:
    if value.upper().replace("-", "") != "UTF8":
        raise NotServed(f"encode to {value!r}")
    return text(value)


KINDS: dict[str, Callable[[str], str]] = {
    "unit": _unit,
    "adder": _adder,
    "date unit": _date_unit,
    "field": _field,
    "weekday": _weekday,
    "pattern": _pattern,
    "replacement": _replacement,
    "json path": _json_path,
    "json schema": _json_schema,
    "sha256": _sha256,
    "utf-8": _utf8,
}
WORDS = frozenset({"unit", "adder", "field"})
"""Those that may be written without quotation marks."""
