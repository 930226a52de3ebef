"""The tables, views and table functions that a query reads, put in place of the names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.scope import traverse_scope

from seatrial.fakes.databricks.sql import generators, information, naming, reading
from seatrial.fakes.databricks.sql.catalogue import Table, View
from seatrial.fakes.databricks.sql.errors import NotServed
from seatrial.fakes.databricks.sql.failures import (
    catalog_not_found,
    failure,
    schema_not_found,
    table_not_found,
)
from seatrial.fakes.databricks.sql.names import INFORMATION_SCHEMA, Access, TableName, quoted, to_table

if TYPE_CHECKING:
    from seatrial.fakes.databricks.sql.catalogue import Catalogue, Relation

_FILES = frozenset({"csv", "json", "parquet", "delta", "text", "avro", "orc", "binaryfile"})
_FUNCTIONS = frozenset({"range", "explode", "explode_outer", "posexplode", "posexplode_outer"})


@dataclass(kw_only=True)
class Reader:
    """What a query is resolved against, and what was found on the way.

    Attributes:
        accesses: what the query needs rights for.
        reads: the tables that it reads, those below views included.
        information: the tables of the information schema that have to be made for it.
        typed: the columns of each relation of duckdb, for the types.
        spellings: how names of columns are written, by the name in lower case.
        above: the views that this is a part of.
    """

    catalogue: Catalogue
    catalog: str
    schema: str
    accesses: list[Access] = field(default_factory=list)
    reads: list[TableName] = field(default_factory=list)
    information: dict[str, information.Wanted] = field(default_factory=dict)
    typed: dict[str, dict[str, str]] = field(default_factory=dict)
    spellings: dict[str, str] = field(default_factory=dict)
    above: tuple[TableName, ...] = ()

    def full_name(self, table: exp.Table) -> TableName:
        """The three levels of a name, with what the session has for those that are not written.

        Raises:
            SqlFailure: it has more than three.
            NotServed: it is a path to a file.
        """
        parts = [part.name for part in table.parts]
        if len(parts) > 3:  # noqa: PLR2004 - catalog, schema, table
            raise table_not_found(".".join(quoted(part) for part in parts))
        if len(parts) == 2 and parts[0].lower() in _FILES and "/" in parts[1]:  # noqa: PLR2004 - format and path
            raise NotServed("a query of files")
        missing = [self.catalog, self.schema][: 3 - len(parts)]
        return TableName(*missing, *parts)

    def query(self, tree: exp.Expr) -> exp.Expr:
        """The same query over relations of duckdb."""
        tree = generators.spread(naming.named(tree), self.column_type)
        _name_subqueries(tree)
        try:
            found = [(table, scope) for scope in traverse_scope(tree) for table in _tables(scope)]
        except OptimizeError as error:
            raise failure("DUPLICATED_CTE_NAMES" if "CTE" in str(error) else "", str(error)) from None
        for table, _ in found:
            self._replace(table)
        return tree

    def column_type(self, column: exp.Column) -> str | None:
        """The declared type of a column of the tables around it, as far as it is plain to see."""
        select = column.find_ancestor(exp.Select)
        for table in select.find_all(exp.Table) if select is not None else ():
            if not isinstance(table.this, exp.Identifier):
                continue
            relation = self.catalogue.find(self.full_name(table))
            for held in relation.columns if relation is not None else ():
                if held.name.lower() == column.name.lower():
                    return held.type_text
        return None

    def _replace(self, table: exp.Table) -> None:
        if isinstance(table.this, exp.Anonymous):
            raise NotServed(f"the table function {table.this.name}()")
        name = self.full_name(table)
        alias = table.alias or name.table
        new = self.source(name)
        shown = exp.TableAlias(this=exp.to_identifier(alias, quoted=True))
        given = table.args.get("alias")
        if given is not None and given.args.get("columns"):
            shown.set("columns", given.args["columns"])
        elif isinstance(new, exp.Subquery) and new.args.get("alias") is not None:
            shown.set("columns", new.args["alias"].args.get("columns"))
        new.set("alias", shown)
        for key in ("pivots", "joins", "laterals"):
            if table.args.get(key):
                new.set(key, table.args[key])
        table.replace(new)

    def source(self, name: TableName) -> exp.Expr:
        """What a name stands for: a relation of duckdb, or the query of a view.

        Raises:
            SqlFailure: there is nothing of this name.
        """
        if name.schema == INFORMATION_SCHEMA:
            return self._information(name)
        found = self.catalogue.find(name)
        if found is None:
            raise table_not_found(name.quoted)
        self.accesses.append(to_table(name, "SELECT"))
        self.reads.append(name)
        if isinstance(found, Table):
            self.spell(found)
            self.typed[found.relation] = {column.name.lower(): column.type_text for column in found.columns}
            return exp.Table(this=exp.to_identifier(found.relation, quoted=True))
        return self._view(found)

    def spell(self, relation: Relation) -> None:
        """Remember how the names of its columns are written."""
        self.spellings.update({column.name.lower(): column.name for column in relation.columns})

    def _information(self, name: TableName) -> exp.Expr:
        if name.catalog != "system" and not self.catalogue.has_catalog(name.catalog):
            raise catalog_not_found(name.catalog)
        wanted = information.Wanted(
            table=name.table, catalog=None if name.catalog == "system" else name.catalog
        )
        relation = wanted.relation
        self.typed[relation] = information.columns(name.table)
        self.information[relation] = wanted
        return exp.Table(this=exp.to_identifier(relation, quoted=True))

    def _view(self, view: View) -> exp.Subquery:
        if view.name in self.above:
            raise failure("RECURSIVE_VIEW", f"Recursive view {view.name.quoted} detected.")
        # What it needs rights for is not asked of the caller: those on the view are enough.
        inner = Reader(
            catalogue=self.catalogue,
            catalog=view.catalog,
            schema=view.schema,
            reads=self.reads,
            information=self.information,
            typed=self.typed,
            spellings=self.spellings,
            above=(*self.above, view.name),
        )
        tree = reading.parsed(view.text, reading.tokens(view.text))
        naming.lowered(tree)
        query = inner.query(tree)
        columns = [exp.to_identifier(column.name.lower(), quoted=True) for column in view.columns]
        self.spell(view)
        return exp.Subquery(this=query, alias=exp.TableAlias(columns=columns))

    def check_schema(self, catalog: str, schema: str) -> None:
        """Make sure that there is such a schema.

        Raises:
            SqlFailure: there is none.
        """
        if not self.catalogue.has_catalog(catalog):
            raise catalog_not_found(catalog)
        if not self.catalogue.has_schema(catalog, schema):
            raise schema_not_found(catalog, schema)


def _name_subqueries(tree: exp.Expr) -> None:
    """Give a name to every subquery in FROM that has none: two without one could not be told apart."""
    for n, subquery in enumerate(tree.find_all(exp.Subquery)):
        if isinstance(subquery.parent, (exp.From, exp.Join)) and not subquery.alias:
            alias = subquery.args.get("alias") or exp.TableAlias()
            alias.set("this", exp.to_identifier(f"_q{n}", quoted=True))
            subquery.set("alias", alias)


def _tables(scope: object) -> list[exp.Table]:
    sources = getattr(scope, "sources", {})
    held = {id(source) for source in sources.values() if isinstance(source, exp.Table)}
    return [table for table in getattr(scope, "tables", []) if id(table) in held]


def unqualified(tree: exp.Expr, names: list[TableName]) -> None:
    """Take catalog and schema from columns that are written with them: `main.sales.t.id` is `t.id` here."""
    tables = {(name.schema, name.table) for name in names}
    for column in tree.find_all(exp.Column):
        schema, table = column.args.get("db"), column.args.get("table")
        if schema is not None and table is not None and (schema.name, table.name) in tables:
            column.set("db", None)
            column.set("catalog", None)
