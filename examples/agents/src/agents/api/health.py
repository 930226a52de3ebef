"""Is the process alive, and can it do its work? The only operations without authentication."""

import asyncio

from fastapi import APIRouter
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from agents.api.inputs import Opened
from agents.errors import ApiError

router = APIRouter(prefix="/health", tags=["health"])

_DATABASE_TIMEOUT_SECONDS = 2.0


@router.get("/live")
async def live() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/ready")
async def ready(resources: Opened) -> dict[str, str]:
    database, llm = await asyncio.gather(_database_is_ready(resources.engine), resources.llm.is_ready())
    failing = [name for name, is_ready in (("database", database), ("llm", llm)) if not is_ready]
    if failing:
        raise ApiError(
            503,
            "NOT_READY",
            f"Not available: {', '.join(failing)}.",
            headers={"Retry-After": "5"},
            details={"failing": failing},
        )
    return {"status": "ok"}


async def _database_is_ready(engine: AsyncEngine) -> bool:
    try:
        async with asyncio.timeout(_DATABASE_TIMEOUT_SECONDS), engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError):
        return False
    return True
