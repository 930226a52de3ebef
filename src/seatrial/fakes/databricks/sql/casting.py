"""Casts, and numbers, texts and moments where an operator asks for them."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from seatrial.fakes.databricks.sql import arithmetic, types
from seatrial.fakes.databricks.sql.errors import NotServed

MOMENTS = (exp.DType.TIMESTAMPTZ, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMP)
_WHOLE = (exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT)
_PARTS = {"SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "YEAR", "MILLISECOND", "MICROSECOND"}
_LONG = {"SECOND", "MINUTE", "HOUR", "MILLISECOND", "MICROSECOND"}


def stored(kind: exp.DataType) -> str:
    """A type in the words of duckdb.

    Raises:
        NotServed: there is none for it.
    """
    try:
        return types.of_type(kind).stored
    except ValueError:
        raise NotServed(f"the type {kind.sql('databricks')}") from None


def cast(generator: Any, node: exp.Cast, *, tried: bool) -> str:
    """`CAST` and `TRY_CAST`, with the meaning that a SQL warehouse gives to them."""
    kind = node.to
    value = node.this
    text = generator.sql(value)
    word = "TRY_CAST" if tried else "CAST"
    target = stored(kind)
    if kind.this in _WHOLE:
        return _whole(value, text, target, tried=tried)
    if kind.this in exp.DataType.TEXT_TYPES:
        return as_text(generator, value)
    if kind.this in MOMENTS and arithmetic.is_whole(value):
        return f"to_timestamp(CAST({text} AS DOUBLE))"
    return f"{word}({text} AS {target})"


def _whole(value: exp.Expr, text: str, target: str, *, tried: bool) -> str:
    if arithmetic.is_a(value, *MOMENTS):
        return f"CAST(floor(epoch({text})) AS {target})"
    if arithmetic.is_whole(value) or (arithmetic.is_a(value, exp.DType.BOOLEAN)):
        return f"{'TRY_CAST' if tried else 'CAST'}({text} AS {target})"
    shown = {"INTEGER": "INT"}.get(target, target)
    if tried:
        return f"TRY_CAST(dbx_try_integral({text}, '{shown}') AS {target})"
    return f"CAST(dbx_integral({text}, '{shown}') AS {target})"


def as_text(generator: Any, node: exp.Expr) -> str:
    """A value as Databricks writes it as text."""
    text: str = generator.sql(node)
    if arithmetic.is_text(node):
        return text
    if arithmetic.is_a(node, exp.DType.DOUBLE):
        return f"dbx_double_text({text})"
    if arithmetic.is_a(node, *MOMENTS):
        return f"dbx_moment_text({text})"
    if arithmetic.is_a(node, exp.DType.MAP, exp.DType.STRUCT, exp.DType.ARRAY, exp.DType.FLOAT):
        raise NotServed("a text of a value of the type " + node.type.sql("databricks") if node.type else "")
    if arithmetic.is_a(node, exp.DType.BINARY):
        return f"decode({text})"
    return f"CAST({text} AS VARCHAR)"


def number(generator: Any, node: exp.Expr) -> str:
    """An operand of arithmetic: a text becomes a number."""
    text: str = generator.sql(node)
    return f"CAST({text} AS DOUBLE)" if arithmetic.is_text(node) else text


def as_typed(node: exp.Expr, text: str, *, always: bool) -> str:
    """The result of arithmetic, cast to the decimals that Databricks gives."""
    digits = arithmetic.declared(node.type)
    if digits is None:
        return text
    wide = arithmetic.is_a(node.args["this"], exp.DType.DECIMAL)
    if always or wide or arithmetic.is_a(node.args["expression"], exp.DType.DECIMAL):
        return f"CAST({text} AS DECIMAL({digits[0]}, {digits[1]}))"
    return text


def moved(generator: Any, node: exp.Binary, sign: str) -> str | None:
    """A date or timestamp plus or minus an interval or days; None for other arithmetic."""
    for moment, by in ((node.left, node.right), (node.right, node.left)):
        if isinstance(by, exp.Interval):
            text = f"{generator.sql(moment)} {sign} {generator.sql(by)}"
            if not arithmetic.is_known(moment):
                raise NotServed("an interval that is added to what is not known to be a date or a timestamp")
            if not arithmetic.is_a(moment, exp.DType.DATE):
                return text
            return f"CAST({text} AS {'TIMESTAMPTZ' if _unit(by) in _LONG else 'DATE'})"
    if arithmetic.is_a(node.left, exp.DType.DATE) and arithmetic.is_whole(node.right):
        return f"({generator.sql(node.left)} {sign} CAST({generator.sql(node.right)} AS INTEGER))"
    return None


def _unit(node: exp.Interval) -> str:
    unit = node.args.get("unit")
    word = unit.name.upper() if unit is not None else ""
    return word.removesuffix("S")


def interval(generator: Any, node: exp.Interval) -> str:
    """An interval of one unit."""
    word = _unit(node)
    if word not in _PARTS or node.this is None:
        raise NotServed("an interval of several units")
    value = node.this
    if isinstance(value, exp.Literal):
        return f"INTERVAL '{int(value.name)}' {word}" if value.name.lstrip("+-").isdecimal() else _refused()
    return f"to_{word.lower()}s(CAST({generator.sql(value)} AS INTEGER))"


def _refused() -> str:
    raise NotServed("an interval of a broken number")
