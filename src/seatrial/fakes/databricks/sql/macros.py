"""Macros of duckdb for what Databricks computes otherwise. Each database gets them once."""

from __future__ import annotations

from seatrial.fakes.databricks.sql.failures import NOT_SERVED

_INTEGRAL = """
CREATE MACRO {name}(x, target) AS CASE
    WHEN typeof(x) = 'VARCHAR' THEN
        CASE WHEN regexp_full_match(trim(CAST(x AS VARCHAR)), '[+-]?[0-9]+')
            THEN CAST(trim(CAST(x AS VARCHAR)) AS HUGEINT) ELSE {otherwise} END
    WHEN typeof(x) IN ('DOUBLE', 'FLOAT')
        THEN CAST(trunc(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE)) AS HUGEINT)
    WHEN starts_with(typeof(x), 'DECIMAL')
        THEN CAST(split_part(CAST(x AS VARCHAR), '.', 1) AS HUGEINT)
    WHEN typeof(x) = 'BOOLEAN'
        THEN CASE CAST(x AS VARCHAR) WHEN 'true' THEN 1 WHEN 'false' THEN 0 END
    ELSE CAST(CAST(x AS VARCHAR) AS HUGEINT) END;
"""
"""Through text: a macro is bound for every type, and only a cast from text can be bound for all."""

_MALFORMED = """error('[CAST_INVALID_INPUT] The value ''' || CAST(x AS VARCHAR) || ''' of the '
    || 'type "STRING" cannot '
    || 'be cast to "' || target || '" because it is malformed. Correct the value as per the '
    || 'syntax, or change its '
    || 'target type. Use `try_cast` to tolerate malformed input and return NULL instead.')"""

_NUMBERS = """
CREATE MACRO dbx_divide(a, b) AS CASE WHEN b = 0
    THEN error('[DIVIDE_BY_ZERO] Division by zero. Use `try_divide` to tolerate divisor being 0 '
    || 'and return NULL '
    || 'instead.') ELSE a / b END;
CREATE MACRO dbx_int_divide(a, b) AS CASE WHEN b = 0
    THEN error('[DIVIDE_BY_ZERO] Division by zero. Use `try_divide` to tolerate divisor being 0 '
    || 'and return NULL '
    || 'instead.') ELSE CAST((a - a % b) / b AS BIGINT) END;
CREATE MACRO dbx_mod(a, b) AS CASE WHEN b = 0
    THEN error('[REMAINDER_BY_ZERO] Remainder by zero. Use `try_mod` to tolerate divisor being 0 '
    || 'and return NULL '
    || 'instead.') ELSE a % b END;
CREATE MACRO dbx_pmod(a, b) AS dbx_mod(dbx_mod(a, b) + b, b);
CREATE MACRO dbx_ln(x) AS CASE WHEN x > 0 THEN ln(x) END;
CREATE MACRO dbx_format_number(x, n) AS CASE WHEN n >= 0 THEN format('{:,.' || n || 'f}', x) END;
CREATE MACRO dbx_double_digits(x) AS
    list_filter(range(17), lambda p : CAST(format('{:.' || p || 'e}', x) AS DOUBLE) = x)[1];
CREATE MACRO dbx_double_text(x) AS CASE
    WHEN isnan(x) THEN 'NaN' WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END
    WHEN x = 0 OR abs(x) >= 1e-3 AND abs(x) < 1e7 THEN CAST(x AS VARCHAR)
    ELSE regexp_replace(regexp_replace(regexp_replace(
        format('{:.' || dbx_double_digits(x) || 'e}', x),
        '^(-?[0-9])e', '\\1.0e'), 'e\\+0*', 'E'), 'e-0*', 'E-') END;
"""

