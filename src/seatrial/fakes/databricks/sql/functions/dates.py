"""Functions of dates and timestamps; the time zone of a session is UTC."""

from __future__ import annotations

from seatrial.fakes.databricks.sql.functions.entry import either, one

_NOW = one("$now", "TIMESTAMP")
_TODAY = one("CAST($now AS DATE)", "DATE")
_DATE_ADD = either(
    one("($0d + $1i)", "DATE"),
    one("($2t + $0($1i))", "TIMESTAMP", literal={0: "adder"}),
)
_DATE_DIFF = either(
    one("($0d - $1d)::INTEGER", "INT"),
    one("datesub($0, $1t, $2t)", "BIGINT", literal={0: "unit"}),
)
_ELAPSED = one("datesub($0, $1t, $2t)", "BIGINT", literal={0: "unit"})
_DATED = ("year", "quarter", "month", "week", "dayofyear")
_TIMED = ("hour", "minute", "second")
_DAY = one("CAST(day($0d) AS INTEGER)", "INT")

TABLE = {
    "current_timestamp": _NOW,
    "now": _NOW,
    "current_date": _TODAY,
    "curdate": _TODAY,
    "current_timezone": one("'Etc/UTC'", "STRING"),
    "date_add": _DATE_ADD,
    "dateadd": _DATE_ADD,
    "timestampadd": _DATE_ADD[1:],
    "date_sub": one("($0d - $1i)", "DATE"),
    "datediff": _DATE_DIFF,
    "date_diff": _DATE_DIFF,
    "timestampdiff": _ELAPSED,
    "add_months": one("CAST($0d + to_months($1i) AS DATE)", "DATE"),
    "last_day": one("last_day($0d)", "DATE"),
    "next_day": one("dbx_next_day($0d, $1)", "DATE", literal={1: "weekday"}),
    "trunc": one("CAST(date_trunc($1, $0d) AS DATE)", "DATE", literal={1: "date unit"}),
    "date_trunc": one("CAST(date_trunc($0, $1t) AS TIMESTAMPTZ)", "TIMESTAMP", literal={0: "unit"}),
    "date_format": one("dbx_strftime($0t, $1)", "STRING", literal={1: "pattern"}),
    "to_date": either(
        one("$0d", "DATE"), one("CAST(strptime($0s, $1) AS DATE)", "DATE", literal={1: "pattern"})
    ),
    "try_to_date": one("TRY_CAST($0 AS DATE)", "DATE"),
    "to_timestamp": either(
        one("$0t", "TIMESTAMP"),
        one("CAST(strptime($0s, $1) AS TIMESTAMPTZ)", "TIMESTAMP", literal={1: "pattern"}),
    ),
    "try_to_timestamp": either(
        one("TRY_CAST($0 AS TIMESTAMPTZ)", "TIMESTAMP"),
        one("CAST(try_strptime($0s, $1) AS TIMESTAMPTZ)", "TIMESTAMP", literal={1: "pattern"}),
    ),
    "unix_timestamp": either(
        one("CAST(floor(epoch($now)) AS BIGINT)", "BIGINT"),
        one("CAST(floor(epoch($0t)) AS BIGINT)", "BIGINT"),
        one("CAST(floor(epoch(strptime($0s, $1))) AS BIGINT)", "BIGINT", literal={1: "pattern"}),
    ),
    "to_unix_timestamp": one("CAST(floor(epoch($0t)) AS BIGINT)", "BIGINT"),
    "unix_seconds": one("CAST(floor(epoch($0t)) AS BIGINT)", "BIGINT"),
    "unix_millis": one("epoch_ms($0t)", "BIGINT"),
    "unix_micros": one("epoch_us($0t)", "BIGINT"),
    "unix_date": one("($0d - DATE '1970-01-01')::INTEGER", "INT"),
    "date_from_unix_date": one("(DATE '1970-01-01' + $0i)", "DATE"),
    "from_unixtime": either(
        one("strftime(to_timestamp($0n) AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S')", "STRING"),
        one("dbx_strftime(to_timestamp($0n), $1)", "STRING", literal={1: "pattern"}),
    ),
    "timestamp_seconds": one("to_timestamp($0n)", "TIMESTAMP"),
    "timestamp_millis": one("to_timestamp(CAST($0 AS DOUBLE) / 1000)", "TIMESTAMP"),
    "make_date": one("make_date($0i, $1i, $2i)", "DATE"),
    "make_timestamp": one("make_timestamptz($0i, $1i, $2i, $3i, $4i, $5n)", "TIMESTAMP"),
    "dayofweek": one("CAST(dayofweek($0d) + 1 AS INTEGER)", "INT"),
    "weekday": one("CAST(isodow($0d) - 1 AS INTEGER)", "INT"),
    "dayofmonth": _DAY,
    "day": _DAY,
    "weekofyear": one("CAST(week($0d) AS INTEGER)", "INT"),
    "dayname": one("strftime($0d, '%a')", "STRING"),
    "monthname": one("strftime($0d, '%b')", "STRING"),
    "date_part": one("CAST(date_part($0, $1t) AS INTEGER)", "INT", literal={0: "field"}),
    "from_utc_timestamp": one("CAST($0t AT TIME ZONE $1s AS TIMESTAMPTZ)", "TIMESTAMP"),
    "to_utc_timestamp": one("(($0t AT TIME ZONE 'UTC') AT TIME ZONE $1s)", "TIMESTAMP"),
    "date": one("$0d", "DATE"),
    "timestamp": one("$0t", "TIMESTAMP"),
    **{name: one(f"CAST({name}($0d) AS INTEGER)", "INT") for name in _DATED},
    **{name: one(f"CAST({name}($0t) AS INTEGER)", "INT") for name in _TIMED},
}
