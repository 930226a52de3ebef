"""What is known about the type of each part of a statement."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from seatrial.fakes.databricks.sql import arithmetic
from seatrial.fakes.databricks.sql.dialect import Source
from seatrial.fakes.databricks.sql.functions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

_FRACTIONS = (exp.DType.DOUBLE, exp.DType.FLOAT)
_MOMENTS = (exp.DType.DATE, exp.DType.TIMESTAMPTZ, exp.DType.TIMESTAMPNTZ)
_LONG = ("HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND")
UNKNOWN = exp.DataType(this=exp.DType.UNKNOWN)


@cache
def named(text: str) -> exp.DataType:
    """A type as Databricks writes it."""
    return exp.DataType.build(text, dialect="databricks")


def metadata() -> dict[Any, Any]:
    """For each kind of expression how its type follows from its parts."""
    return {
        **Source.EXPRESSION_METADATA,
        exp.Anonymous: {"annotator": lambda self, node: self._set_type(node, _function(node))},
        exp.Literal: {"annotator": lambda self, node: self._set_type(node, _literal(node))},
        exp.IntDiv: {"returns": exp.DType.BIGINT},
        exp.DPipe: {"annotator": lambda self, node: self._set_type(node, _joined(node))},
        exp.JSONExtract: {"annotator": lambda self, node: self._set_type(node, _extracted(node))},
        exp.Bracket: {"annotator": lambda self, node: self._set_type(node, element(node.this))},
        **{
            kind: {"annotator": lambda self, node: self._set_type(node, _binary(node))}
            for kind in (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
        },
    }


def _literal(node: exp.Literal) -> exp.DataType:
    if node.is_string:
        return named("STRING")
    if node.this.isdecimal():
        return named("INT" if int(node.this) < 2**31 else "BIGINT")
    return arithmetic.literal(node.this) or named("DOUBLE")


def _binary(node: exp.Binary) -> exp.DataType:
    left, right = node.left, node.right
    decimals = arithmetic.combined(node)
    if decimals is not None:
        return decimals
    if isinstance(node, exp.Div) and not isinstance(left, exp.Interval):
        return named("DOUBLE")
    if any(arithmetic.is_a(side, *_FRACTIONS) for side in (left, right)):
        return named("DOUBLE")
    moved = _moved(node)
    if moved is not None:
        return moved
    if arithmetic.is_whole(left) and arithmetic.is_whole(right):
        order = [exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT]
        kinds = [side.type.this for side in (left, right) if side.type is not None]
        return exp.DataType(this=max(kinds, key=order.index))
    return UNKNOWN


def _moved(node: exp.Binary) -> exp.DataType | None:
    for moment, by in ((node.left, node.right), (node.right, node.left)):
        if not arithmetic.is_a(moment, *_MOMENTS):
            continue
        if arithmetic.is_a(moment, exp.DType.DATE) and arithmetic.is_whole(by):
            return named("DATE")
        if isinstance(by, exp.Interval):
            return named("TIMESTAMP") if _is_long(by) else moment.type
    return None


def _is_long(interval: exp.Interval) -> bool:
    return (
        arithmetic.is_a(interval, exp.DType.UNKNOWN) or str(interval.args.get("unit") or "").upper() in _LONG
    )


def _joined(node: exp.DPipe) -> exp.DataType:
    if arithmetic.is_a(node.left, exp.DType.ARRAY):
        return node.left.type or UNKNOWN
    return named("STRING")


def _extracted(node: exp.JSONExtract) -> exp.DataType:
    return named("VARIANT" if arithmetic.is_a(node.this, exp.DType.VARIANT) else "STRING")


def element(node: exp.Expr) -> exp.DataType:
    """The type of the elements of an array, or of the values of a map."""
    kind = node.type
    if kind is None or kind.this not in (exp.DType.ARRAY, exp.DType.MAP) or not kind.expressions:
        return UNKNOWN
    inner = kind.expressions[-1]
    return inner if isinstance(inner, exp.DataType) else UNKNOWN


def _common(nodes: list[exp.Expr]) -> exp.DataType:
    kinds = [node.type for node in nodes if arithmetic.is_known(node) and node.type is not None]
    return kinds[0] if kinds and all(kind == kinds[0] for kind in kinds) else UNKNOWN


def _array(nodes: list[exp.Expr]) -> exp.DataType:
    inner = _common(nodes)
    if inner.this == exp.DType.UNKNOWN:
        return exp.DataType(this=exp.DType.ARRAY, nested=True)
    return exp.DataType(this=exp.DType.ARRAY, expressions=[inner.copy()], nested=True)


def _aggregated(
    nodes: list[exp.Expr], rule: Callable[[arithmetic.Digits], arithmetic.Digits]
) -> exp.DataType | None:
    digits = arithmetic.declared(nodes[0].type) if nodes else None
    return None if digits is None else arithmetic.decimal(rule(digits))


def _sum(nodes: list[exp.Expr]) -> exp.DataType:
    kind = _aggregated(nodes, arithmetic.summed)
    if kind is None and nodes and arithmetic.is_whole(nodes[0]):
        return named("BIGINT")
    return kind or (named("DOUBLE") if nodes and arithmetic.is_known(nodes[0]) else UNKNOWN)


def _average(nodes: list[exp.Expr]) -> exp.DataType:
    return _aggregated(nodes, arithmetic.averaged) or (
        named("DOUBLE") if nodes and arithmetic.is_known(nodes[0]) else UNKNOWN
    )


def _quotient(nodes: list[exp.Expr]) -> exp.DataType:
    kind = arithmetic.combined(exp.Div(this=nodes[0].copy(), expression=nodes[1].copy()))
    return kind or named("DOUBLE")


_RULES: dict[str, Callable[[list[exp.Expr]], exp.DataType]] = {
    "?": lambda _: UNKNOWN,
    "=0": lambda nodes: nodes[0].type or UNKNOWN,
    "=1": lambda nodes: nodes[1].type or UNKNOWN,
    "[0": lambda nodes: _array(nodes[:1]),
    "e0": lambda nodes: element(nodes[0]),
    "common": _common,
    "chosen": lambda nodes: _common(nodes[1:]),
    "array": _array,
    "map": lambda _: exp.DataType(this=exp.DType.MAP, nested=True),
    "struct": lambda _: UNKNOWN,
    "sum": _sum,
    "avg": _average,
    "divided": _quotient,
}


def arguments(node: exp.Anonymous) -> list[exp.Expr]:
    """What a function is called with, without DISTINCT."""
    found = list(node.expressions)
    if len(found) == 1 and isinstance(found[0], exp.Distinct):
        return list(found[0].expressions)
    return found


def _function(node: exp.Anonymous) -> exp.DataType:
    name = node.name.lower()
    nodes = arguments(node)
    if name in _BY_ARGUMENT and nodes:
        return _BY_ARGUMENT[name](nodes)
    for function in FUNCTIONS.get(name, ()):
        if function.takes(len(nodes)):
            rule = _RULES.get(function.returns)
            return rule(nodes) if rule is not None else named(function.returns)
    return UNKNOWN


_BY_ARGUMENT: dict[str, Callable[[list[exp.Expr]], exp.DataType]] = {
    "element_at": lambda nodes: element(nodes[0]),
    "try_element_at": lambda nodes: element(nodes[0]),
    "reverse": lambda nodes: nodes[0].type or UNKNOWN,
    "concat": lambda nodes: (
        nodes[0].type or UNKNOWN if arithmetic.is_a(nodes[0], exp.DType.ARRAY) else named("STRING")
    ),
    "size": lambda _: named("INT"),
    "cardinality": lambda _: named("INT"),
}
