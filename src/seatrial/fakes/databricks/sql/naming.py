"""The names of columns that nobody named: Databricks takes the expression's text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.databricks import Databricks
from sqlglot.generators.databricks import DatabricksGenerator

if TYPE_CHECKING:
    from collections.abc import Callable

_OPERATORS = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_ROWS = ("explode", "explode_outer")
_NAMED = (exp.Alias, exp.Column, exp.Star, exp.Dot)


def _connected(word: str) -> Callable[[Any, exp.Expr], str]:
    return lambda write, node: f"({write.sql(node, 'this')} {word} {write.sql(node, 'expression')})"


class _Shown(Databricks):
    class Generator(DatabricksGenerator):
        """Expressions as Databricks names columns after them."""

        TRANSFORMS: ClassVar = {
            **DatabricksGenerator.TRANSFORMS,
            exp.And: _connected("AND"),
            exp.Or: _connected("OR"),
            exp.Mod: _connected("%"),
            exp.IntDiv: _connected("div"),
            exp.Is: _connected("IS"),
        }

        def boolean_sql(self, expression: exp.Boolean) -> str:
            return str(bool(expression.this)).lower()

        def literal_sql(self, expression: exp.Literal) -> str:
            return str(expression.this)

        def star_sql(self, expression: exp.Star) -> str:
            return "1" if isinstance(expression.parent, exp.Anonymous) else super().star_sql(expression)

        def column_sql(self, expression: exp.Column) -> str:
            return expression.name

        def identifier_sql(self, expression: exp.Identifier) -> str:
            return expression.name

        def anonymous_sql(self, expression: exp.Anonymous) -> str:
            inner = ", ".join(self.sql(node) for node in expression.expressions)
            return f"{expression.name}({inner})"

        def binary(self, expression: exp.Binary, op: str) -> str:
            text = super().binary(expression, op)
            return f"({text})" if isinstance(expression, _OPERATORS) else text

        def not_sql(self, expression: exp.Not) -> str:
            inner = expression.this
            if isinstance(inner, exp.Is):
                return f"({self.sql(inner, 'this')} IS NOT {self.sql(inner, 'expression')})"
            return f"(NOT {self.sql(inner)})"

        def paren_sql(self, expression: exp.Paren) -> str:
            inner = self.sql(expression, "this")
            return inner if inner.startswith("(") else f"({inner})"


def shown(node: exp.Expr) -> str:
    """The name of a column that is this expression."""
    return _Shown().generate(node, copy=False, comments=False)


def named(tree: exp.Expr) -> exp.Expr:
    """The same tree, in which every column of every query has a name."""
    for select in tree.find_all(exp.Select):
        for node in select.expressions:
            _name(node)
    return tree


def _name(node: exp.Expr) -> None:
    if isinstance(node, (exp.Aliases, exp.Select, *_NAMED)):
        return
    inner = node.unnest()
    if isinstance(inner, exp.Anonymous) and inner.name.lower() in _ROWS:
        name = "col"
    elif isinstance(inner, exp.Select):
        name = f"scalarsubquery({', '.join(column.name for column in inner.expressions)})"
    else:
        name = shown(inner)
    node.replace(exp.alias_(node.copy(), exp.to_identifier(name, quoted=True), copy=False))


def outer(tree: exp.Expr) -> list[str | None]:
    """The names of the columns of a result, as they are written; None in the place of a star."""
    select: exp.Expr = tree
    while isinstance(select, (exp.SetOperation, exp.Subquery)):
        select = select.this
    if not isinstance(select, exp.Select):
        return [None]
    return [None if node.is_star else node.alias_or_name for node in select.expressions]


def lowered(tree: exp.Expr) -> None:
    """Bring every name that is no column of the result into lower case: names have no case in Databricks."""
    for node in tree.find_all(exp.Identifier):
        parent = node.parent
        if isinstance(parent, (exp.Lambda, exp.PropertyEQ)):
            continue
        node.set("this", node.name.lower())
        node.set("quoted", True)
