"""Agents."""

from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BaseEntity
from models.named import NamedEntity, nearest_index


class Agent(NamedEntity):
    """Someone with a skill in a job role of an industry; a team is not needed."""

    __tablename__ = "agent_entity"
    __table_args__ = (nearest_index(__tablename__),)
    kind: ClassVar[str] = "agent"
    versioned: ClassVar[tuple[str, ...]] = (
        *NamedEntity.versioned,
        "skill_id",
        "job_role_id",
        "team_id",
        "industry_id",
    )

    id: Mapped[UUID] = mapped_column(ForeignKey(BaseEntity.id), primary_key=True)
    skill_id: Mapped[UUID] = mapped_column(ForeignKey("skill_entity.id"), index=True)
    job_role_id: Mapped[UUID] = mapped_column(ForeignKey("job_role_entity.id"), index=True)
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team_entity.id"), index=True)
    industry_id: Mapped[UUID] = mapped_column(ForeignKey("industry_entity.id"), index=True)
