"""What a statement gives back, and what it changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from seatrial.fakes.databricks.sql.types import Column, parse_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seatrial.fakes.databricks.sql.names import Kind, TableName

Row = list[str | None]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A catalog, schema, table or view that a statement made, took away or altered.

    Args:
        action: what happened to it. A rename is `renamed`, with the new name in `to`.
        kind: what it is; a view is a `TABLE`.
        name: its full name, such as `main.sales.customers`.
        to: the full name it has now.
    """

    action: Literal["created", "replaced", "dropped", "altered", "renamed", "written"]
    kind: Kind
    name: tuple[str, ...]
    to: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """A result, every value a text or None, as `JSON_ARRAY` has them.

    Attributes:
        columns: none for statements that give nothing.
        rows: one list for each row.
        truncated: whether there were more rows than `row_limit`.
        changes: what became of catalogs, schemas and tables.
        reads: the tables and views that were read, those below views included.
        writes: the tables whose rows were written.
        catalog: the current catalog after the statement, for sessions that go on.
        schema: the current schema after it.
    """

    columns: tuple[Column, ...] = ()
    rows: list[Row] = field(default_factory=list)
    truncated: bool = False
    changes: tuple[Change, ...] = ()
    reads: tuple[TableName, ...] = ()
    writes: tuple[TableName, ...] = ()
    catalog: str = ""
    schema: str = ""


def listed(names: dict[str, str], rows: Sequence[Sequence[str | None]]) -> Result:
    """A result of texts, with the types of its columns by their names."""
    columns = tuple(parse_type(text, name=name) for name, text in names.items())
    return Result(columns=columns, rows=[list(row) for row in rows])


def counted(**counts: int) -> Result:
    """A result of one row of numbers, as statements give that change rows."""
    return listed(dict.fromkeys(counts, "BIGINT"), [[str(count) for count in counts.values()]])
