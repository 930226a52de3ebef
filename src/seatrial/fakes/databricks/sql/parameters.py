"""Parameter markers: values that are bound, never text of a statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import TokenType, exp
from sqlglot.errors import SqlglotError

from seatrial.fakes.databricks.sql import types
from seatrial.fakes.databricks.sql.dialect import Source
from seatrial.fakes.databricks.sql.failures import failure
from seatrial.fakes.databricks.sql.names import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlglot import Token

    from seatrial.fakes.databricks.sql.given import Given

_POSITIONAL = "dbx_positional_"
_MARK = "dbx_p"
_JOINING = ("concat",)


def positioned(statement: str, words: Sequence[Token]) -> str:
    """The same statement with a name in place of every `?`, by its position."""
    made, end = "", 0
    for n, word in enumerate((word for word in words if word.token_type == TokenType.PLACEHOLDER), 1):
        made += f"{statement[end : word.start]}:{_POSITIONAL}{n}"
        end = word.end + 1
    return made + statement[end:]


class Bound:
    """The parameters of one statement, by the names of their markers."""

    def __init__(self, given: Sequence[Given]) -> None:
        unnamed = [one for one in given if not one.name]
        self.values: dict[str, Given] = {one.name.lower(): one for one in given if one.name}
        self.values |= {f"{_POSITIONAL}{n}": one for n, one in enumerate(unnamed, 1)}
        self.order = list(self.values)
        self.read_as_text = False

    @property
    def signature(self) -> tuple[tuple[str, str, bool], ...]:
        """What a translation depends on: names and types."""
        return tuple((name, one.type.upper(), one.value is None) for name, one in self.values.items())

    def arguments(self) -> dict[str, Any]:
        """The values by the names that the translation has for them."""
        return {f"{_MARK}{n}": self.values[name].value for n, name in enumerate(self.order)}

    def put_into(self, tree: exp.Expr) -> exp.Expr:
        """The same tree with typed parameters of duckdb in place of its markers.

        Raises:
            SqlFailure: a marker has no value, or a type is none.
        """
        for table in list(tree.find_all(exp.Table)):
            if _is_identifier(table.this):
                self._name(table)
        for call in list(tree.find_all(exp.Anonymous)):
            if _is_identifier(call):
                new = exp.to_column(self.text_of(call.expressions[0]), dialect=Source)
                tree = _replaced(tree, call, new)
        for marker in list(tree.find_all(exp.Placeholder)):
            tree = _replaced(tree, marker, self._value(marker))
        return tree

    def _find(self, marker: exp.Placeholder) -> tuple[int, Given]:
        name = str(marker.this or "").lower()
        if name not in self.values:
            shown = name.removeprefix(_POSITIONAL) if name.startswith(_POSITIONAL) else name
            raise failure(
                "UNBOUND_SQL_PARAMETER",
                f"Found the unbound parameter: {shown}. Please, fix `args` and provide a mapping of the "
                "parameter to either a SQL literal or collection constructor functions such as `map()`, "
                "`array()`, `struct()`.",
            )
        return self.order.index(name), self.values[name]

    def _value(self, marker: exp.Placeholder) -> exp.Expr:
        place, given = self._find(marker)
        kind = _type(given)
        if kind.this == exp.DType.NULL:
            return exp.Null()
        bare = exp.Parameter(this=exp.Var(this=f"{_MARK}{place}"))
        text = exp.Cast(this=bare, to=exp.DataType.build("STRING", dialect="databricks"))
        if kind.this in exp.DataType.TEXT_TYPES:
            return text
        return exp.Cast(this=text, to=kind)

    def _name(self, table: exp.Table) -> None:
        text = self.text_of(table.this.expressions[0])
        try:
            named = exp.to_table(text, dialect=Source)
        except SqlglotError:
            raise failure("PARSE_SYNTAX_ERROR", f"Syntax error at or near '{text}'.") from None
        for key in ("this", "db", "catalog"):
            table.set(key, named.args.get(key))

    def text_of(self, node: exp.Expr) -> str:
        """The text that `IDENTIFIER(...)` is given.

        Raises:
            SqlFailure: it is no text that is known before the statement runs.
        """
        self.read_as_text = True
        if isinstance(node, exp.Literal) and node.is_string:
            return node.name
        if isinstance(node, exp.Placeholder):
            return self._find(node)[1].value or ""
        if isinstance(node, (exp.DPipe, exp.Paren)):
            return "".join(self.text_of(part) for part in node.iter_expressions())
        if isinstance(node, exp.Anonymous) and node.name.lower() in _JOINING:
            return "".join(self.text_of(part) for part in node.expressions)
        raise failure(
            "NOT_A_CONSTANT_STRING.NOT_CONSTANT",
            f"The expression {quoted(node.sql('databricks'))} used for the routine or clause `IDENTIFIER` "
            "must be a constant STRING which is NOT NULL.",
        )


def _is_identifier(node: Any) -> bool:
    return (
        isinstance(node, exp.Anonymous) and node.name.lower() == "identifier" and len(node.expressions) == 1
    )


def _type(given: Given) -> exp.DataType:
    try:
        kind = exp.DataType.build(given.type or "STRING", dialect="databricks")
        types.of_type(kind)
    except (SqlglotError, ValueError):
        raise failure("UNSUPPORTED_DATATYPE", f'Unsupported data type "{given.type.upper()}".') from None
    return kind


def _replaced(tree: exp.Expr, node: exp.Expr, new: exp.Expr) -> exp.Expr:
    if node is tree:
        return new
    node.replace(new)
    return tree
