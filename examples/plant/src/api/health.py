"""Whether the database answers, and the figures of the pools."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from api.dependencies import Connector

router = APIRouter(tags=["health"])


@router.get("/health")
async def health(connector: Connector) -> dict[str, Any]:
    await connector.check()
    return {"status": "ok", "pools": {name: asdict(pool) for name, pool in connector.metrics().items()}}
