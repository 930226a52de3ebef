"""What the application holds open while it runs."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from server.lib.database import Lakebase, lakebase_not_configured
from server.lib.metrics import Metrics
from server.lib.warehouse import Warehouse
from server.lib.workspace import Workspace
from server.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Resources:
    settings: Settings
    workspace: Workspace
    warehouse: Warehouse
    lakebase: Lakebase | None
    metrics: Metrics


def resources_of(request: Request) -> Resources:
    """The resources of the application that serves this request."""
    resources: Resources = request.app.state.resources
    return resources


# Not plain functions: FastAPI would call those in a thread, at each request.
async def _opened(request: Request) -> Resources:
    return resources_of(request)


async def _lakebase(request: Request) -> Lakebase:
    if (found := resources_of(request).lakebase) is None:
        raise lakebase_not_configured()
    return found


Opened = Annotated[Resources, Depends(_opened)]
OpenLakebase = Annotated[Lakebase, Depends(_lakebase)]
"""The database; a deployment without one answers 503."""
