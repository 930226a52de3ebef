"""Models: which there are, what they expect, what they answer, and what was asked before."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from server.lib.errors import refusals
from server.lib.guard import SignedIn, documented_token, on_behalf
from server.lib.inputs import LARGEST_OFFSET
from server.lib.resources import Opened, OpenLakebase
from server.models.model_inference import Endpoint, EndpointDetails, History, Invocation, InvocationResult
from server.models.schema_detection_result import SchemaDetectionResult
from server.services.model_serving_service import ModelServingService, described, history
from server.services.schema_detection_service import SchemaDetectionService

router = APIRouter(
    prefix="/api/model-serving",
    tags=["model-serving"],
    route_class=on_behalf(invalid_body="INVALID_INPUT"),
    dependencies=[documented_token],
)

Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=LARGEST_OFFSET)]


async def _models(caller: SignedIn, resources: Opened) -> ModelServingService:
    return ModelServingService(resources.workspace, resources.lakebase, caller, metrics=resources.metrics)


async def _schemas(caller: SignedIn, resources: Opened) -> SchemaDetectionService:
    keep = resources.settings.schema_cache_seconds
    return SchemaDetectionService(resources.workspace, resources.lakebase, caller, keep_seconds=keep)


Models = Annotated[ModelServingService, Depends(_models)]
Schemas = Annotated[SchemaDetectionService, Depends(_schemas)]


@router.get("/endpoints", responses=refusals(401, 403, 503))
async def list_endpoints(models: Models) -> list[Endpoint]:
    return await models.endpoints()


@router.get("/endpoints/{name}", responses=refusals(400, 401, 403, 404, 503))
async def get_endpoint(models: Models, name: str) -> EndpointDetails:
    return described(await models.endpoint(name))


@router.get("/endpoints/{name}/schema", responses=refusals(400, 401, 403, 404, 503))
async def get_endpoint_schema(models: Models, schemas: Schemas, name: str) -> SchemaDetectionResult:
    """What the endpoint expects, with an example; UNKNOWN and the reason where nobody can tell."""
    return await schemas.detect(await models.endpoint(name))


@router.post("/invoke", responses=refusals(400, 401, 403, 404, 503))
async def invoke(models: Models, asked: Invocation) -> InvocationResult:
    return await models.invoke(asked)


@router.get("/logs", responses=refusals(400, 401, 503))
async def list_logs(
    caller: SignedIn, lakebase: OpenLakebase, limit: Limit = 50, offset: Offset = 0
) -> History:
    """One's own invocations."""
    return await history(lakebase, caller, limit=limit, offset=offset)