_TEXTS = """
CREATE MACRO dbx_moment_text(x) AS regexp_replace(CAST(x AS VARCHAR), '\\+00$', '');
CREATE MACRO dbx_substring(s, i, n) AS CASE
    WHEN n <= 0 THEN ''
    WHEN i = 0 THEN substring(s, 1, n)
    WHEN i < -length(s) THEN substring(s, 1, greatest(n + i + length(s), 0))
    ELSE substring(s, i, n) END;
CREATE MACRO dbx_replace(s, a, b) AS CASE WHEN a = '' THEN s ELSE replace(s, a, b) END;
CREATE MACRO dbx_lpad(s, n, p) AS CASE
    WHEN p = '' OR length(s) >= n THEN left(s, greatest(n, 0)) ELSE lpad(s, n, p) END;
CREATE MACRO dbx_rpad(s, n, p) AS CASE
    WHEN p = '' OR length(s) >= n THEN left(s, greatest(n, 0)) ELSE rpad(s, n, p) END;
CREATE MACRO dbx_initcap(s) AS array_to_string(list_transform(string_split(lower(s), ' '),
    lambda w : upper(left(w, 1)) || substring(w, 2)), ' ');
CREATE MACRO dbx_split_part(s, d, n) AS CASE
    WHEN n = 0 THEN error('[INVALID_INDEX_OF_ZERO] The index 0 is invalid. An index shall be '
    || 'either < 0 or > 0 '
        || '(the first element has index 1).')
    WHEN d = '' THEN CASE WHEN abs(n) = 1 THEN s ELSE '' END
    ELSE split_part(s, d, n) END;
CREATE MACRO dbx_substring_index(s, d, n) AS CASE
    WHEN n = 0 OR d = '' THEN ''
    WHEN n > 0 THEN array_to_string(string_split(s, d)[1:n], d)
    ELSE array_to_string(string_split(s, d)[n:], d) END;
CREATE MACRO dbx_bytes(x) AS CASE
    WHEN typeof(x) = 'BLOB' THEN CAST(x AS BLOB) ELSE encode(CAST(x AS VARCHAR)) END;
CREATE MACRO dbx_strftime(x, p) AS strftime(CAST(x AS TIMESTAMP), p);
CREATE MACRO dbx_next_day(d, n) AS CAST(d + CAST((n - isodow(d) + 6) % 7 + 1 AS INTEGER) AS DATE);
"""

_ARRAYS = """
CREATE MACRO dbx_at(a, i) AS CASE WHEN i < 0 OR i >= len(a)
    THEN error('[INVALID_ARRAY_INDEX] The index ' || i || ' is out of bounds. The array has ' || len(a)
    || ' elements. Use the SQL function `get()` to tolerate accessing element at invalid index '
    || 'and return NULL '
    || 'instead.') ELSE list_extract(a, i + 1) END;
CREATE MACRO dbx_element(a, i) AS CASE WHEN i = 0 OR abs(i) > len(a)
    THEN error('[INVALID_ARRAY_INDEX_IN_ELEMENT_AT] The index ' || i || ' is out of bounds. The array has '
    || len(a) || ' elements. Use `try_element_at` to tolerate accessing element at invalid index '
    || 'and return NULL '
    || 'instead.') ELSE list_extract(a, i) END;
CREATE MACRO dbx_has_null(a) AS list_contains(list_transform(a, lambda one : one IS NULL), true);
CREATE MACRO dbx_array_contains(a, x) AS CASE
    WHEN a IS NULL OR x IS NULL THEN NULL
    WHEN list_contains(a, x) THEN true
    WHEN dbx_has_null(a) THEN NULL ELSE false END;
CREATE MACRO dbx_distinct(a) AS list_filter(a, lambda one, n : list_position(a, one) = n);
CREATE MACRO dbx_slice(a, i, n) AS CASE
    WHEN i = 0 THEN error('[INVALID_PARAMETER_VALUE.START] The value of parameter(s) `start` in `slice` is '
        || 'invalid: Expects a positive or a negative value for `start`, but got 0.')
    WHEN n = 0 THEN a[2:1]
    WHEN i > 0 THEN a[i:i + n - 1]
    WHEN -i > len(a) THEN a[2:1]
    ELSE a[len(a) + 1 + i:len(a) + i + n] END;
CREATE MACRO dbx_any(a) AS CASE
    WHEN a IS NULL THEN NULL WHEN list_contains(a, true) THEN true
    WHEN dbx_has_null(a) THEN NULL ELSE false END;
CREATE MACRO dbx_all(a) AS CASE
    WHEN a IS NULL THEN NULL WHEN list_contains(a, false) THEN false
    WHEN dbx_has_null(a) THEN NULL ELSE true END;
"""
_TYPES = {
    "INTEGER": "int",
    "BIGINT": "bigint",
    "SMALLINT": "smallint",
    "TINYINT": "tinyint",
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "DOUBLE": "double",
    "FLOAT": "float",
    "DATE": "date",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "TIMESTAMP": "timestamp_ntz",
    "BLOB": "binary",
    "HUGEINT": "bigint",
    '"NULL"': "void",
}


def script() -> str:
    """All of them as statements."""
    kinds = " ".join(f"WHEN typeof(x) = '{stored}' THEN '{shown}'" for stored, shown in _TYPES.items())
    described = (
        f"CREATE MACRO dbx_typeof(x) AS CASE {kinds} WHEN starts_with(typeof(x), 'DECIMAL') "
        f"THEN lower(typeof(x)) ELSE error('[{NOT_SERVED}] typeof() of this type') END;"
    )
    return "".join(
        (
            _INTEGRAL.format(name="dbx_integral", otherwise=_MALFORMED),
            _INTEGRAL.format(name="dbx_try_integral", otherwise="NULL"),
            _NUMBERS,
            _TEXTS,
            _ARRAYS,
            described,
        )
    )
