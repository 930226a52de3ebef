"""Functions of numbers."""

from __future__ import annotations

from seatrial.fakes.databricks.sql.functions.entry import either, one

_CEILING = one("CAST(ceil($0) AS BIGINT)", "BIGINT")
_POWER = one("pow($0n, $1n)", "DOUBLE")
_SIGN = one("CAST(sign($0) AS DOUBLE)", "DOUBLE")
_RANDOM = one("random()", "DOUBLE")
_DOUBLES = ("sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "radians", "degrees", "exp")

TABLE = {
    "abs": one("abs($0)", "=0"),
    "ceil": _CEILING,
    "ceiling": _CEILING,
    "floor": one("CAST(floor($0) AS BIGINT)", "BIGINT"),
    "round": either(one("round($0)", "?"), one("round($0, $1i)", "?")),
    "sign": _SIGN,
    "signum": _SIGN,
    "negative": one("(- $0)", "=0"),
    "positive": one("(+ $0)", "=0"),
    "sqrt": one("sqrt($0n)", "DOUBLE"),
    "power": _POWER,
    "pow": _POWER,
    "ln": one("dbx_ln($0n)", "DOUBLE"),
    "log": either(one("dbx_ln($0n)", "DOUBLE"), one("(dbx_ln($1n) / dbx_ln($0n))", "DOUBLE")),
    "log10": one("CASE WHEN $0n > 0 THEN log10($0n) END", "DOUBLE"),
    "log2": one("CASE WHEN $0n > 0 THEN log2($0n) END", "DOUBLE"),
    "pi": one("pi()", "DOUBLE"),
    "e": one("exp(1.0::DOUBLE)", "DOUBLE"),
    "atan2": one("atan2($0n, $1n)", "DOUBLE"),
    "factorial": one("CAST(factorial($0i) AS BIGINT)", "BIGINT"),
    "mod": one("dbx_mod($0, $1)", "=0"),
    "pmod": one("dbx_pmod($0, $1)", "=0"),
    "rand": _RANDOM,
    "random": _RANDOM,
    "bin": one("bin(CAST($0 AS BIGINT))", "STRING"),
    "bit_count": one("CAST(bit_count($0) AS INTEGER)", "INT"),
    "try_divide": one("CASE WHEN $1 <> 0 THEN $0 / $1 END", "divided"),
    "try_add": one("TRY($0 + $1)", "=0"),
    "try_subtract": one("TRY($0 - $1)", "=0"),
    "try_multiply": one("TRY($0 * $1)", "=0"),
    "try_mod": one("CASE WHEN $1 <> 0 THEN $0 % $1 END", "=0"),
    "isnan": one("coalesce(isnan($0n), false)", "BOOLEAN"),
    "nanvl": one("CASE WHEN isnan($0n) THEN $1n ELSE $0n END", "DOUBLE"),
    **{name: one(f"{name}($0n)", "DOUBLE") for name in _DOUBLES},
}
