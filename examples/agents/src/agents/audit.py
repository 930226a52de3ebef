"""Writing the audit log."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from agents.auth.principal import Principal
from agents.db import AuditEntry


def record(session: AsyncSession, principal: Principal, action: str, object_id: UUID, **details: Any) -> None:
    """Add an entry to the caller's transaction, so that it exists exactly if the change does."""
    session.add(
        AuditEntry(
            tenant_id=principal.tenant_id,
            actor_id=principal.user_id,
            action=action,
            object_id=object_id,
            details=details,
        )
    )
