"""Functions that choose, compare, cast, or tell about the session."""

from __future__ import annotations

from seatrial.fakes.databricks.sql.functions.entry import one

_NVL = one("coalesce($0, $1)", "common")
_IF = one("CASE WHEN $0b THEN $1 ELSE $2 END", "chosen")

TABLE = {
    "coalesce": one("coalesce($*)", "common", least=1),
    "nvl": _NVL,
    "ifnull": _NVL,
    "nvl2": one("CASE WHEN $0 IS NOT NULL THEN $1 ELSE $2 END", "chosen"),
    "nullif": one("nullif($0, $1)", "=0"),
    "if": _IF,
    "iff": _IF,
    "isnull": one("($0 IS NULL)", "BOOLEAN"),
    "isnotnull": one("($0 IS NOT NULL)", "BOOLEAN"),
    "equal_null": one("($0 IS NOT DISTINCT FROM $1)", "BOOLEAN"),
    "nullifzero": one("nullif($0, 0)", "=0"),
    "zeroifnull": one("coalesce($0, 0)", "=0"),
    "greatest": one("greatest($*)", "common", least=2),
    "least": one("least($*)", "common", least=2),
    "raise_error": one("error('[USER_RAISED_EXCEPTION] ' || $0s)", "VOID"),
    "typeof": one("dbx_typeof($0)", "STRING"),
    "current_user": one("$user", "STRING"),
    "session_user": one("$user", "STRING"),
    "user": one("$user", "STRING"),
    "current_catalog": one("$catalog", "STRING"),
    "current_schema": one("$schema", "STRING"),
    "current_database": one("$schema", "STRING"),
}
