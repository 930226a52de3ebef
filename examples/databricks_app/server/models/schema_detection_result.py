"""What an endpoint expects as its input, and the record of finding out."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import Base, Key, Now, OptionalJson, String

DetectedType = Literal["FOUNDATION_MODEL", "MLFLOW_MODEL", "UNKNOWN"]
DetectionStatus = Literal["SUCCESS", "FAILURE"]


class SchemaDetectionEvent(Base):
    __tablename__ = "schema_detection_events"
    __table_args__ = (
        CheckConstraint(
            "detected_type IN ('FOUNDATION_MODEL', 'MLFLOW_MODEL', 'UNKNOWN')", name="detected_type"
        ),
        CheckConstraint("status IN ('SUCCESS', 'FAILURE')", name="status"),
    )

    id: Mapped[Key]
    correlation_id: Mapped[String]
    endpoint_name: Mapped[String]
    user_id: Mapped[String]
    detected_type: Mapped[String]
    status: Mapped[String]
    schema: Mapped[OptionalJson]
    message: Mapped[str | None] = mapped_column(Text)
    detected_at: Mapped[Now]


class SchemaDetectionResult(BaseModel):
    endpoint_name: str
    detected_type: DetectedType
    status: DetectionStatus
    json_schema: dict[str, Any] | None
    """The JSON Schema of the inputs; null where it is not known."""
    example: dict[str, Any] | None
    """Inputs that meet it."""
    message: str | None
    """Why nothing was found, and what to do."""
    detected_at: datetime
