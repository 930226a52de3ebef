"""Rules that need to look at other entities, in the transaction of the change."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import InvalidError
from models import Agent, Industry, JobRole, NamedEntity, Skill, Team

REFERENCES: dict[str, type[NamedEntity]] = {
    "skill_id": Skill,
    "job_role_id": JobRole,
    "team_id": Team,
    "industry_id": Industry,
    "required_skills": Skill,
}
TRANSITIONS = {
    "draft": {"active", "archived"},
    "active": {"deprecated", "archived"},
    "deprecated": {"active", "archived"},
}


async def check_references(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """Refuse references to what the agent cannot see: a foreign key would accept a stranger's draft.

    Raises:
        InvalidError: with the field that refers to nothing.
    """
    for field in values.keys() & REFERENCES.keys():
        kind, wanted = REFERENCES[field], _ids(values[field])
        if wanted and len(wanted) != await _visible(session, kind, wanted):
            raise InvalidError(f"there is no such {kind.__name__}", field=field)


async def check_change(session: AsyncSession, entity: NamedEntity, changes: Mapping[str, Any]) -> None:
    """Hold a change against the rules of states and teams.

    Raises:
        InvalidError: the status cannot follow the present one, or the team would be left without an agent.
    """
    status = changes.get("status", entity.status)
    if status != entity.status and status not in TRANSITIONS[entity.status]:
        raise InvalidError(f"{entity.status} cannot become {status}", field="status")
    if isinstance(entity, Agent) and entity.team_id is not None and entity.status == "active":
        leaves = status != "active" or changes.get("team_id", entity.team_id) != entity.team_id
        if leaves and not await _others_at_work(session, entity):
            raise InvalidError("the team would be left without an active agent", field="status")


def _ids(value: UUID | Iterable[UUID] | None) -> set[UUID]:
    if value is None:
        return set()
    return {value} if isinstance(value, UUID) else set(value)


async def _visible(session: AsyncSession, kind: type[NamedEntity], ids: set[UUID]) -> int:
    count = select(func.count()).select_from(kind).where(kind.id.in_(ids), kind.deleted_at.is_(None))
    return (await session.scalars(count)).one()


async def _others_at_work(session: AsyncSession, agent: Agent) -> int:
    others = (
        select(func.count())
        .select_from(Agent)
        .where(Agent.team_id == agent.team_id, Agent.id != agent.id, Agent.status == "active")
    )
    return (await session.scalars(others)).one()
