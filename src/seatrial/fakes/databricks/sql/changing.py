"""Statements that change rows: INSERT, UPDATE, DELETE, MERGE, TRUNCATE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from seatrial.fakes.databricks.sql import relations, translation
from seatrial.fakes.databricks.sql.catalogue import Table
from seatrial.fakes.databricks.sql.errors import NotServed
from seatrial.fakes.databricks.sql.failures import failure, table_not_found, unresolved_column
from seatrial.fakes.databricks.sql.names import quoted, to_table
from seatrial.fakes.databricks.sql.naming import lowered, named
from seatrial.fakes.databricks.sql.reading import parsed, tokens
from seatrial.fakes.databricks.sql.render import rendered
from seatrial.fakes.databricks.sql.results import Change, Result, counted
from seatrial.fakes.databricks.sql.types import double_quoted

if TYPE_CHECKING:
    from seatrial.fakes.databricks.sql.names import TableName
    from seatrial.fakes.databricks.sql.relations import Reader
    from seatrial.fakes.databricks.sql.running import Run
    from seatrial.fakes.databricks.sql.types import Column
    from seatrial.fakes.databricks.sql.writing import Work

_WHOLE = frozenset({"LONG", "INT", "SHORT", "BYTE"})


def target(run: Run, work: Work, node: exp.Expr) -> Table:
    """The table that a statement writes, in a relation that may be written.

    Raises:
        SqlFailure: there is no such table, or it is a view.
    """
    if not isinstance(node, exp.Table) or isinstance(node.this, exp.Anonymous):
        raise NotServed("this target of a statement")
    name = run.reader(work.catalogue).full_name(node)
    found = work.catalogue.find(name)
    if found is None:
        raise table_not_found(name.quoted)
    # MODIFY is of use only together with SELECT.
    run.allow([to_table(name, "SELECT"), to_table(name, "MODIFY")])
    if not isinstance(found, Table):
        raise failure(
            "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", f"Expected a table but {name.quoted} is a view."
        )
    return work.writable(found)


def assigned(text: str, column: Column) -> str:
    """A value as the column that it is written to takes it."""
    if column.type_name in _WHOLE:
        shown = {"INTEGER": "INT"}.get(column.stored, column.stored)
        return f"CAST(dbx_integral({text}, '{shown}') AS {column.stored})"
    return f"CAST({text} AS {column.stored})"


def found_column(table: Table, name: str) -> Column:
    """The column of this name.

    Raises:
        SqlFailure: the table has none.
    """
    for column in table.columns:
        if column.name.lower() == name.lower():
            return column
    raise unresolved_column(name, [column.name for column in table.columns])


def finish(table: TableName, reader: Reader | None, **counts: int) -> Result:
    """What a statement that changed rows gives back."""
    result = counted(**counts)
    return Result(
        columns=result.columns,
        rows=result.rows,
        reads=tuple(dict.fromkeys(reader.reads)) if reader is not None else (),
        writes=(table,),
        changes=(Change(action="written", kind="TABLE", name=(table.catalog, table.schema, table.table)),),
    )


def insert(run: Run, tree: exp.Insert) -> Result:
    """`INSERT INTO` and `INSERT OVERWRITE`."""
    if tree.args.get("where") or (isinstance(tree.this, exp.Table) and tree.this.args.get("partition")):
        raise NotServed("INSERT with PARTITION or REPLACE WHERE")
    schema = tree.this if isinstance(tree.this, exp.Schema) else None
    with run.store.writing(run.task) as work:
        table = target(run, work, schema.this if schema is not None else tree.this)
        names = [part.name for part in schema.expressions] if schema is not None else None
        columns = [found_column(table, name) for name in names] if names is not None else list(table.columns)
        source = tree.expression
        if tree.args.get("with_") is not None:
            source.set("with_", tree.args["with_"])
        _use_defaults(source, columns)
        if tree.args.get("by_name"):
            columns = [found_column(table, name) for name in translation_names(source)]
        reader = run.reader(work.catalogue)
        query = translation.translated(_selectable(source), reader)
        run.allow(query.accesses)
        run.make_information(query.information, work.catalogue)
        count = _insert(run, table, columns, query.sql, overwrite=bool(tree.args.get("overwrite")))
    return finish(table.name, reader, num_affected_rows=count, num_inserted_rows=count)


def translation_names(source: exp.Expr) -> list[str]:
    """The names of the columns of a query.

    Raises:
        NotServed: it has a star.
    """
    names = [node.alias_or_name for node in getattr(source, "expressions", [])]
    if not isinstance(source, exp.Select) or "*" in names or "" in names:
        raise NotServed("INSERT BY NAME of a star")
    return names


def _selectable(source: exp.Expr) -> exp.Expr:
    if isinstance(source, exp.Table):
        return exp.Select(expressions=[exp.Star()], from_=exp.From(this=source))
    if isinstance(source, exp.Values):
        return exp.Select(expressions=[exp.Star()], from_=exp.From(this=source))
    return source


def _use_defaults(source: exp.Expr, columns: list[Column]) -> None:
    """Put what columns have as defaults in place of the word DEFAULT."""
    if isinstance(source, exp.Values):
        for row in source.expressions:
            for place, value in enumerate(row.expressions if isinstance(row, exp.Tuple) else []):
                if is_default(value) and place < len(columns):
                    value.replace(default_of(columns[place]))


def is_default(node: exp.Expr) -> bool:
    """Whether it is the word DEFAULT."""
    word = node.name.upper() if isinstance(node, (exp.Var, exp.Column)) else ""
    return word == "DEFAULT" and not (isinstance(node, exp.Column) and node.table)


def default_of(column: Column) -> exp.Expr:
    """The expression that stands in for a value that is not given."""
    if column.default is None:
        return exp.Null()
    text = f"SELECT {column.default}"
    select = parsed(text, tokens(text))
    value: exp.Expr = select.expressions[0].copy()
    return value


def _insert(run: Run, table: Table, columns: list[Column], sql: str, *, overwrite: bool) -> int:
    cursor = run.call(f"SELECT * FROM ({sql}) AS _source LIMIT 0")
    found = len(cursor.description)
    if found != len(columns):
        kind = "TOO_MANY" if found > len(columns) else "NOT_ENOUGH"
        wanted = ", ".join(quoted(column.name) for column in columns)
        raise failure(
            f"INSERT_COLUMN_ARITY_MISMATCH.{kind}_DATA_COLUMNS",
            f"Cannot write to {table.name.quoted}, the reason is "
            f"{kind.replace('_', ' ').lower()} data columns:\n"
            f"Table columns: {wanted}.\nData columns: {found}.",
        )
    given = {column.name.lower() for column in columns}
    rest = [
        column for column in table.columns if column.name.lower() not in given and column.default is not None
    ]
    values = [assigned(f"_source.c{n}", column) for n, column in enumerate(columns)]
    values += [assigned(_rendered_default(run, column), column) for column in rest]
    names = ", ".join(column.identifier for column in [*columns, *rest])
    aliases = ", ".join(f"c{n}" for n in range(found))
    relation = double_quoted(table.relation)
    if overwrite:
        run.call(f"CREATE TEMP TABLE _given AS SELECT * FROM ({sql}) AS _source({aliases})")
        run.call(f"DELETE FROM {relation}")
        sql = "SELECT * FROM _given"
    made = run.call(
        f"INSERT INTO {relation} ({names}) SELECT {', '.join(values)} FROM ({sql}) AS _source({aliases})"
    )
    count: int = made.fetchone()[0]
    if overwrite:
        run.call("DROP TABLE _given")
    return count


def _rendered_default(run: Run, column: Column) -> str:
    select = exp.Select(expressions=[default_of(column)])
    tree = translation.annotated(select, run.reader(run.store.catalogue))
    node = tree.expressions[0]
    return rendered(node.this if isinstance(node, exp.Alias) else node)


def truncate(run: Run, tree: exp.TruncateTable) -> Result:
    """`TRUNCATE TABLE`."""
    with run.store.writing(run.task) as work:
        table = target(run, work, tree.expressions[0])
        run.call(f"DELETE FROM {double_quoted(table.relation)}")
    result = finish(table.name, None)
    return Result(writes=result.writes, changes=result.changes)


def delete(run: Run, tree: exp.Delete) -> Result:
    """`DELETE FROM`."""
    with run.store.writing(run.task) as work:
        table = target(run, work, tree.this)
        reader = run.reader(work.catalogue)
        select = _prepared(run, reader, tree.this, [], tree)
        where = _clause(select)
        alias = double_quoted(_alias(tree.this, table))
        made = run.call(f"{_ctes(select)}DELETE FROM {double_quoted(table.relation)} AS {alias}{where}")
        count: int = made.fetchone()[0]
    return finish(table.name, reader, num_affected_rows=count)


def update(run: Run, tree: exp.Update) -> Result:
    """`UPDATE`."""
    if tree.args.get("from_"):
        raise NotServed("UPDATE ... FROM")
    with run.store.writing(run.task) as work:
        table = target(run, work, tree.this)
        reader = run.reader(work.catalogue)
        columns, values = assignments(table, tree.expressions)
        select = _prepared(run, reader, tree.this, values, tree)
        made = [rendered(node.unalias()) for node in select.expressions[: len(values)]]
        pairs = zip(columns, made, strict=True)
        sets = ", ".join(f"{column.identifier} = {assigned(text, column)}" for column, text in pairs)
        alias = double_quoted(_alias(tree.this, table))
        sql = f"UPDATE {double_quoted(table.relation)} AS {alias} SET {sets}{_clause(select)}"
        count: int = run.call(_ctes(select) + sql).fetchone()[0]
    return finish(table.name, reader, num_affected_rows=count)


def assignments(table: Table, pairs: list[Any]) -> tuple[list[Column], list[exp.Expr]]:
    """The columns and the values of `SET a = 1, b = DEFAULT`.

    Raises:
        SqlFailure: the table has no such column.
        NotServed: a field of a struct is set.
    """
    columns, values = [], []
    for pair in pairs:
        if not isinstance(pair, (exp.EQ, exp.PropertyEQ)) or not isinstance(
            pair.this, (exp.Column, exp.Identifier)
        ):
            raise NotServed("an assignment to a part of a column")
        column = found_column(table, pair.this.name)
        value = pair.expression
        columns.append(column)
        values.append(default_of(column) if is_default(value) else value.copy())
    return columns, values


def _alias(node: exp.Expr, table: Table) -> str:
    return (node.alias or table.name.table).lower()


def _prepared(
    run: Run,
    reader: Reader,
    source: exp.Expr,
    values: list[exp.Expr],
    statement: exp.Expr,
) -> exp.Select:
    """The parts of a statement as a query over its table, resolved and typed."""
    where, ctes = statement.args.get("where"), statement.args.get("with_")
    select = exp.Select(
        expressions=[*values, exp.Literal.number(1)],
        from_=exp.From(this=source.copy()),
        where=where.copy() if where is not None else None,
        with_=ctes.copy() if ctes is not None else None,
    )
    named(select)
    lowered(select)
    resolved = reader.query(select)
    relations.unqualified(resolved, reader.reads)
    run.allow(tuple(dict.fromkeys(reader.accesses)))
    tree = translation.annotated(resolved, reader)
    assert isinstance(tree, exp.Select)
    return tree


def _clause(select: exp.Select) -> str:
    where = select.args.get("where")
    return f" WHERE {rendered(where.this)}" if where is not None else ""


def _ctes(select: exp.Select) -> str:
    found = select.args.get("with_")
    return f"{rendered(found)} " if found is not None else ""
