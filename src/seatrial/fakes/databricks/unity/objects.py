"""What Unity Catalog holds, and how its API describes it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from seatrial.fakes.databricks.unity.types import type_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seatrial.fakes.databricks.unity.types import ColumnType

METASTORE_ID = str(uuid.uuid5(uuid.NAMESPACE_URL, "seatrial:metastore"))
_MS = 1000


@dataclass(frozen=True, kw_only=True)
class Securable:
    """Something that can be owned and granted."""

    kind: ClassVar[Literal["catalog", "schema", "table"]]

    full_name: str
    owner: str
    created: float
    """Seconds since the epoch."""
    comment: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its own name, without those above it."""
        return self.full_name.rpartition(".")[2]

    @property
    def above(self) -> str | None:
        """The full name of what it is in; None of a catalog."""
        return self.full_name.rpartition(".")[0] or None

    @property
    def described(self) -> str:
        """As messages name it: `Schema 'main.sales'`."""
        return f"{self.kind.capitalize()} '{self.full_name}'"

    @classmethod
    def code(cls, what: str) -> str:
        """The code of an error about this kind: `SCHEMA_DOES_NOT_EXIST`."""
        return f"{cls.kind.upper()}_{what}"

    def json(self) -> dict[str, Any]:
        """As the API describes it; what every kind has."""
        found: dict[str, Any] = {
            "name": self.name,
            "full_name": self.full_name,
            "owner": self.owner,
            "metastore_id": METASTORE_ID,
            "created_at": int(self.created * _MS),
            "created_by": self.owner,
            "updated_at": int(self.created * _MS),
            "updated_by": self.owner,
            "browse_only": False,
        }
        if self.comment is not None:
            found["comment"] = self.comment
        if self.properties:
            found["properties"] = dict(self.properties)
        return found

    def identifier(self) -> str:
        """A UUID of it, the same in each run."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"seatrial:{self.kind}:{self.full_name}"))


@dataclass(frozen=True, kw_only=True)
class Catalog(Securable):
    """A catalog."""

    kind = "catalog"

    def json(self) -> dict[str, Any]:
        """As the API describes it."""
        return {
            **super().json(),
            "catalog_type": "MANAGED_CATALOG",
            "securable_type": "CATALOG",
            "isolation_mode": "OPEN",
        }


@dataclass(frozen=True, kw_only=True)
class Schema(Securable):
    """A schema of a catalog."""

    kind = "schema"

    def json(self) -> dict[str, Any]:
        """As the API describes it."""
        return {
            **super().json(),
            "catalog_name": self.above,
            "catalog_type": "MANAGED_CATALOG",
            "schema_id": self.identifier(),
        }


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table."""

    name: str
    type: ColumnType
    nullable: bool = True
    comment: str | None = None

    def json(self, position: int) -> dict[str, Any]:
        """As the API describes it."""
        found: dict[str, Any] = {
            "name": self.name,
            "type_text": self.type.text,
            "type_json": type_json(self.name, self.type, nullable=self.nullable),
            "type_name": self.type.name,
            "type_precision": self.type.precision,
            "type_scale": self.type.scale,
            "position": position,
            "nullable": self.nullable,
        }
        return found if self.comment is None else {**found, "comment": self.comment}


@dataclass(frozen=True, kw_only=True)
class Table(Securable):
    """A table or a view of a schema."""

    kind = "table"

    columns: tuple[Column, ...] = ()
    view_definition: str | None = None

    @property
    def table_type(self) -> str:
        """`MANAGED` or `VIEW`."""
        return "MANAGED" if self.view_definition is None else "VIEW"

    def summary(self) -> dict[str, Any]:
        """As the list of summaries has it."""
        return {"full_name": self.full_name, "table_type": self.table_type}

    def json(self) -> dict[str, Any]:
        """As the API describes it."""
        catalog, schema, _ = self.full_name.split(".")
        found = {
            **super().json(),
            "catalog_name": catalog,
            "schema_name": schema,
            "table_type": self.table_type,
            "table_id": self.identifier(),
            "columns": [column.json(position) for position, column in enumerate(self.columns)],
        }
        if self.view_definition is not None:
            return {**found, "view_definition": self.view_definition}
        return {**found, "data_source_format": "DELTA"}


def default_schema(catalog: Catalog) -> Schema:
    """The schema that every catalog has from the beginning."""
    return Schema(full_name=f"{catalog.full_name}.default", owner=catalog.owner, created=catalog.created)
