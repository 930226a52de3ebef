"""What a caller may say about each kind of entity."""

from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from validators.fields import Attributes, ExternalId, Name, Short, Tags, Text

Status = Literal["active", "draft", "deprecated", "archived"]
Seniority = Literal["junior", "mid", "senior", "lead"]
OPTIONAL = frozenset({"external_id", "team_id"})
"""What may be taken away again, by null."""


class NewEntity(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    description: Text = ""
    external_id: ExternalId | None = None
    status: Literal["active", "draft"] = "active"
    tags: Tags = Field(default_factory=list)
    custom_attributes: Attributes = Field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        """The attributes of the entity."""
        return dict(self)


class NewSkill(NewEntity):
    category: Short


class NewIndustry(NewEntity):
    pass


class NewTeam(NewEntity):
    pass


class NewJobRole(NewEntity):
    industry_id: UUID
    seniority: Seniority = "mid"
    required_skills: list[UUID] = Field(default_factory=list)


class NewAgent(NewEntity):
    skill_id: UUID
    job_role_id: UUID
    industry_id: UUID
    team_id: UUID | None = None


class Change(BaseModel):
    """The attributes that are named get a new value."""

    model_config = ConfigDict(extra="forbid")

    reason: Text = Field(min_length=1)
    name: Name | None = None
    description: Text | None = None
    external_id: ExternalId | None = None
    status: Status | None = None
    tags: Tags | None = None
    custom_attributes: Attributes | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.values():
            raise ValueError("names nothing to change")
        empty = sorted(name for name, value in self.values().items() if value is None)
        if not OPTIONAL.issuperset(empty):
            raise ValueError(f"{', '.join(empty)} cannot be null")
        return self

    def values(self) -> dict[str, Any]:
        """The attributes that were named."""
        return {name: value for name, value in self if name in self.model_fields_set and name != "reason"}


class SkillChange(Change):
    category: Short | None = None


class JobRoleChange(Change):
    industry_id: UUID | None = None
    seniority: Seniority | None = None
    required_skills: list[UUID] | None = None


class AgentChange(Change):
    skill_id: UUID | None = None
    job_role_id: UUID | None = None
    industry_id: UUID | None = None
    team_id: UUID | None = None
