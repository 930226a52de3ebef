"""Reading the audit log, and verifying it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from api.dependencies import AgentId, Connector, Paging
from models import AuditEntry
from security import audit

router = APIRouter(prefix="/audit", tags=["audit"])


class EntryOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    sequence: int
    entity_id: UUID
    action: str
    actor: str
    at: datetime
    payload: dict[str, Any]
    previous_hash: str
    hash: str


class BreakOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    sequence: int
    entity_id: UUID
    problem: str


class VerdictOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    intact: bool
    entries: int
    last_hash: str
    breaks: list[BreakOut]


@router.get("", response_model=list[EntryOut])
async def read(
    agent: AgentId, connector: Connector, page: Paging, entity_id: UUID | None = None
) -> list[AuditEntry]:
    async with connector.transaction(agent, read_only=True) as session:
        return await audit.trail(session, entity_id=entity_id, limit=page.limit, offset=page.offset)


@router.get("/verify", response_model=VerdictOut)
async def verify(agent: AgentId, connector: Connector) -> audit.Verdict:
    async with connector.transaction(agent, read_only=True) as session:
        return await audit.verify(session)
