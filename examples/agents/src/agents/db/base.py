"""What all tables share."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, MetaData, func
from sqlalchemy.orm import DeclarativeBase, mapped_column

from agents.db.types import Key, Moment


def utcnow() -> datetime:
    return datetime.now(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {UUID: Key}  # noqa: RUF012 - SQLAlchemy reads it once


Id = Annotated[UUID, mapped_column(primary_key=True, default=uuid4)]
TenantId = Annotated[UUID, mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))]
Timestamp = Annotated[datetime, mapped_column(Moment, default=utcnow, server_default=func.now())]
