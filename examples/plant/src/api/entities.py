"""Create, get, list, search by meaning and evolve, for each kind."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from api.dependencies import AgentId, Connector, Paging
from api.kinds import KINDS, Kind
from core import entities
from core.database import Isolation
from models import Agent, NamedEntity
from validators.fields import Storable


class Search(BaseModel):
    q: Annotated[str, Storable] = Field(min_length=1, max_length=1000)
    limit: int = Field(default=10, ge=1, le=50)


def routers() -> list[APIRouter]:
    return [_router(kind) for kind in KINDS]


def _router(kind: Kind) -> APIRouter:
    router = APIRouter(prefix=f"/{kind.path}", tags=[kind.path])
    _add_reading(router, kind)
    _add_writing(router, kind)
    return router


def _add_reading(router: APIRouter, kind: Kind) -> None:
    @router.get("", response_model=list[kind.out])  # type: ignore[name-defined]  # of each kind
    async def listed(agent: AgentId, connector: Connector, page: Paging) -> list[NamedEntity]:
        async with connector.transaction(agent, read_only=True) as session:
            return await entities.listed(session, kind.model, limit=page.limit, offset=page.offset)

    @router.get("/search")
    async def search(
        agent: AgentId, connector: Connector, wanted: Annotated[Search, Query()]
    ) -> list[dict[str, Any]]:
        async with connector.transaction(agent, read_only=True) as session:
            matches = await entities.nearest(session, kind.model, wanted.q, limit=wanted.limit)
        return [
            {"distance": match.distance, "entity": kind.out.model_validate(match.entity).model_dump()}
            for match in matches
        ]

    @router.get("/{entity_id}", response_model=kind.out)
    async def get(agent: AgentId, connector: Connector, entity_id: UUID) -> NamedEntity:
        async with connector.transaction(agent, read_only=True) as session:
            return await entities.find(session, kind.model, entity_id)


def _add_writing(router: APIRouter, kind: Kind) -> None:
    @router.post("", status_code=201, response_model=kind.out)
    async def create(agent: AgentId, connector: Connector, new: kind.new) -> NamedEntity:  # type: ignore[name-defined]  # of each kind
        async def work(session: AsyncSession) -> NamedEntity:
            return await entities.create(session, kind.model, new.values())

        return await connector.run(work, agent_id=agent)

    @router.post("/{entity_id}/evolve", response_model=kind.out)
    async def evolve(
        agent: AgentId,
        connector: Connector,
        entity_id: UUID,
        change: kind.change,  # type: ignore[name-defined]  # of each kind
    ) -> NamedEntity:
        async def work(session: AsyncSession) -> NamedEntity:
            return await entities.evolve(
                session, kind.model, entity_id, change.values(), reason=change.reason
            )

        # That a team keeps an agent depends on rows which others may change at the same time.
        isolation: Isolation | None = "SERIALIZABLE" if kind.model is Agent else None
        return await connector.run(work, agent_id=agent, isolation=isolation)
