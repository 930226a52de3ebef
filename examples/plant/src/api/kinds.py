"""The five kinds: their paths, their tables, what may be said about them and how they are shown."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from models import Agent, Industry, JobRole, NamedEntity, Skill, Team
from validators.entities import (
    AgentChange,
    Change,
    JobRoleChange,
    NewAgent,
    NewEntity,
    NewIndustry,
    NewJobRole,
    NewSkill,
    NewTeam,
    SkillChange,
)


class EntityOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    description: str
    external_id: str | None
    status: str
    tags: list[str]
    custom_attributes: dict[str, str]
    governance_agent_id: str
    version: int
    version_hash: str
    created_at: datetime
    updated_at: datetime


class SkillOut(EntityOut):
    category: str


class JobRoleOut(EntityOut):
    industry_id: UUID
    seniority: str
    required_skills: list[UUID]


class AgentOut(EntityOut):
    skill_id: UUID
    job_role_id: UUID
    team_id: UUID | None
    industry_id: UUID


@dataclass(frozen=True)
class Kind:
    path: str
    model: type[NamedEntity]
    new: type[NewEntity]
    change: type[Change]
    out: type[EntityOut]


KINDS = (
    Kind("skills", Skill, NewSkill, SkillChange, SkillOut),
    Kind("industries", Industry, NewIndustry, Change, EntityOut),
    Kind("teams", Team, NewTeam, Change, EntityOut),
    Kind("job-roles", JobRole, NewJobRole, JobRoleChange, JobRoleOut),
    Kind("agents", Agent, NewAgent, AgentChange, AgentOut),
)
