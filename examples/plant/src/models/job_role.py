"""Job roles."""

from typing import ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BaseEntity
from models.named import NamedEntity, nearest_index


class JobRole(NamedEntity):
    """What is asked of an agent in an industry. `required_skills` are ids, which the validators look up."""

    __tablename__ = "job_role_entity"
    __table_args__ = (
        CheckConstraint("seniority IN ('junior', 'mid', 'senior', 'lead')", name="seniority"),
        nearest_index(__tablename__),
    )
    kind: ClassVar[str] = "job_role"
    versioned: ClassVar[tuple[str, ...]] = (
        *NamedEntity.versioned,
        "required_skills",
        "seniority",
        "industry_id",
    )

    id: Mapped[UUID] = mapped_column(ForeignKey(BaseEntity.id), primary_key=True)
    required_skills: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), default=list, server_default="{}")
    seniority: Mapped[str] = mapped_column(String(20), default="mid", server_default="mid")
    industry_id: Mapped[UUID] = mapped_column(ForeignKey("industry_entity.id"), index=True)
