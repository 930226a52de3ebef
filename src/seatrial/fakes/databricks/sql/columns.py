"""Columns as `CREATE TABLE` and `ALTER TABLE` declare them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from seatrial.fakes.databricks.sql import translation, types
from seatrial.fakes.databricks.sql.catalogue import Catalogue
from seatrial.fakes.databricks.sql.errors import NotServed
from seatrial.fakes.databricks.sql.failures import failure
from seatrial.fakes.databricks.sql.names import quoted
from seatrial.fakes.databricks.sql.relations import Reader
from seatrial.fakes.databricks.sql.render import rendered

if TYPE_CHECKING:
    from collections.abc import Sequence

_INFORMATIONAL = (exp.PrimaryKey, exp.ForeignKey)


def declared(schema: exp.Schema) -> tuple[tuple[types.Column, ...], tuple[str, ...]]:
    """The columns and the checks of a table. Keys are informational at the service, and nothing here.

    Raises:
        SqlFailure: two columns have the same name, or a type is none.
        NotServed: something is declared that is not served.
    """
    columns: list[types.Column] = []
    checks: list[exp.Expr] = []
    for node in schema.expressions:
        if isinstance(node, exp.ColumnDef):
            columns.append(column(node))
        elif isinstance(node, exp.Constraint):
            checks += [part.this for part in node.expressions if isinstance(part, exp.CheckColumnConstraint)]
            _refuse([part for part in node.expressions if not isinstance(part, exp.CheckColumnConstraint)])
        else:
            _refuse([node])
    plain(columns)
    return tuple(columns), tuple(_check(node, columns) for node in checks)


def _refuse(parts: Sequence[exp.Expr]) -> None:
    for part in parts:
        if not isinstance(part, _INFORMATIONAL):
            raise NotServed(f"the constraint {part.sql('databricks')}")


def plain(columns: Sequence[types.Column]) -> None:
    """Make sure that no two columns have the same name.

    Raises:
        SqlFailure: two have.
    """
    seen: set[str] = set()
    for one in columns:
        if one.name.lower() in seen:
            raise failure("COLUMN_ALREADY_EXISTS", f"The column {quoted(one.name.lower())} already exists.")
        seen.add(one.name.lower())


def column(node: exp.ColumnDef) -> types.Column:
    """One column as it is declared.

    Raises:
        SqlFailure: it has no type that the service has.
        NotServed: it is computed.
    """
    kind = node.args.get("kind")
    try:
        made = types.of_type(kind, name=node.name) if kind is not None else None
    except ValueError:
        made = None
    if made is None or kind is None:
        raise failure(
            "UNSUPPORTED_DATATYPE", f'Unsupported data type "{kind.sql("databricks") if kind else ""}".'
        )
    for one in node.args.get("constraints") or []:
        made = _constrained(made, one.args["kind"])
    return made


def _constrained(made: types.Column, kind: exp.Expr) -> types.Column:
    if isinstance(kind, exp.NotNullColumnConstraint):
        return replace(made, nullable=bool(kind.args.get("allow_null")))
    if isinstance(kind, exp.DefaultColumnConstraint):
        return replace(made, default=kind.this.sql("databricks"))
    if isinstance(kind, exp.CommentColumnConstraint):
        return replace(made, comment=kind.this.name)
    if isinstance(kind, exp.PrimaryKeyColumnConstraint):
        return made
    raise NotServed(f"the column {made.name} with {kind.sql('databricks') or type(kind).__name__}")


def _check(node: exp.Expr, columns: Sequence[types.Column]) -> str:
    typed = {one.name.lower(): one.type_text for one in columns}
    reader = Reader(catalogue=Catalogue(), catalog="", schema="", typed={"_checked": typed})
    table = exp.Table(this=exp.to_identifier("_checked", quoted=True))
    select = exp.Select(expressions=[exp.alias_(node.copy(), "c", copy=False)], from_=exp.From(this=table))
    tree = translation.annotated(select, reader)
    for one in tree.find_all(exp.Column):
        one.set("table", None)
    return rendered(tree.expressions[0].unalias())
