"""What statements may be made of: whatever is not listed is refused, before it means something to duckdb."""

from __future__ import annotations

from sqlglot import exp

from seatrial.fakes.databricks.sql.errors import NotServed

_QUERIES = """
    Add Alias All And Anonymous Any Between BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Boolean Bracket
    CTE Case Cast Column Concat Cube CurrentDate CurrentTimestamp CurrentUser DPipe DataType
    DataTypeParam Distinct Div Dot EQ Escape Except Exists Extract Filter From GT GTE Group GroupingSets
    Having HexString ILike Identifier If IgnoreNulls In IntDiv Intersect Interval Is JSONExtract
    JSONPath JSONPathKey JSONPathRoot JSONPathSubscript Join LT LTE Lambda Lateral Like Limit Literal
    Mod Mul NEQ Neg Not Null NullSafeEQ NullSafeNEQ Offset Or Order Ordered Paren Pivot Placeholder
    PropertyEQ Qualify RawString RegexpLike RespectNulls Rollup Select SessionUser Star StrPosition Sub
    Subquery Substring Table TableAlias Trim TryCast Tuple Union Values Var Where Window WindowSpec With
    WithinGroup
"""
_STATEMENTS = """
    Alter AlterColumn AlterRename AlterSet CheckColumnConstraint ColumnConstraint ColumnDef Comment
    CommentColumnConstraint Constraint Create DefaultColumnConstraint Delete Drop FileFormatProperty
    ForeignKey GeneratedAsIdentityColumnConstraint IndexParameters Insert LikeProperty LocationProperty
    Merge NotNullColumnConstraint PartitionedByProperty PrimaryKey PrimaryKeyColumnConstraint Properties
    Property Reference RenameColumn Schema SchemaCommentProperty TemporaryProperty TruncateTable Update
    When Whens
"""
_ALLOWED = frozenset(f"{_QUERIES} {_STATEMENTS}".split())
_NAMED: dict[type[exp.Expr], str] = {
    exp.Version: "time travel",
    exp.TableSample: "TABLESAMPLE",
    exp.Overlay: "overlay()",
    exp.Hint: "a hint",
    exp.Cluster: "CLUSTER BY",
    exp.Distribute: "DISTRIBUTE BY",
    exp.Sort: "SORT BY",
    exp.Collate: "a collation",
    exp.ColumnPosition: "the position of a new column",
}
_DEFINED = ("TABLE", "VIEW", "SCHEMA", "DATABASE")


def check(tree: exp.Expr) -> None:
    """Make sure that a statement has nothing in it that is not served.

    Raises:
        NotServed: it has.
    """
    if isinstance(tree, exp.Create) and str(tree.args["kind"]).upper() not in _DEFINED:
        raise NotServed(f"CREATE {str(tree.args['kind']).upper()}")
    for node in tree.walk():
        what = _NAMED.get(type(node)) or _special(node)
        if what is not None:
            raise NotServed(what)
        if type(node).__name__ not in _ALLOWED:
            raise NotServed(f"the expression {type(node).__name__}")


def _special(node: exp.Expr) -> str | None:
    if isinstance(node, exp.TableAlias) and isinstance(node.this, exp.Parameter):
        return "time travel"
    if isinstance(node, exp.Pivot) and node.args.get("unpivot"):
        return "UNPIVOT"
    if isinstance(node, exp.Join) and node.args.get("method"):
        return f"a join of the kind {node.args['method']}"
    return None
