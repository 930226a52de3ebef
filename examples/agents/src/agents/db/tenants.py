"""Tenants and their users."""

from sqlalchemy import CheckConstraint, Enum, String, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from agents.db.base import Base, Id, TenantId, Timestamp
from agents.roles import Role


class Tenant(Base):
    __tablename__ = "tenants"
    __table_args__ = (CheckConstraint("chat_limit_per_minute > 0", name="chat_limit_positive"),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(200))
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    chat_limit_per_minute: Mapped[int | None]
    """None: the limit of the deployment."""
    created_at: Mapped[Timestamp]


class User(Base):
    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("tenant_id", "external_id"),)

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    external_id: Mapped[str] = mapped_column(String(200), index=True)
    """The `sub` of this user's tokens."""
    email: Mapped[str | None] = mapped_column(String(320))
    role: Mapped[Role] = mapped_column(
        Enum(
            Role,
            name="role",
            native_enum=False,
            create_constraint=True,
            length=20,
            values_callable=lambda roles: [role.value for role in roles],
        )
    )
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[Timestamp]
