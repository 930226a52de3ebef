"""Statements that define: CREATE, DROP, ALTER, COMMENT."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from seatrial.fakes.databricks.sql import translation
from seatrial.fakes.databricks.sql.catalogue import Schema, Table, View
from seatrial.fakes.databricks.sql.columns import declared, plain
from seatrial.fakes.databricks.sql.errors import NotServed
from seatrial.fakes.databricks.sql.failures import (
    already_exists,
    catalog_not_found,
    failure,
    schema_not_found,
    table_not_found,
)
from seatrial.fakes.databricks.sql.names import folded, quoted, to_catalog, to_schema, to_table
from seatrial.fakes.databricks.sql.reading import tokens
from seatrial.fakes.databricks.sql.results import Change, Result
from seatrial.fakes.databricks.sql.types import double_quoted, of_duckdb

if TYPE_CHECKING:
    from seatrial.fakes.databricks.sql.names import TableName
    from seatrial.fakes.databricks.sql.running import Run
    from seatrial.fakes.databricks.sql.types import Column
    from seatrial.fakes.databricks.sql.writing import Work

_REFUSED_PROPERTIES = (exp.TemporaryProperty, exp.ExternalProperty, exp.LocationProperty)


def levels(name: TableName) -> tuple[str, str, str]:
    """The levels of a name, as a change has them."""
    return name.catalog, name.schema, name.table


def create(run: Run, tree: exp.Create, text: str) -> Result:
    """`CREATE` of a schema, a table or a view."""
    kind = str(tree.args["kind"]).upper()
    if kind in ("SCHEMA", "DATABASE"):
        return _create_schema(run, tree)
    if kind not in ("TABLE", "VIEW"):
        raise NotServed(f"CREATE {kind}")
    properties = tree.args.get("properties")
    for one in properties.expressions if properties is not None else ():
        if isinstance(one, _REFUSED_PROPERTIES):
            raise NotServed(f"CREATE {kind} with {one.sql('databricks')}")
    node = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    with run.store.writing(run.task) as work:
        name = run.reader(work.catalogue).full_name(node)
        run.reader(work.catalogue).check_schema(name.catalog, name.schema)
        run.allow([to_schema(name.catalog, name.schema, "CREATE_TABLE")])
        there = work.catalogue.find(name)
        if there is not None and tree.args.get("exists"):
            return Result()
        if there is not None and not tree.args.get("replace"):
            raise already_exists("TABLE_OR_VIEW", name.quoted)
        make = _create_view if kind == "VIEW" else _create_table
        make(run, work, name, tree, text)
    return Result(
        changes=(Change(action="created" if there is None else "replaced", kind="TABLE", name=levels(name)),)
    )


def _comment(tree: exp.Expr) -> str | None:
    found = tree.find(exp.SchemaCommentProperty)
    return found.this.name if found is not None else None


def _create_schema(run: Run, tree: exp.Create) -> Result:
    with run.store.writing(run.task) as work:
        catalog = folded(tree.this.catalog or run.session.catalog)
        name = folded(tree.this.db)
        if not work.catalogue.has_catalog(catalog):
            raise catalog_not_found(catalog)
        run.allow([to_catalog(catalog, "CREATE_SCHEMA")])
        if work.catalogue.has_schema(catalog, name):
            if tree.args.get("exists"):
                return Result()
            raise already_exists("SCHEMA", f"{quoted(catalog)}.{quoted(name)}")
        held = Schema(comment=_comment(tree))
        work.catalogue = work.catalogue.with_schema(catalog, name, held, work.version())
    return Result(changes=(Change(action="created", kind="SCHEMA", name=(catalog, name)),))


def _create_table(run: Run, work: Work, name: TableName, tree: exp.Create, _: str) -> None:
    like = tree.find(exp.LikeProperty)
    if like is not None:
        raise NotServed("CREATE TABLE ... LIKE")
    comment = _comment_of_table(tree)
    if tree.expression is not None:
        _create_as(run, work, name, tree.expression, comment)
        return
    if not isinstance(tree.this, exp.Schema):
        raise NotServed("a table without columns")
    columns, checks = declared(tree.this)
    work.new_table(Table(name=name, columns=columns, checks=checks, relation="", comment=comment))


def _comment_of_table(tree: exp.Create) -> str | None:
    properties = tree.args.get("properties")
    for one in properties.expressions if properties is not None else ():
        if isinstance(one, exp.SchemaCommentProperty):
            return str(one.this.name)
    return None


def _create_as(run: Run, work: Work, name: TableName, source: exp.Expr, comment: str | None) -> None:
    query, columns = described(run, work, source)
    made = work.new_table(Table(name=name, columns=columns, relation="", comment=comment))
    run.call(f"INSERT INTO {double_quoted(made.relation)} {query.sql}")


def described(run: Run, work: Work, source: exp.Expr) -> tuple[translation.Query, tuple[Column, ...]]:
    """A query that something is made of, translated, and the columns that it has."""
    query = translation.translated(source, run.reader(work.catalogue))
    run.allow(query.accesses)
    run.make_information(query.information, work.catalogue)
    cursor = run.call(f"SELECT * FROM ({query.sql}) AS _source LIMIT 0")
    names = query.columns([name for name, *_ in cursor.description])
    columns = tuple(
        of_duckdb(kind, name=name) for (_, kind, *_), name in zip(cursor.description, names, strict=True)
    )
    plain(columns)
    return query, columns


def _create_view(run: Run, work: Work, name: TableName, tree: exp.Create, text: str) -> None:
    if tree.expression is None:
        raise NotServed("a view without a query")
    source = text[_start_of_query(text) :].rstrip().rstrip(";")
    _, columns = described(run, work, tree.expression)
    if isinstance(tree.this, exp.Schema):
        columns = _renamed(columns, tree.this, name)
    view = View(
        name=name,
        columns=columns,
        text=source,
        catalog=run.session.catalog,
        schema=run.session.schema,
        owner=run.session.user,
        comment=_comment_of_table(tree),
    )
    work.catalogue = work.catalogue.with_relation(view, work.version())


def _start_of_query(text: str) -> int:
    depth = 0
    words = tokens(text)
    for position, word in enumerate(words[:-1]):
        depth += {"(": 1, ")": -1}.get(word.text, 0)
        if word.text.upper() == "AS" and not depth:
            return int(words[position + 1].start)
    raise NotServed("a view whose query does not follow AS")


def _renamed(columns: tuple[Column, ...], schema: exp.Schema, name: TableName) -> tuple[Column, ...]:
    names = [part.name for part in schema.expressions]
    if len(names) != len(columns):
        raise failure(
            "CREATE_VIEW_COLUMN_ARITY_MISMATCH",
            f"Cannot create view {name.quoted}: it has {len(names)} columns, and its query {len(columns)}.",
        )
    return tuple(replace(column, name=given) for column, given in zip(columns, names, strict=True))


def drop(run: Run, tree: exp.Drop) -> Result:
    """`DROP` of a table, a view or a schema."""
    kind = str(tree.args["kind"]).upper()
    (node,) = tree.args["tables"]
    if kind in ("SCHEMA", "DATABASE"):
        return _drop_schema(run, tree, node)
    if kind not in ("TABLE", "VIEW"):
        raise NotServed(f"DROP {kind}")
    with run.store.writing(run.task) as work:
        name = run.reader(work.catalogue).full_name(node)
        found = work.catalogue.find(name)
        if found is None:
            if tree.args.get("exists"):
                return Result()
            raise table_not_found(name.quoted)
        run.allow([to_table(name, "MANAGE")])
        if isinstance(found, View) != (kind == "VIEW"):
            wanted, is_it = ("VIEW", "TABLE") if kind == "VIEW" else ("TABLE", "VIEW")
            raise failure(
                f"EXPECT_{wanted}_NOT_{is_it}.NO_ALTERNATIVE",
                f"Expected a {wanted.lower()} but {name.quoted} is a {is_it.lower()}.",
            )
        work.drop(name)
    return Result(changes=(Change(action="dropped", kind="TABLE", name=levels(name)),))


def _drop_schema(run: Run, tree: exp.Drop, node: Any) -> Result:
    with run.store.writing(run.task) as work:
        catalog, name = folded(node.catalog or run.session.catalog), folded(node.db or node.name)
        if not work.catalogue.has_catalog(catalog):
            raise catalog_not_found(catalog)
        held = work.catalogue.catalogs[catalog].get(name)
        if held is None:
            if tree.args.get("exists"):
                return Result()
            raise schema_not_found(catalog, name)
        run.allow([to_schema(catalog, name, "MANAGE")])
        if held.relations and not tree.args.get("cascade"):
            raise failure(
                "SCHEMA_NOT_EMPTY",
                f"Cannot drop a schema {quoted(catalog)}.{quoted(name)} because it contains objects. "
                "Use DROP SCHEMA ... CASCADE to drop the schema and all its objects.",
            )
        work.catalogue = work.catalogue.without_schema(catalog, name, work.version())
    return Result(changes=(Change(action="dropped", kind="SCHEMA", name=(catalog, name)),))
