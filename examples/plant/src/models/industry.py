"""Industries."""

from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BaseEntity
from models.named import NamedEntity, nearest_index


class Industry(NamedEntity):
    """Where job roles are found."""

    __tablename__ = "industry_entity"
    __table_args__ = (nearest_index(__tablename__),)
    kind: ClassVar[str] = "industry"

    id: Mapped[UUID] = mapped_column(ForeignKey(BaseEntity.id), primary_key=True)
