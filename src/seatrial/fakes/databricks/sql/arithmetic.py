"""The types that arithmetic gives: digits of decimals as Databricks counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from seatrial.fakes.databricks.sql.types import MOST_DIGITS

if TYPE_CHECKING:
    from collections.abc import Callable

_LEAST_SCALE = 6
_MEAN_DIGITS = 4
_SUM_DIGITS = 10
_WHOLE = {exp.DType.TINYINT: 3, exp.DType.SMALLINT: 5, exp.DType.INT: 10, exp.DType.BIGINT: 20}

Digits = tuple[int, int]


def is_text(node: exp.Expr) -> bool:
    """Whether it is known to be a text."""
    return bool(node.type and node.type.this in exp.DataType.TEXT_TYPES)


def is_whole(node: exp.Expr) -> bool:
    """Whether it is known to be an integer."""
    return bool(node.type and node.type.this in _WHOLE)


def is_known(node: exp.Expr) -> bool:
    """Whether anything is known about its type."""
    return bool(node.type and node.type.this not in (exp.DType.UNKNOWN, exp.DType.NULL))


def is_a(node: exp.Expr, *kinds: exp.DType) -> bool:
    """Whether it is known to have one of these types."""
    return bool(node.type and node.type.this in kinds)


def decimal(digits: Digits) -> exp.DataType:
    """The type of decimals with so many digits."""
    return exp.DataType.build(f"DECIMAL({digits[0]}, {digits[1]})", dialect="databricks")


def declared(kind: exp.DataType | None) -> Digits | None:
    """The digits of a type of decimals."""
    if kind is None or kind.this != exp.DType.DECIMAL or not kind.expressions:
        return None
    given = [int(part.name) for part in kind.expressions]
    return given[0], given[1] if len(given) > 1 else 0


def digits_of(node: exp.Expr) -> Digits | None:
    """The digits of a decimal or an integer; None for everything else."""
    bare = node.unnest()
    if isinstance(bare, exp.Literal) and not bare.is_string and bare.this.isdecimal():
        return len(bare.this), 0
    if node.type is not None and node.type.this in _WHOLE:
        return _WHOLE[node.type.this], 0
    return declared(node.type)


def literal(text: str) -> exp.DataType | None:
    """The type of a number that is written without an exponent and with a point."""
    whole, point, rest = text.partition(".")
    if not point or not (whole + rest).isdecimal():
        return None
    kept = len(whole.lstrip("0")) + len(rest)
    return decimal((max(kept, len(rest), 1), len(rest)))


def _adjusted(precision: int, scale: int) -> Digits:
    if precision <= MOST_DIGITS:
        return precision, scale
    kept = max(MOST_DIGITS - (precision - scale), min(scale, _LEAST_SCALE))
    return MOST_DIGITS, kept


def divided(left: Digits, right: Digits) -> Digits:
    """The digits of a quotient."""
    scale = max(_LEAST_SCALE, left[1] + right[0] + 1)
    return _adjusted(left[0] - left[1] + right[1] + scale, scale)


def multiplied(left: Digits, right: Digits) -> Digits:
    """The digits of a product."""
    return _adjusted(left[0] + right[0] + 1, left[1] + right[1])


def added(left: Digits, right: Digits) -> Digits:
    """The digits of a sum or a difference."""
    scale = max(left[1], right[1])
    return _adjusted(max(left[0] - left[1], right[0] - right[1]) + scale + 1, scale)


def remaining(left: Digits, right: Digits) -> Digits:
    """The digits of a remainder."""
    scale = max(left[1], right[1])
    return _adjusted(min(left[0] - left[1], right[0] - right[1]) + scale, scale)


def summed(digits: Digits) -> Digits:
    """The digits of a sum of many."""
    return min(MOST_DIGITS, digits[0] + _SUM_DIGITS), digits[1]


def averaged(digits: Digits) -> Digits:
    """The digits of a mean of many."""
    return _adjusted(digits[0] + _MEAN_DIGITS, digits[1] + _MEAN_DIGITS)


def combined(node: exp.Expr) -> exp.DataType | None:
    """The type of a `+`, `-`, `*`, `/` or `%` with decimals in it; None where it has none."""
    rules: dict[type[exp.Expr], Callable[[Digits, Digits], Digits]] = {
        exp.Div: divided,
        exp.Mul: multiplied,
        exp.Add: added,
        exp.Sub: added,
        exp.Mod: remaining,
    }
    left, right = node.args["this"], node.args["expression"]
    if not (is_a(left, exp.DType.DECIMAL) or is_a(right, exp.DType.DECIMAL)):
        return None
    one, other = digits_of(left), digits_of(right)
    if one is None or other is None:
        return None
    return decimal(rules[type(node)](one, other))
