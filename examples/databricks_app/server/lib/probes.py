"""What operators look at: whether the process is there, and its figures."""

from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from server.lib.resources import Opened

router = APIRouter(tags=["operations"])


class Health(BaseModel):
    status: Literal["ok"]
    lakebase: Literal["configured", "not configured"]


@router.get("/health")
async def health(resources: Opened) -> Health:
    """That this process answers. It asks nobody: a database that is down is no reason to restart this."""
    return Health(status="ok", lakebase="configured" if resources.lakebase else "not configured")


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(resources: Opened) -> Response:
    return Response(generate_latest(resources.metrics.registry), media_type=CONTENT_TYPE_LATEST)
