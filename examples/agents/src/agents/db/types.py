"""Column types that mean the same on PostgreSQL and on SQLite."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import Vector
from sqlalchemy import JSON, DateTime, Dialect, String, TypeDecorator, Uuid
from sqlalchemy.types import TypeEngine

EMBEDDING_DIMENSIONS = 1536


class Key(TypeDecorator[UUID]):
    """A UUID; on SQLite the usual text with hyphens, which other programs read and write as well."""

    impl = Uuid
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String(36) if dialect.name == "sqlite" else Uuid())

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> UUID | str | None:
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: UUID | str | None, dialect: Dialect) -> UUID | None:  # noqa: ARG002
        return UUID(value) if isinstance(value, str) else value


class Moment(TypeDecorator[datetime]):
    """A time with its zone; SQLite keeps none, so there it is UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


def embedding() -> TypeEngine[Any]:
    """A vector to search by; SQLite has none and only keeps the numbers."""
    return Vector(EMBEDDING_DIMENSIONS).with_variant(JSON(), "sqlite")
