"""An annotated statement in the words of duckdb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.generators.duckdb import DuckDBGenerator

from seatrial.fakes.databricks.sql import arithmetic, calls, casting
from seatrial.fakes.databricks.sql.errors import NotServed
from seatrial.fakes.databricks.sql.functions import literals

if TYPE_CHECKING:
    from collections.abc import Callable

_CHAIN = (exp.Window, exp.Filter, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls)
_BACKSLASH = "'\\'"


def _completed(node: exp.Expr, text: str) -> str:
    if isinstance(node.parent, _CHAIN):
        return text
    inner: Any = node
    while isinstance(inner, _CHAIN):
        inner = inner.this
    return calls.resolved(inner).completed(text) if isinstance(inner, exp.Anonymous) else text


def _is_pivoted(node: exp.Expr) -> bool:
    parent = node.parent.parent if isinstance(node.parent, exp.Alias) else node.parent
    return isinstance(parent, exp.Pivot)


def _within(generator: Any, node: exp.WithinGroup) -> str:
    call = node.this
    if not isinstance(call, exp.Anonymous):
        raise NotServed("WITHIN GROUP after what is no aggregate")
    order = generator.sql(node, "expression").strip()
    if call.name.lower() in ("listagg", "string_agg"):
        core = generator.sql(call)
        return f"{core[:-1]} {order})"
    return f"{generator.sql(call)} WITHIN GROUP ({order})"


def _arithmetic(generator: Any, node: exp.Binary, sign: str) -> str:
    sides = [casting.number(generator, side) for side in (node.left, node.right)]
    text = f"{sides[0]} {sign} {sides[1]}"
    return casting.as_typed(node, text, always=False)


def _matched(generator: Any, node: exp.Binary, word: str) -> str:
    subject = generator.sql(node, "this")
    patterns = node.expression
    if isinstance(patterns, (exp.Any, exp.All)):
        inner = patterns.this
        many = inner.expressions if isinstance(inner, exp.Tuple) else [inner.unnest()]
        joint = " OR " if isinstance(patterns, exp.Any) else " AND "
        text = joint.join(f"{subject} {word} {generator.sql(one)} ESCAPE {_BACKSLASH}" for one in many)
        return f"{'NOT ' if node.args.get('negate') else ''}({text})"
    escape = "" if isinstance(node.parent, exp.Escape) else f" ESCAPE {_BACKSLASH}"
    negation = "NOT " if node.args.get("negate") else ""
    return f"{subject} {negation}{word} {generator.sql(patterns)}{escape}"


def _anonymous(write: Any, node: exp.Anonymous) -> str:
    call = calls.resolved(node)
    text = call.core(write)
    inside = isinstance(node.parent, _CHAIN) or _is_pivoted(node)
    return text if inside else call.completed(text)


def _windowed(write: Any, node: exp.Window) -> str:
    return _completed(node, DuckDBGenerator.window_sql(write, node))


def _filtered(write: Any, node: exp.Filter) -> str:
    text = DuckDBGenerator.filter_sql(write, node)
    if text.count("FILTER(") + text.count("FILTER (") > 1:
        raise NotServed("FILTER after an aggregate that collects")
    return _completed(node, text)


def _ordered(write: Any, node: exp.WithinGroup) -> str:
    return _completed(node, _within(write, node))


def _without_nulls(write: Any, node: exp.IgnoreNulls) -> str:
    if isinstance(node.parent, exp.Window):
        return DuckDBGenerator.ignorenulls_sql(write, node)
    inner = write.sql(node, "this")
    value = write.sql(node.this.expressions[0])
    return _completed(node, f"{inner} FILTER (WHERE {value} IS NOT NULL)")


def _with_nulls(write: Any, node: exp.RespectNulls) -> str:
    return _completed(node, write.sql(node, "this"))


def _cast(write: Any, node: exp.Cast) -> str:
    return casting.cast(write, node, tried=False)


def _trycast(write: Any, node: exp.TryCast) -> str:
    return casting.cast(write, node, tried=True)


def _div(write: Any, node: exp.Div) -> str:
    if isinstance(node.this, exp.Interval):
        return str(write.binary(node, "/"))
    left, right = (casting.number(write, side) for side in (node.left, node.right))
    text = f"dbx_divide(CAST({left} AS DOUBLE), CAST({right} AS DOUBLE))"
    return casting.as_typed(node, text, always=True)


def _intdiv(write: Any, node: exp.IntDiv) -> str:
    left, right = write.sql(node, "this"), write.sql(node, "expression")
    if arithmetic.is_whole(node.left) and arithmetic.is_whole(node.right):
        return f"CAST({left} // {right} AS BIGINT)"
    return f"dbx_int_divide({left}, {right})"


def _mod(write: Any, node: exp.Mod) -> str:
    return f"dbx_mod({write.sql(node, 'this')}, {write.sql(node, 'expression')})"


def _mul(write: Any, node: exp.Mul) -> str:
    return _arithmetic(write, node, "*")


def _add(write: Any, node: exp.Add) -> str:
    return casting.moved(write, node, "+") or _arithmetic(write, node, "+")


def _sub(write: Any, node: exp.Sub) -> str:
    sides = (node.left, node.right)
    if all(arithmetic.is_a(side, exp.DType.DATE, *casting.MOMENTS) for side in sides):
        raise NotServed("a difference of dates as an interval (datediff gives days)")
    return casting.moved(write, node, "-") or _arithmetic(write, node, "-")


def _dpipe(write: Any, node: exp.DPipe) -> str:
    return calls.joined(write, [node.left, node.right])


def _like(write: Any, node: exp.Like) -> str:
    return _matched(write, node, "LIKE")


def _ilike(write: Any, node: exp.ILike) -> str:
    return _matched(write, node, "ILIKE")


def _regexplike(write: Any, node: Any) -> str:
    return f"regexp_matches({write.sql(node, 'this')}, {write.sql(node, 'expression')})"


def _bracket(write: Any, node: exp.Bracket) -> str:
    keys = node.expressions
    if len(keys) != 1:
        raise NotServed("more than one index in brackets")
    return calls.element(write, node.this, keys[0], "dbx_at")


def _jsonextract(write: Any, node: exp.JSONExtract) -> str:
    path = literals.text(calls.json_path(node))
    subject = write.sql(node, "this")
    if arithmetic.is_a(node.this, exp.DType.VARIANT):
        return f"json_extract({subject}, {path})"
    return f"CASE WHEN json_valid({subject}) THEN json_extract_string({subject}, {path}) END"


def _extract(write: Any, node: exp.Extract) -> str:
    return calls.extract(write, node)


def _interval(write: Any, node: exp.Interval) -> str:
    return casting.interval(write, node)


def _parameter(_: Any, node: exp.Parameter) -> str:
    return f"${node.name}"


class Target(DuckDB):
    """What statements are written with."""

    class Generator(DuckDBGenerator):
        """With the meaning that Databricks gives to operators, casts and functions."""

        TRANSFORMS: ClassVar = {
            **DuckDBGenerator.TRANSFORMS,
            exp.Anonymous: _anonymous,
            exp.Window: _windowed,
            exp.Filter: _filtered,
            exp.WithinGroup: _ordered,
            exp.IgnoreNulls: _without_nulls,
            exp.RespectNulls: _with_nulls,
            exp.Cast: _cast,
            exp.TryCast: _trycast,
            exp.Div: _div,
            exp.IntDiv: _intdiv,
            exp.Mod: _mod,
            exp.Mul: _mul,
            exp.Add: _add,
            exp.Sub: _sub,
            exp.DPipe: _dpipe,
            exp.Like: _like,
            exp.ILike: _ilike,
            exp.RegexpLike: _regexplike,
            exp.Bracket: _bracket,
            exp.JSONExtract: _jsonextract,
            exp.Extract: _extract,
            exp.Interval: _interval,
            exp.Parameter: _parameter,
        }


def rendered(tree: exp.Expr) -> str:
    """The statement as duckdb runs it.

    Raises:
        NotServed: something in it is not served.
        SqlFailure: a function is called wrongly.
    """
    write: Callable[..., str] = Target().generate
    return write(tree, copy=False, comments=False)
