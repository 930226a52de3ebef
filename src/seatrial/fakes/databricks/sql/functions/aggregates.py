"""Aggregates and functions of windows."""

from __future__ import annotations

from functools import partial

from seatrial.fakes.databricks.sql.functions.entry import either, one

_aggregate = partial(one, aggregate=True)
_LIST = _aggregate("list($0) FILTER (WHERE $0 IS NOT NULL)", "[0", around="coalesce(@, [])")
_SET = _aggregate("list(DISTINCT $0) FILTER (WHERE $0 IS NOT NULL)", "[0", around="coalesce(@, [])")
_ALL = _aggregate("bool_and($0b)", "BOOLEAN")
_ANY = _aggregate("bool_or($0b)", "BOOLEAN")
_JOINED = either(_aggregate("string_agg($0s, '')", "STRING"), _aggregate("string_agg($0s, $1s)", "STRING"))
_APPROXIMATE = _aggregate("quantile_disc($0, $1)", "=0")
_DEVIATION = _aggregate("stddev_samp($0n)", "DOUBLE")
_VARIANCE = _aggregate("var_samp($0n)", "DOUBLE")
_FIRST = _aggregate("first_value($0)", "=0")
_LAST = _aggregate("last_value($0)", "=0")
_SHIFTED = ("lag", "lead")
_NUMBERED = ("row_number", "rank", "dense_rank")

TABLE = {
    "count": _aggregate("count($*)", "BIGINT", least=1),
    "count_if": _aggregate("count_if($0b)", "BIGINT", around="CAST(@ AS BIGINT)"),
    "approx_count_distinct": _aggregate("count(DISTINCT $0)", "BIGINT"),
    "sum": _aggregate("sum($0)", "sum", around="sum"),
    "avg": _aggregate("avg($0)", "avg", around="avg"),
    "mean": _aggregate("avg($0)", "avg", around="avg"),
    "min": _aggregate("min($0)", "=0"),
    "max": _aggregate("max($0)", "=0"),
    "min_by": _aggregate("arg_min($0, $1)", "=0"),
    "max_by": _aggregate("arg_max($0, $1)", "=0"),
    "any_value": _FIRST,
    "first": _FIRST,
    "first_value": _FIRST,
    "last": _LAST,
    "last_value": _LAST,
    "mode": _aggregate("mode($0)", "=0"),
    "median": _aggregate("median($0)", "DOUBLE", around="CAST(@ AS DOUBLE)"),
    "percentile": _aggregate("quantile_cont($0n, $1)", "DOUBLE"),
    "percentile_approx": _APPROXIMATE,
    "approx_percentile": _APPROXIMATE,
    "percentile_cont": _aggregate("percentile_cont($0)", "DOUBLE", around="CAST(@ AS DOUBLE)"),
    "percentile_disc": _aggregate("percentile_disc($0)", "?"),
    "collect_list": _LIST,
    "array_agg": _LIST,
    "collect_set": _SET,
    "listagg": _JOINED,
    "string_agg": _JOINED,
    "stddev": _DEVIATION,
    "stddev_samp": _DEVIATION,
    "std": _DEVIATION,
    "stddev_pop": _aggregate("stddev_pop($0n)", "DOUBLE"),
    "variance": _VARIANCE,
    "var_samp": _VARIANCE,
    "var_pop": _aggregate("var_pop($0n)", "DOUBLE"),
    "corr": _aggregate("corr($0n, $1n)", "DOUBLE"),
    "bool_and": _ALL,
    "every": _ALL,
    "bool_or": _ANY,
    "any": _ANY,
    "some": _ANY,
    "grouping": _aggregate("grouping($0)", "TINYINT", around="CAST(@ AS TINYINT)"),
    "ntile": _aggregate("ntile($0i)", "INT", around="CAST(@ AS INTEGER)"),
    "percent_rank": _aggregate("percent_rank()", "DOUBLE"),
    "cume_dist": _aggregate("cume_dist()", "DOUBLE"),
    "nth_value": _aggregate("nth_value($0, $1i)", "=0"),
    **{name: _aggregate(f"{name}()", "INT", around="CAST(@ AS INTEGER)") for name in _NUMBERED},
    **{
        name: either(
            _aggregate(f"{name}($0)", "=0"),
            _aggregate(f"{name}($0, $1i)", "=0"),
            _aggregate(f"{name}($0, $1i, $2)", "=0"),
        )
        for name in _SHIFTED
    },
}
