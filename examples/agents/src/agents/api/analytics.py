"""What the caller's tenant used, for everybody in it; single requests from operator on."""

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy import RowMapping, Select

from agents import audit
from agents.api.inputs import Opened
from agents.auth.guard import Caller, requires
from agents.resources import Resources
from agents.roles import Role
from agents.usage import export, queries
from agents.usage.period import InPeriod, Period

router = APIRouter(prefix="/analytics", tags=["analytics"], route_class=requires(Role.VIEWER))
operator_router = APIRouter(prefix="/analytics", tags=["analytics"], route_class=requires(Role.OPERATOR))


class PeriodOut(BaseModel):
    """The days that were asked for, in UTC, both included."""

    date_from: dt.date
    date_to: dt.date


class Tokens(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class SummaryOut(PeriodOut, Tokens):
    requests: int
    errors: int
    """Requests that were answered with a status of 400 or above."""
    users: int
    chats: int
    """Requests that a model answered."""


class ModelTokens(Tokens):
    model: str
    chats: int


class TokensOut(PeriodOut, Tokens):
    models: list[ModelTokens]


class DayOut(Tokens):
    date: dt.date
    requests: int
    errors: int


class OperationTimes(BaseModel):
    method: str
    route: str
    requests: int
    average_ms: float
    p50_ms: float
    p95_ms: float
    max_ms: float


@router.get("/summary")
async def summary(caller: Caller, resources: Opened, period: InPeriod) -> SummaryOut:
    (row,) = await _read(resources, queries.summary(caller.tenant_id, period))
    return SummaryOut(**_days(period), **_with_total(row))


@router.get("/tokens")
async def tokens(caller: Caller, resources: Opened, period: InPeriod) -> TokensOut:
    rows = await _read(resources, queries.tokens_by_model(caller.tenant_id, period))
    models = [ModelTokens(**_with_total(row)) for row in rows]
    return TokensOut(
        **_days(period),
        prompt_tokens=sum(model.prompt_tokens for model in models),
        completion_tokens=sum(model.completion_tokens for model in models),
        total_tokens=sum(model.total_tokens for model in models),
        models=models,
    )


@router.get("/daily")
async def daily(caller: Caller, resources: Opened, period: InPeriod) -> list[DayOut]:
    rows = await _read(resources, queries.daily(caller.tenant_id, period))
    return [DayOut(**_with_total(row)) for row in rows]


@router.get("/response-times")
async def response_times(caller: Caller, resources: Opened, period: InPeriod) -> list[OperationTimes]:
    rows = await _read(resources, queries.response_times(caller.tenant_id, period))
    return [OperationTimes(**row) for row in rows]


@operator_router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {media_type: {} for media_type in export.MEDIA_TYPES.values()}}},
)
async def export_usage(
    caller: Caller,
    resources: Opened,
    period: InPeriod,
    wanted: Annotated[Literal["csv", "json"], Query(alias="format")],
) -> StreamingResponse:
    """Every single request, oldest first."""
    async with resources.sessions.begin() as session:
        described = {"format": wanted, "date_from": str(period.first), "date_to": str(period.last)}
        audit.record(session, caller, "analytics.exported", caller.tenant_id, **described)
    batch_rows = resources.settings.export_batch_rows
    batches = queries.rows(resources.sessions, caller.tenant_id, period, batch_rows=batch_rows)
    name = f"usage-{period.first}-{period.last}.{wanted}"
    return StreamingResponse(
        export.as_csv(batches) if wanted == "csv" else export.as_json(batches),
        media_type=export.MEDIA_TYPES[wanted],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _read(resources: Resources, query: Select[*tuple[Any, ...]]) -> list[RowMapping]:
    async with resources.sessions() as session:
        return list((await session.execute(query)).mappings())


def _days(period: Period) -> dict[str, dt.date]:
    return {"date_from": period.first, "date_to": period.last}


def _with_total(row: RowMapping) -> dict[str, Any]:
    return {**row, "total_tokens": row["prompt_tokens"] + row["completion_tokens"]}
