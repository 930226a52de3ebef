"""Storing what one request used."""

from dataclasses import asdict, dataclass
from functools import cache
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from agents.chat.llm import Answer
from agents.db import DailySummary, UsageMetric
from agents.db.base import utcnow
from agents.db.upsert import Upsert, upsert

_SUMS = ("requests", "errors", "prompt_tokens", "completion_tokens")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A request as the middleware saw it."""

    tenant_id: UUID
    user_id: UUID
    request_id: str
    method: str
    route: str
    status: int
    duration_ms: float
    answered: Answer | None
    """What the model said, if it was asked and answered to the end."""


async def record(engine: AsyncEngine, measured: Measured) -> None:
    """Add the row of the request and its share of the day's summary, or neither."""
    row = asdict(measured)
    del row["answered"]
    row["created_at"] = utcnow()
    if (answer := measured.answered) is not None:
        row["model"] = answer.model
        row["prompt_tokens"] = answer.usage.prompt_tokens
        row["completion_tokens"] = answer.usage.completion_tokens
    share = {
        "tenant_id": measured.tenant_id,
        "date": row["created_at"].date(),
        "requests": 1,
        "errors": int(measured.status >= 400),
        "prompt_tokens": row.get("prompt_tokens", 0),
        "completion_tokens": row.get("completion_tokens", 0),
    }
    async with engine.begin() as connection:
        await connection.execute(_ROW, row)
        await connection.execute(_added_to_day(connection.dialect.name), share)


# Each request would spend more time on making these statements than the database on running them.
_ROW = insert(UsageMetric)


@cache
def _added_to_day(dialect: str) -> Upsert:
    new = upsert(dialect, DailySummary)
    # Adding in the database, not here: requests of one tenant end at the same time.
    sums = {name: new.table.c[name] + new.excluded[name] for name in _SUMS}
    return new.on_conflict_do_update(index_elements=["tenant_id", "date"], set_=sums)
