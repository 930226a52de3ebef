"""What tenants used: one row per request, and sums per day."""

import datetime as dt
from uuid import UUID

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from agents.db.base import Base, Id, TenantId, Timestamp


class UsageMetric(Base):
    """One request of a known caller, whatever became of it."""

    __tablename__ = "usage_metrics"
    __table_args__ = (Index(None, "tenant_id", "created_at", "id"),)

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    # No foreign key: what was used stays used when the user is gone.
    user_id: Mapped[UUID]
    request_id: Mapped[str] = mapped_column(String(64))
    method: Mapped[str] = mapped_column(String(10))
    route: Mapped[str] = mapped_column(String(200))
    """The template of the path, without the ids in it."""
    status: Mapped[int]
    duration_ms: Mapped[float]
    model: Mapped[str | None] = mapped_column(String(100))
    """The model that answered; None where none did."""
    prompt_tokens: Mapped[int | None]
    completion_tokens: Mapped[int | None]
    created_at: Mapped[Timestamp]


class DailySummary(Base):
    """The sums of one tenant and one day in UTC, kept up with every request."""

    __tablename__ = "daily_summaries"
    __table_args__ = (UniqueConstraint("tenant_id", "date"),)

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    date: Mapped[dt.date]
    requests: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    errors: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Requests that were answered with a status of 400 or above."""
    prompt_tokens: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    completion_tokens: Mapped[int] = mapped_column(default=0, server_default=text("0"))
