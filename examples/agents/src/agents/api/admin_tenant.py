"""Settings of the caller's tenant."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from agents import audit
from agents.api.inputs import Body, Opened, Title
from agents.auth.guard import Caller, requires
from agents.db import Tenant
from agents.roles import Role

router = APIRouter(prefix="/admin/tenant", tags=["admin"], route_class=requires(Role.ADMIN))


class TenantChange(Body):
    name: Title = ""
    chat_limit_per_minute: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """None: the limit of the deployment."""


class TenantOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    chat_limit_per_minute: int | None
    created_at: datetime


@router.get("", response_model=TenantOut)
async def get_tenant(caller: Caller, resources: Opened) -> Tenant:
    async with resources.sessions() as session:
        return await session.get_one(Tenant, caller.tenant_id)


@router.patch("", response_model=TenantOut)
async def change_tenant(caller: Caller, resources: Opened, change: TenantChange) -> Tenant:
    changes = change.model_dump(exclude_unset=True)
    async with resources.sessions.begin() as session:
        tenant = await session.get_one(Tenant, caller.tenant_id)
        for name, value in changes.items():
            setattr(tenant, name, value)
        audit.record(session, caller, "tenant.changed", tenant.id, **changes)
    return tenant
