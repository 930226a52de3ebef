"""What one tenant used in a range of days."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Float, RowMapping, Select, case, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from agents.db import DailySummary, UsageMetric
from agents.usage.period import Period

_Rows = Select[*tuple[Any, ...]]

_PROMPT = func.coalesce(func.sum(UsageMetric.prompt_tokens), 0).label("prompt_tokens")
_COMPLETION = func.coalesce(func.sum(UsageMetric.completion_tokens), 0).label("completion_tokens")


def summary(tenant_id: UUID, period: Period) -> _Rows:
    """One row: requests, errors, users, chats, and the tokens of the chats."""
    return _within(
        select(
            func.count().label("requests"),
            func.count(case((UsageMetric.status >= 400, 1))).label("errors"),
            func.count(UsageMetric.user_id.distinct()).label("users"),
            func.count(UsageMetric.model).label("chats"),
            _PROMPT,
            _COMPLETION,
        ),
        tenant_id,
        period,
    )


def tokens_by_model(tenant_id: UUID, period: Period) -> _Rows:
    """One row for each model that answered."""
    chats = select(UsageMetric.model, func.count().label("chats"), _PROMPT, _COMPLETION)
    answered = chats.where(UsageMetric.model.is_not(None))
    return _within(answered, tenant_id, period).group_by(UsageMetric.model).order_by(UsageMetric.model)


def daily(tenant_id: UUID, period: Period) -> _Rows:
    """One row for each day on which there were requests."""
    return (
        select(
            DailySummary.date,
            DailySummary.requests,
            DailySummary.errors,
            DailySummary.prompt_tokens,
            DailySummary.completion_tokens,
        )
        .where(
            DailySummary.tenant_id == tenant_id,
            DailySummary.date >= period.first,
            DailySummary.date <= period.last,
        )
        .order_by(DailySummary.date)
    )


def response_times(tenant_id: UUID, period: Period) -> _Rows:
    """One row for each operation; percentiles by nearest rank, each a time that was measured."""
    operation = (UsageMetric.method, UsageMetric.route)
    ranked = _within(
        select(
            *operation,
            UsageMetric.duration_ms,
            func.row_number().over(partition_by=operation, order_by=UsageMetric.duration_ms).label("rank"),
            func.count().over(partition_by=operation).label("among"),
        ),
        tenant_id,
        period,
    ).subquery()

    def percentile(percent: int) -> ColumnElement[float]:
        reached = ranked.c.rank * 100 >= ranked.c.among * percent
        return func.min(case((reached, ranked.c.duration_ms)), type_=Float).label(f"p{percent}_ms")

    return (
        select(
            ranked.c.method,
            ranked.c.route,
            func.count().label("requests"),
            func.avg(ranked.c.duration_ms).label("average_ms"),
            percentile(50),
            percentile(95),
            func.max(ranked.c.duration_ms).label("max_ms"),
        )
        .group_by(ranked.c.method, ranked.c.route)
        .order_by(ranked.c.route, ranked.c.method)
    )


async def rows(
    sessions: async_sessionmaker[AsyncSession], tenant_id: UUID, period: Period, *, batch_rows: int
) -> AsyncIterator[Sequence[RowMapping]]:
    """The single requests, oldest first, in batches; no connection is held while one is being sent."""
    place = tuple_(UsageMetric.created_at, UsageMetric.id)
    query = _within(select(UsageMetric.__table__), tenant_id, period)
    query = query.order_by(UsageMetric.created_at, UsageMetric.id).limit(batch_rows)
    after: tuple[Any, ...] | None = None
    while True:
        batch_query = query if after is None else query.where(place > after)
        async with sessions() as session:
            batch = (await session.execute(batch_query)).mappings().all()
        if batch:
            yield batch
        if len(batch) < batch_rows:
            return
        after = (batch[-1]["created_at"], batch[-1]["id"])


def _within(query: _Rows, tenant_id: UUID, period: Period) -> _Rows:
    return query.where(
        UsageMetric.tenant_id == tenant_id,
        UsageMetric.created_at >= period.begins,
        UsageMetric.created_at <= period.ends,
    )
