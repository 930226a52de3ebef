"""Skills."""

from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BaseEntity
from models.named import NamedEntity, nearest_index


class Skill(NamedEntity):
    """Something an agent can do."""

    __tablename__ = "skill_entity"
    __table_args__ = (nearest_index(__tablename__),)
    kind: ClassVar[str] = "skill"
    versioned: ClassVar[tuple[str, ...]] = (*NamedEntity.versioned, "category")

    id: Mapped[UUID] = mapped_column(ForeignKey(BaseEntity.id), primary_key=True)
    category: Mapped[str] = mapped_column(String(100))

    def meaning(self) -> str:
        return f"{super().meaning()} {self.category}"
