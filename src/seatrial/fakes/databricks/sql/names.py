"""Names of catalogs, schemas and tables, and what a statement wants to do with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

INFORMATION_SCHEMA = "information_schema"
Kind = Literal["CATALOG", "SCHEMA", "TABLE"]


def folded(name: str) -> str:
    """A name as Unity Catalog keeps it: in lower case."""
    return name.lower()


def quoted(name: str) -> str:
    """A name as a message or a statement shows it: in backticks."""
    return "`" + name.replace("`", "``") + "`"


@dataclass(frozen=True, order=True)
class TableName:
    """The three levels of a table's or view's name, in lower case."""

    catalog: str
    schema: str
    table: str

    def __post_init__(self) -> None:
        for field in ("catalog", "schema", "table"):
            object.__setattr__(self, field, folded(getattr(self, field)))

    def __str__(self) -> str:
        return f"{self.catalog}.{self.schema}.{self.table}"

    @property
    def quoted(self) -> str:
        """The three levels in backticks."""
        return ".".join(quoted(part) for part in (self.catalog, self.schema, self.table))


@dataclass(frozen=True, kw_only=True)
class Access:
    """One privilege that a statement needs on one object.

    `privilege` is one of SELECT, MODIFY, CREATE_TABLE, CREATE_SCHEMA, CREATE_CATALOG, USE_SCHEMA, USE_CATALOG
    and MANAGE.
    """

    kind: Kind
    privilege: str
    catalog: str
    schema: str | None = None
    table: str | None = None

    @property
    def full_name(self) -> str:
        """The levels that it has, with dots between them."""
        return ".".join(part for part in (self.catalog, self.schema, self.table) if part is not None)


def to_table(name: TableName, privilege: str) -> Access:
    """An access to a table or view."""
    return Access(
        kind="TABLE", privilege=privilege, catalog=name.catalog, schema=name.schema, table=name.table
    )


def to_schema(catalog: str, schema: str, privilege: str) -> Access:
    """An access to a schema."""
    return Access(kind="SCHEMA", privilege=privilege, catalog=catalog, schema=schema)


def to_catalog(catalog: str, privilege: str) -> Access:
    """An access to a catalog."""
    return Access(kind="CATALOG", privilege=privilege, catalog=catalog)
