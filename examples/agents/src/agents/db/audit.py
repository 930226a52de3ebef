"""Who changed what."""

from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from agents.db.base import Base, Id, TenantId, Timestamp


class AuditEntry(Base):
    __tablename__ = "audit_log"
    __table_args__ = (Index(None, "tenant_id", "created_at"),)

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    # No foreign key: the entry outlives the user and the object.
    actor_id: Mapped[UUID]
    action: Mapped[str] = mapped_column(String(50))
    object_id: Mapped[UUID]
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[Timestamp]
