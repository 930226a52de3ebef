"""`ALTER` of tables and views, and `COMMENT ON`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from seatrial.fakes.databricks.sql.catalogue import Table, View
from seatrial.fakes.databricks.sql.changing import found_column
from seatrial.fakes.databricks.sql.columns import column, plain
from seatrial.fakes.databricks.sql.defining import levels
from seatrial.fakes.databricks.sql.errors import NotServed
from seatrial.fakes.databricks.sql.failures import already_exists, table_not_found
from seatrial.fakes.databricks.sql.names import to_table
from seatrial.fakes.databricks.sql.results import Change, Result
from seatrial.fakes.databricks.sql.types import double_quoted

if TYPE_CHECKING:
    from seatrial.fakes.databricks.sql.catalogue import Relation
    from seatrial.fakes.databricks.sql.names import TableName
    from seatrial.fakes.databricks.sql.running import Run
    from seatrial.fakes.databricks.sql.types import Column
    from seatrial.fakes.databricks.sql.writing import Work


def alter(run: Run, tree: exp.Alter) -> Result:
    """`ALTER TABLE`: columns added, dropped, renamed, changed; the table renamed."""
    with run.store.writing(run.task) as work:
        name, found = _found(run, work, tree.this)
        changes = Change(action="altered", kind="TABLE", name=levels(name))
        for action in tree.args["actions"]:
            if isinstance(action, exp.AlterRename):
                changes = _rename(run, work, found, action)
            elif isinstance(found, View):
                raise NotServed(f"ALTER VIEW with {type(action).__name__}")
            else:
                found = _altered(work, found, action)
    return Result(changes=(changes,))


def _found(run: Run, work: Work, node: Any) -> tuple[TableName, Relation]:
    name = run.reader(work.catalogue).full_name(node)
    found = work.catalogue.find(name)
    if found is None:
        raise table_not_found(name.quoted)
    run.allow([to_table(name, "MANAGE")])
    return name, found


def _rename(run: Run, work: Work, found: Relation, action: exp.AlterRename) -> Change:
    reader = run.reader(work.catalogue)
    there = reader.full_name(action.this)
    if len(action.this.parts) == 1:
        there = replace(found.name, table=there.table)
    reader.check_schema(there.catalog, there.schema)
    if work.catalogue.find(there) is not None:
        raise already_exists("TABLE_OR_VIEW", there.quoted)
    work.catalogue = work.catalogue.without_relation(found.name, work.version())
    work.catalogue = work.catalogue.with_relation(replace(found, name=there), work.version())
    return Change(action="renamed", kind="TABLE", name=levels(found.name), to=levels(there))


def _altered(work: Work, table: Table, action: exp.Expr) -> Table:
    if isinstance(action, exp.ColumnDef):
        return _added(work, table, [column(action)])
    if isinstance(action, exp.Schema):
        return _added(work, table, [column(node) for node in action.expressions])
    if isinstance(action, exp.RenameColumn):
        old = found_column(table, action.this.name)
        return _rebuilt(
            work,
            table,
            [replace(one, name=action.args["to"].name) if one is old else one for one in table.columns],
        )
    if isinstance(action, exp.Drop):
        gone = [found_column(table, node.name) for node in action.args["tables"]]
        return _rebuilt(work, table, [one for one in table.columns if one not in gone], without=gone)
    if isinstance(action, exp.AlterColumn):
        return _changed(work, table, action)
    if isinstance(action, exp.AlterSet):
        return table
    raise NotServed(f"ALTER TABLE with {type(action).__name__}")


def _added(work: Work, table: Table, columns: list[Column]) -> Table:
    if any(not one.nullable or one.default is not None for one in columns):
        raise NotServed("ALTER TABLE ADD COLUMN with NOT NULL or DEFAULT")
    plain([*table.columns, *columns])
    made = work.new_table(replace(table, columns=(*table.columns, *columns)))
    _copy(work, table, made, [one.identifier for one in table.columns] + ["NULL"] * len(columns))
    return made


def _rebuilt(work: Work, table: Table, columns: list[Column], without: list[Column] | None = None) -> Table:
    if table.checks:
        raise NotServed("ALTER TABLE of the columns of a table with CHECK")
    plain(columns)
    made = work.new_table(replace(table, columns=tuple(columns)))
    gone = without or []
    _copy(work, table, made, [one.identifier for one in table.columns if one not in gone])
    return made


def _copy(work: Work, table: Table, made: Table, values: list[str]) -> None:
    work.cursor.execute(
        f"INSERT INTO {double_quoted(made.relation)} SELECT {', '.join(values)} "
        f"FROM {double_quoted(table.relation)}"
    )


def _changed(work: Work, table: Table, action: exp.AlterColumn) -> Table:
    old = found_column(table, action.name)
    given = action.args
    if given.get("comment") is not None:
        new = replace(old, comment=given["comment"].name)
    elif "allow_null" in given and given["allow_null"] is not None:
        new = replace(old, nullable=bool(given["allow_null"]))
    elif given.get("default") is not None:
        new = replace(old, default=given["default"].sql("databricks"))
    else:
        raise NotServed("this ALTER COLUMN")
    return _rebuilt(work, table, [new if one is old else one for one in table.columns])


def comment(run: Run, tree: exp.Comment) -> Result:
    """`COMMENT ON TABLE`."""
    if str(tree.args.get("kind")).upper() not in ("TABLE", "VIEW"):
        raise NotServed(f"COMMENT ON {str(tree.args.get('kind')).upper()}")
    with run.store.writing(run.task) as work:
        name, found = _found(run, work, tree.this)
        text = tree.expression.name if isinstance(tree.expression, exp.Literal) else None
        work.catalogue = work.catalogue.with_relation(replace(found, comment=text), work.version())
    return Result(changes=(Change(action="altered", kind="TABLE", name=levels(name)),))
