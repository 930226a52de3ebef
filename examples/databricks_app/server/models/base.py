"""The base of every stored model."""

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Identity, MetaData, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

_NAMES = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

Key = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
"""Counts up, so that a list in its order only ever grows at its end."""
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Now = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
String = Annotated[str, mapped_column(Text)]
Json = Annotated[Any, mapped_column(JSONB)]
OptionalJson = Annotated[Any, mapped_column(JSONB(none_as_null=True), nullable=True)]


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=_NAMES)
