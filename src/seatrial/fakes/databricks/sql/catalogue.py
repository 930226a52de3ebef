"""Which catalogs, schemas, tables and views there are at one moment. A value: changes make a new one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from seatrial.fakes.databricks.sql.names import INFORMATION_SCHEMA, TableName, folded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seatrial.fakes.databricks.sql.types import Column


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table: its columns, and which relation of duckdb holds its rows now."""

    name: TableName
    columns: tuple[Column, ...]
    relation: str
    checks: tuple[str, ...] = ()
    comment: str | None = None


@dataclass(frozen=True, kw_only=True)
class View:
    """A view: its text, and what names in it meant when it was made."""

    name: TableName
    columns: tuple[Column, ...]
    text: str
    catalog: str
    schema: str
    owner: str
    comment: str | None = None


Relation = Table | View


@dataclass(frozen=True, kw_only=True)
class Schema:
    """A schema and what it holds, by name in lower case."""

    relations: Mapping[str, Relation] = field(default_factory=dict)
    comment: str | None = None


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Everything by name in lower case. `version` is another one for every other content."""

    catalogs: Mapping[str, Mapping[str, Schema]] = field(default_factory=dict)
    version: int = 0

    def has_catalog(self, catalog: str) -> bool:
        """Whether there is one."""
        return folded(catalog) in self.catalogs

    def has_schema(self, catalog: str, schema: str) -> bool:
        """Whether there is one; every catalog has its information schema."""
        name = folded(schema)
        return self.has_catalog(catalog) and (
            name == INFORMATION_SCHEMA or name in self.catalogs[folded(catalog)]
        )

    def find(self, name: TableName) -> Relation | None:
        """The table or view of this name."""
        schema = self.catalogs.get(name.catalog, {}).get(name.schema)
        return None if schema is None else schema.relations.get(name.table)

    def relations(self) -> Iterator[Relation]:
        """Every table and view, by name."""
        for catalog in sorted(self.catalogs):
            for schema in sorted(self.catalogs[catalog]):
                held = self.catalogs[catalog][schema].relations
                yield from (held[name] for name in sorted(held))

    def tables(self) -> Iterator[Table]:
        """Every table."""
        return (found for found in self.relations() if isinstance(found, Table))

    def with_catalog(self, catalog: str, version: int) -> Catalogue:
        """With a catalog that has nothing but the schema `default`."""
        return self._with({**self.catalogs, folded(catalog): {"default": Schema()}}, version)

    def without_catalog(self, catalog: str, version: int) -> Catalogue:
        """Without a catalog and everything in it."""
        rest = {name: held for name, held in self.catalogs.items() if name != folded(catalog)}
        return self._with(rest, version)

    def with_schema(self, catalog: str, name: str, schema: Schema, version: int) -> Catalogue:
        """With this schema in place of what the name meant."""
        held = {**self.catalogs[folded(catalog)], folded(name): schema}
        return self._with({**self.catalogs, folded(catalog): held}, version)

    def without_schema(self, catalog: str, name: str, version: int) -> Catalogue:
        """Without a schema and everything in it."""
        catalog = folded(catalog)
        rest = {key: held for key, held in self.catalogs[catalog].items() if key != folded(name)}
        return self._with({**self.catalogs, catalog: rest}, version)

    def with_relation(self, relation: Relation, version: int) -> Catalogue:
        """With this table or view in place of what its name meant."""
        name = relation.name
        schema = self.catalogs[name.catalog][name.schema]
        held = replace(schema, relations={**schema.relations, name.table: relation})
        return self.with_schema(name.catalog, name.schema, held, version)

    def without_relation(self, name: TableName, version: int) -> Catalogue:
        """Without this table or view."""
        schema = self.catalogs[name.catalog][name.schema]
        rest = {key: held for key, held in schema.relations.items() if key != name.table}
        return self.with_schema(name.catalog, name.schema, replace(schema, relations=rest), version)

    def _with(self, catalogs: Mapping[str, Mapping[str, Schema]], version: int) -> Catalogue:
        return replace(self, catalogs=catalogs, version=version)
