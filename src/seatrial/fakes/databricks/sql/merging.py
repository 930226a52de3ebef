"""`MERGE INTO`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlglot import exp

from seatrial.fakes.databricks.sql import relations, translation
from seatrial.fakes.databricks.sql.changing import (
    assigned,
    assignments,
    default_of,
    finish,
    found_column,
    is_default,
    target,
)
from seatrial.fakes.databricks.sql.errors import NotServed
from seatrial.fakes.databricks.sql.naming import lowered, named
from seatrial.fakes.databricks.sql.render import rendered
from seatrial.fakes.databricks.sql.types import double_quoted

if TYPE_CHECKING:
    from seatrial.fakes.databricks.sql.catalogue import Table
    from seatrial.fakes.databricks.sql.results import Result
    from seatrial.fakes.databricks.sql.running import Run
    from seatrial.fakes.databricks.sql.types import Column

_ACTIONS = ("UPDATE", "DELETE", "INSERT")


class _Branch(NamedTuple):
    """One WHEN: what it begins with, where its condition is, and what it writes into which columns."""

    head: str
    condition: int | None
    action: str
    columns: list[Column]
    places: list[int]


class _Parts:
    """The expressions of the branches, in one list, so that they are resolved and typed together."""

    def __init__(self, table: Table, source: str) -> None:
        self.table = table
        self.source = source
        self.nodes: list[exp.Expr] = []

    def add(self, node: exp.Expr) -> int:
        """Put one in; its place."""
        self.nodes.append(node.copy())
        return len(self.nodes) - 1

    def columns(self) -> list[Column]:
        """All columns of the target, for a star."""
        return list(self.table.columns)

    def starred(self) -> list[int]:
        """The places of the source's columns of the same names."""
        return [
            self.add(exp.column(column.name, table=self.source, quoted=True)) for column in self.columns()
        ]


def merge(run: Run, tree: exp.Merge) -> Result:
    """`MERGE INTO ... USING ... ON ... WHEN ...`."""
    with run.store.writing(run.task) as work:
        table = target(run, work, tree.this)
        source = tree.args["using"]
        name = (source.alias or source.name).lower()
        if not name:
            raise NotServed("MERGE from a query without an alias")
        parts = _Parts(table, name)
        condition = parts.add(tree.args["on"])
        whens = [_branch(parts, when) for when in tree.args["whens"].expressions]
        reader = run.reader(work.catalogue)
        select = exp.Select(
            expressions=parts.nodes,
            from_=exp.From(this=tree.this.copy()),
            joins=[exp.Join(this=source.copy(), kind="CROSS")],
            with_=tree.args.get("with_"),
        )
        named(select)
        lowered(select)
        resolved = reader.query(select)
        relations.unqualified(resolved, reader.reads)
        run.allow(tuple(dict.fromkeys(reader.accesses)))
        typed = translation.annotated(resolved, reader)
        texts = [rendered(node.unalias()) for node in typed.expressions]
        join = typed.args["joins"][0].this
        ctes = typed.args.get("with_")
        alias = double_quoted((tree.this.alias or table.name.table).lower())
        head = f"{rendered(ctes)} " if ctes is not None else ""
        sql = (
            f"{head}MERGE INTO {double_quoted(table.relation)} AS {alias} "
            f"USING {rendered(join)} ON {texts[condition]} "
            + " ".join(_when(texts, when) for when in whens)
            + " RETURNING merge_action"
        )
        actions = [action for (action,) in run.call(sql).fetchall()]
    counts = {action: actions.count(action) for action in _ACTIONS}
    return finish(
        table.name,
        reader,
        num_affected_rows=len(actions),
        num_updated_rows=counts["UPDATE"],
        num_deleted_rows=counts["DELETE"],
        num_inserted_rows=counts["INSERT"],
    )


def _branch(parts: _Parts, when: exp.When) -> _Branch:
    head = "WHEN MATCHED" if when.args.get("matched") else "WHEN NOT MATCHED"
    if not when.args.get("matched") and when.args.get("source"):
        head += " BY SOURCE"
    extra = when.args.get("condition")
    condition = parts.add(extra) if extra is not None else None
    then = when.args["then"]
    if isinstance(then, exp.Update):
        if any(isinstance(one, exp.Star) for one in then.expressions):
            return _Branch(head, condition, "UPDATE", parts.columns(), parts.starred())
        columns, values = assignments(parts.table, then.expressions)
        return _Branch(head, condition, "UPDATE", columns, [parts.add(value) for value in values])
    if isinstance(then, exp.Insert):
        if isinstance(then.this, exp.Star):
            return _Branch(head, condition, "INSERT", parts.columns(), parts.starred())
        columns = [found_column(parts.table, node.name) for node in then.this.expressions]
        given = [
            default_of(column) if is_default(value) else value
            for column, value in zip(columns, then.expression.expressions, strict=False)
        ]
        return _Branch(head, condition, "INSERT", columns, [parts.add(value) for value in given])
    if then.name.upper() == "DELETE":
        return _Branch(head, condition, "DELETE", [], [])
    raise NotServed("this branch of a MERGE")


def _when(texts: list[str], branch: _Branch) -> str:
    extra = f" AND ({texts[branch.condition]})" if branch.condition is not None else ""
    start = f"{branch.head}{extra} THEN "
    columns = branch.columns
    values = [assigned(texts[place], column) for column, place in zip(columns, branch.places, strict=True)]
    names = [column.identifier for column in columns]
    if branch.action == "UPDATE":
        return f"{start}UPDATE SET " + ", ".join(f"{n} = {v}" for n, v in zip(names, values, strict=True))
    if branch.action == "INSERT":
        return f"{start}INSERT ({', '.join(names)}) VALUES ({', '.join(values)})"
    return start + "DELETE"
