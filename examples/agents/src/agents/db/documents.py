"""Pieces of documents with their embeddings."""

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from agents.db.base import Base, Id, TenantId, Timestamp
from agents.db.types import embedding


class DocumentChunk(Base):
    __tablename__ = "document_chunks"
    __table_args__ = (UniqueConstraint("tenant_id", "document", "position"),)

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    document: Mapped[str] = mapped_column(String(500))
    position: Mapped[int]
    content: Mapped[str] = mapped_column(Text)
    embedding: Mapped[list[float]] = mapped_column(embedding())
    created_at: Mapped[Timestamp]
