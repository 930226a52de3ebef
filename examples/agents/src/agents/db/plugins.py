"""Which plugins a tenant has switched on, and how they are set."""

from typing import Any

from sqlalchemy import JSON, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from agents.db.base import Base, Id, TenantId, Timestamp


class PluginRegistration(Base):
    """One tenant's choice about one plugin; without a row it is off and has no configuration."""

    __tablename__ = "plugin_registrations"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    name: Mapped[str] = mapped_column(String(50))
    enabled: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Without none_as_null "no configuration" would be stored as JSON's null, which is no NULL.
    config: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[Timestamp]
    updated_at: Mapped[Timestamp]
