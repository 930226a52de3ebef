"""Entities with a name, which are found by what they mean."""

from typing import ClassVar

from pgvector.sqlalchemy import Vector
from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from models.base import BaseEntity

EMBEDDING_DIMENSIONS = 384
NAMED = ("name", "description")


class NamedEntity(BaseEntity):
    """What the five kinds have in common, each in its own table."""

    __abstract__ = True

    versioned: ClassVar[tuple[str, ...]] = (*BaseEntity.versioned, *NAMED)

    @declared_attr
    @classmethod
    def name(cls) -> Mapped[str]:
        return mapped_column(String(200), unique=True)

    @declared_attr
    @classmethod
    def description(cls) -> Mapped[str]:
        return mapped_column(Text, default="", server_default="")

    @declared_attr
    @classmethod
    def embedding(cls) -> Mapped[list[float] | None]:
        return mapped_column(Vector(EMBEDDING_DIMENSIONS))

    def meaning(self) -> str:
        """The text that the embedding stands for."""
        return f"{self.name} {self.description}"


def nearest_index(table: str) -> Index:
    """An approximate index for the nearest by cosine distance."""
    return Index(
        f"ix_{table}_embedding",
        "embedding",
        postgresql_using="hnsw",
        postgresql_ops={"embedding": "vector_cosine_ops"},
    )
