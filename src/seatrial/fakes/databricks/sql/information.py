"""The information schema: what the catalogue holds, as rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

from seatrial.fakes.databricks.sql.catalogue import View
from seatrial.fakes.databricks.sql.failures import table_not_found
from seatrial.fakes.databricks.sql.names import INFORMATION_SCHEMA, to_catalog, to_schema, to_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seatrial.fakes.databricks.sql.catalogue import Catalogue
    from seatrial.fakes.databricks.sql.names import Access
    from seatrial.fakes.databricks.sql.types import Column

_TABLES = {
    "catalogs": {"catalog_name": "STRING", "catalog_owner": "STRING", "comment": "STRING"},
    "schemata": {
        "catalog_name": "STRING",
        "schema_name": "STRING",
        "schema_owner": "STRING",
        "comment": "STRING",
    },
    "tables": {
        "table_catalog": "STRING",
        "table_schema": "STRING",
        "table_name": "STRING",
        "table_type": "STRING",
        "is_insertable_into": "STRING",
        "table_owner": "STRING",
        "comment": "STRING",
        "data_source_format": "STRING",
    },
    "columns": {
        "table_catalog": "STRING",
        "table_schema": "STRING",
        "table_name": "STRING",
        "column_name": "STRING",
        "ordinal_position": "INT",
        "column_default": "STRING",
        "is_nullable": "STRING",
        "full_data_type": "STRING",
        "data_type": "STRING",
        "numeric_precision": "INT",
        "numeric_scale": "INT",
        "comment": "STRING",
    },
    "views": {
        "table_catalog": "STRING",
        "table_schema": "STRING",
        "table_name": "STRING",
        "view_definition": "STRING",
    },
}
_OWNER = "System user"

Row = tuple[str | int | None, ...]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One table of the information schema, of one catalog or, with None, of all."""

    table: str
    catalog: str | None

    @property
    def relation(self) -> str:
        """The name of its relation in duckdb."""
        return f"i{crc32(repr((self.table, self.catalog)).encode()):x}"


def columns(table: str) -> dict[str, str]:
    """The columns of a table of the information schema, and their types.

    Raises:
        SqlFailure: there is no such table in it.
    """
    if table not in _TABLES:
        raise table_not_found(f"`{INFORMATION_SCHEMA}`.`{table}`")
    return _TABLES[table]


def rows(wanted: Wanted, catalogue: Catalogue, sees: Callable[[Access], bool]) -> list[Row]:
    """What it holds of what the caller sees."""
    makers: dict[str, Callable[[Catalogue, str, Callable[[Access], bool]], Iterator[Row]]] = {
        "catalogs": _catalogs,
        "schemata": _schemata,
        "tables": _tables,
        "columns": _columns,
        "views": _views,
    }
    catalogs = [wanted.catalog] if wanted.catalog is not None else sorted(catalogue.catalogs)
    return [row for catalog in catalogs for row in makers[wanted.table](catalogue, catalog, sees)]


def _catalogs(_: Catalogue, catalog: str, sees: Callable[[Access], bool]) -> Iterator[Row]:
    if sees(to_catalog(catalog, "USE_CATALOG")):
        yield (catalog, _OWNER, None)


def _schemata(catalogue: Catalogue, catalog: str, sees: Callable[[Access], bool]) -> Iterator[Row]:
    for name, schema in sorted(catalogue.catalogs[catalog].items()):
        if sees(to_schema(catalog, name, "USE_SCHEMA")):
            yield (catalog, name, _OWNER, schema.comment)
    yield (catalog, INFORMATION_SCHEMA, _OWNER, None)


def _tables(catalogue: Catalogue, catalog: str, sees: Callable[[Access], bool]) -> Iterator[Row]:
    for found in catalogue.relations():
        if found.name.catalog != catalog or not sees(to_table(found.name, "SELECT")):
            continue
        kind, inserts = ("VIEW", "NO") if isinstance(found, View) else ("MANAGED", "YES")
        form = "UNKNOWN_DATA_SOURCE_FORMAT" if isinstance(found, View) else "DELTA"
        name = found.name
        yield (name.catalog, name.schema, name.table, kind, inserts, _OWNER, found.comment, form)


def _columns(catalogue: Catalogue, catalog: str, sees: Callable[[Access], bool]) -> Iterator[Row]:
    for found in catalogue.relations():
        if found.name.catalog == catalog and sees(to_table(found.name, "SELECT")):
            name = found.name
            for position, column in enumerate(found.columns):
                yield (name.catalog, name.schema, name.table, *_column(column, position))


def _column(column: Column, position: int) -> Row:
    nullable = "YES" if column.nullable else "NO"
    full = column.type_text.lower()
    kind = column.type_name if column.type_name != "VOID" else "NULL"
    return (
        column.name,
        position,
        column.default,
        nullable,
        full,
        kind,
        column.precision,
        column.scale,
        column.comment,
    )


def _views(catalogue: Catalogue, catalog: str, sees: Callable[[Access], bool]) -> Iterator[Row]:
    for found in catalogue.relations():
        if isinstance(found, View) and found.name.catalog == catalog and sees(to_table(found.name, "SELECT")):
            yield (catalog, found.name.schema, found.name.table, found.text)
