"""Teams."""

from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BaseEntity
from models.named import NamedEntity, nearest_index


class Team(NamedEntity):
    """Agents that work together."""

    __tablename__ = "team_entity"
    __table_args__ = (nearest_index(__tablename__),)
    kind: ClassVar[str] = "team"

    id: Mapped[UUID] = mapped_column(ForeignKey(BaseEntity.id), primary_key=True)
