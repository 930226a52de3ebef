"""Invocations of models: what is asked, what is answered, and the log of both."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy import CheckConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.lib.jsonvalues import readable, storable
from server.models.base import Base, Json, Key, Moment, Now, OptionalJson, String

InvocationStatus = Literal["SUCCESS", "ERROR", "TIMEOUT"]

LONGEST_TIMEOUT_SECONDS = 300
LARGEST_INPUTS_BYTES = 16 * 1024 * 1024
"""The limit of the service for one request."""


class InvocationLog(Base):
    __tablename__ = "model_inference_logs"
    __table_args__ = (
        CheckConstraint("status IN ('SUCCESS', 'ERROR', 'TIMEOUT')", name="status"),
        Index(None, "user_id", "id"),
    )

    id: Mapped[Key]
    request_id: Mapped[UUID]
    endpoint_name: Mapped[String]
    user_id: Mapped[String]
    inputs: Mapped[Json]
    predictions: Mapped[OptionalJson]
    status: Mapped[String]
    execution_time_ms: Mapped[int]
    error_message: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Now]
    completed_at: Mapped[Moment | None]


def _checked_name(name: str) -> str:
    storable(name, largest=LARGEST_INPUTS_BYTES)
    return name


def _checked_inputs(inputs: dict[str, Any]) -> dict[str, Any]:
    if not inputs:
        raise ValueError("expected what the model is asked, found nothing")
    storable(inputs, largest=LARGEST_INPUTS_BYTES)
    return inputs


class Invocation(BaseModel):
    model_config = ConfigDict(extra="forbid")

    endpoint_name: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_checked_name)]
    inputs: Annotated[dict[str, Any], AfterValidator(_checked_inputs)]
    """The body that the endpoint expects, such as {"messages": [...]} or {"dataframe_records": [...]}."""
    timeout_seconds: Annotated[int, Field(ge=1, le=LONGEST_TIMEOUT_SECONDS)] = 30


class InvocationResult(BaseModel):
    request_id: UUID
    endpoint_name: str
    predictions: dict[str, Any]
    """The answer of the endpoint as it came."""
    status: InvocationStatus
    execution_time_ms: int
    logged: bool
    """Whether the history has it."""


class InvocationRecord(BaseModel):
    request_id: UUID
    endpoint_name: str
    user_id: str
    inputs: Any
    predictions: Any
    unreadable: bool
    """Whether stored JSON could not be read; it is null then."""
    status: str
    execution_time_ms: int
    error_message: str | None
    created_at: datetime
    completed_at: datetime | None

    @classmethod
    def of(cls, row: InvocationLog) -> Self:
        inputs, predictions = readable(row.inputs), readable(row.predictions)
        return cls(
            request_id=row.request_id,
            endpoint_name=row.endpoint_name,
            user_id=row.user_id,
            inputs=inputs,
            predictions=predictions,
            unreadable=inputs is not row.inputs or predictions is not row.predictions,
            status=row.status,
            execution_time_ms=row.execution_time_ms,
            error_message=row.error_message,
            created_at=row.created_at,
            completed_at=row.completed_at,
        )


class History(BaseModel):
    """A page of a user's own invocations, in the order in which they ended."""

    logs: list[InvocationRecord]
    total_count: int


class Endpoint(BaseModel):
    name: str
    task: str | None
    state: str
    creator: str | None


class EndpointDetails(Endpoint):
    description: str | None
    served_models: list[str]
    last_updated: datetime | None
