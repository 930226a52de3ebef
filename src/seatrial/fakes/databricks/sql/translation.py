"""A query of Databricks as a query of duckdb, with what it reads and how its columns are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.errors import OptimizeError, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify_columns import qualify_columns
from sqlglot.schema import MappingSchema

from seatrial.fakes.databricks.sql import naming, relations, typing
from seatrial.fakes.databricks.sql.dialect import Source
from seatrial.fakes.databricks.sql.errors import NotServed
from seatrial.fakes.databricks.sql.failures import of_parser, unresolved_column
from seatrial.fakes.databricks.sql.render import rendered

if TYPE_CHECKING:
    from seatrial.fakes.databricks.sql.information import Wanted
    from seatrial.fakes.databricks.sql.names import Access, TableName
    from seatrial.fakes.databricks.sql.relations import Reader


@dataclass(frozen=True, kw_only=True)
class Query:
    """A query that duckdb can run.

    Attributes:
        sql: its text.
        names: those of its columns; None in the place of a star.
        spellings: how names are written that a star brings, by the name in lower case.
        accesses: what it needs rights for.
        reads: the tables and views that it reads.
        information: the relations of the information schema that it needs.
    """

    sql: str
    names: tuple[str | None, ...]
    spellings: dict[str, str]
    accesses: tuple[Access, ...]
    reads: tuple[TableName, ...]
    information: dict[str, Wanted]

    def columns(self, found: list[str]) -> list[str]:
        """The names of the columns of its result, from those that duckdb has for them."""
        stars = [place for place, name in enumerate(self.names) if name is None]
        spelled = [self.spellings.get(name.lower(), name) for name in found]
        if not stars:
            return [str(name) for name in self.names] if len(self.names) == len(found) else spelled
        before = [str(name) for name in self.names[: stars[0]]]
        after = [str(name) for name in self.names[stars[-1] + 1 :]]
        return [*before, *spelled[len(before) : len(found) - len(after)], *after]


def translated(tree: exp.Expr, reader: Reader) -> Query:
    """A query in the words of duckdb.

    Raises:
        SqlFailure: it names what there is not, or calls a function wrongly.
        NotServed: something in it is not served.
    """
    naming.named(tree)
    names = tuple(naming.outer(tree))
    spellings = {node.alias.lower(): node.alias for node in tree.find_all(exp.Alias)}
    naming.lowered(tree)
    tree = reader.query(tree)
    relations.unqualified(tree, reader.reads)
    return Query(
        sql=rendered(annotated(tree, reader)),
        names=names,
        spellings={**reader.spellings, **spellings},
        accesses=tuple(dict.fromkeys(reader.accesses)),
        reads=tuple(dict.fromkeys(reader.reads)),
        information=dict(reader.information),
    )


def annotated(tree: exp.Expr, reader: Reader) -> exp.Expr:
    """The same tree with types, and columns with the tables that they are of."""
    kept = tree.copy()
    schema = MappingSchema(dict(reader.typed), dialect=Source, normalize=False)
    try:
        # A join by USING is rewritten, and then a star would bring its columns twice.
        spread = any(join.args.get("using") for join in tree.find_all(exp.Join))
        tree = qualify_columns(
            tree,
            schema,
            expand_alias_refs=False,
            expand_stars=spread,
            allow_partial_qualification=True,
            dialect=Source,
        )
        _check(tree, spread=spread)
        return annotate_types(tree, schema, expression_metadata=typing.metadata(), dialect=Source)
    except OptimizeError:
        # What it cannot make sense of is told by duckdb, in words that say which column.
        return annotate_types(kept, schema, expression_metadata=typing.metadata(), dialect=Source)
    except SqlglotError as error:
        raise of_parser(error) from None


def _check(tree: exp.Expr, *, spread: bool) -> None:
    """Refuse what duckdb would take in another sense.

    Raises:
        NotServed: a star whose columns are not known, next to a join by USING.
        SqlFailure: a WHERE uses a name that the list of the SELECT gives.
    """
    for select in tree.find_all(exp.Select):
        if spread and any(node.is_star for node in select.expressions):
            raise NotServed("a star next to a join by USING of what has no known columns")
        where = select.args.get("where")
        if where is None or tree.find(exp.Pivot) is not None:
            continue
        given = {node.alias.lower() for node in select.expressions if isinstance(node, exp.Alias)}
        for column in where.find_all(exp.Column):
            if not column.table and column.name in given and column.find_ancestor(exp.Select) is select:
                raise unresolved_column(column.name, [])
