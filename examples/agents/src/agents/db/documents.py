"""Pieces of documents with their embeddings."""

from pgvector.sqlalchemy import Vector
from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from agents.db.base import Base, Id, TenantId, Timestamp

EMBEDDING_DIMENSIONS = 1536


class DocumentChunk(Base):
    __tablename__ = "document_chunks"
    __table_args__ = (UniqueConstraint("tenant_id", "document", "position"),)

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    document: Mapped[str] = mapped_column(String(500))
    position: Mapped[int]
    content: Mapped[str] = mapped_column(Text)
    embedding: Mapped[list[float]] = mapped_column(Vector(EMBEDDING_DIMENSIONS))
    created_at: Mapped[Timestamp]
