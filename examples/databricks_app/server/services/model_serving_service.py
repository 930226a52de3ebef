"""Serving endpoints, their invocation, and the history of invocations."""

import logging
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import requests
from databricks.sdk.core import DatabricksError
from databricks.sdk.errors import (
    BadRequest,
    DeadlineExceeded,
    NotFound,
    PermissionDenied,
    Unauthenticated,
)
from databricks.sdk.service.serving import ServingEndpoint, ServingEndpointDetailed
from sqlalchemy import func, select

from server.lib.database import Lakebase
from server.lib.errors import ApiError, invalid, unavailable
from server.lib.jsonvalues import cleaned
from server.lib.metrics import Metrics
from server.lib.workspace import Workspace, auth_invalid, in_path, wait_asked_for
from server.models.model_inference import (
    Endpoint,
    EndpointDetails,
    History,
    Invocation,
    InvocationLog,
    InvocationRecord,
    InvocationResult,
    InvocationStatus,
)
from server.services.user_service import Caller

log = logging.getLogger(__name__)


class ModelServingService:
    """What one caller does with models; every call uses their token.

    Everything here raises `ApiError` with 401 for a token that is not valid any more.
    """

    def __init__(
        self, workspace: Workspace, lakebase: Lakebase | None, caller: Caller, *, metrics: Metrics
    ) -> None:
        self._workspace = workspace
        self._lakebase = lakebase
        self._caller = caller
        self._metrics = metrics

    async def endpoints(self) -> list[Endpoint]:
        """Sorted by name. 403; 503 WORKSPACE_UNAVAILABLE."""
        try:
            found = await self._workspace.call(
                self._caller.token, lambda client: [*client.serving_endpoints.list()]
            )
        except DatabricksError as error:
            raise _refusal(error) from error
        return sorted((Endpoint(**_common(each)) for each in found), key=lambda endpoint: endpoint.name)

    async def endpoint(self, name: str) -> ServingEndpointDetailed:
        """As the workspace describes it. 403; 404 ENDPOINT_NOT_FOUND; 503 WORKSPACE_UNAVAILABLE."""
        try:
            return await self._workspace.call(
                self._caller.token, lambda client: client.serving_endpoints.get(in_path(name))
            )
        except DatabricksError as error:
            raise _refusal(error) from error

    async def invoke(self, asked: Invocation) -> InvocationResult:
        """Ask a model, and log what came of it.

        Raises:
            ApiError: 503 MODEL_TIMEOUT or MODEL_UNAVAILABLE; 400 INVALID_INPUT, the model refuses the
                inputs; 403; 404 ENDPOINT_NOT_FOUND.
        """
        request_id, began, clock = uuid4(), datetime.now(UTC), time.perf_counter()
        predictions: dict[str, Any] | None = None
        refused: ApiError | None = None
        try:
            predictions = await self._workspace.run(lambda: self._ask(asked, request_id))
        except (OSError, ValueError) as error:  # what requests and the SDK raise; an answer that is too deep
            refused = _refusal(error)
        took = round((time.perf_counter() - clock) * 1000)
        row = InvocationLog(
            request_id=request_id,
            endpoint_name=asked.endpoint_name,
            user_id=self._caller.user_id,
            inputs=asked.inputs,
            predictions=predictions,
            status=_status(refused),
            execution_time_ms=took,
            error_message=refused and str(refused),
            created_at=began,
            completed_at=datetime.now(UTC),
        )
        logged = await self._keep(row)
        if predictions is None:
            assert refused is not None
            raise refused
        return InvocationResult(
            request_id=request_id,
            endpoint_name=asked.endpoint_name,
            predictions=predictions,
            status="SUCCESS",
            execution_time_ms=took,
            logged=logged,
        )

    def _ask(self, asked: Invocation, request_id: UUID) -> dict[str, Any]:
        client = self._workspace.impatient(self._caller.token, seconds=asked.timeout_seconds)
        # Not `serving_endpoints.query`: that would drop whatever the SDK has no name for.
        answer = client.do(
            "POST",
            f"/serving-endpoints/{in_path(asked.endpoint_name)}/invocations",
            headers={"Accept": "application/json", "X-Request-Id": str(request_id)},
            body=asked.inputs,
        )
        return cleaned(answer if isinstance(answer, dict) else {"predictions": answer})  # type: ignore[no-any-return]

    async def _keep(self, row: InvocationLog) -> bool:
        self._metrics.invocations.labels(row.endpoint_name, row.status).inc()
        if self._lakebase is None:
            return False
        try:
            async with self._lakebase.transaction() as session:
                session.add(row)
        except ApiError:
            # The model has answered, and may have cost something: its answer is not thrown away.
            log.warning("an invocation could not be logged", exc_info=True)
            return False
        return True


async def history(lakebase: Lakebase, caller: Caller, *, limit: int, offset: int) -> History:
    """A page of the caller's own invocations, in the order in which they were logged.

    Raises:
        ApiError: 503 DATABASE_UNAVAILABLE.
    """
    own = InvocationLog.user_id == caller.user_id
    page = select(InvocationLog).where(own).order_by(InvocationLog.id).limit(limit).offset(offset)
    async with lakebase.transaction() as session:
        total = await session.scalar(select(func.count()).select_from(InvocationLog).where(own))
        rows = (await session.scalars(page)).all()
    return History(logs=[InvocationRecord.of(row) for row in rows], total_count=total or 0)


def described(endpoint: ServingEndpointDetailed) -> EndpointDetails:
    """An endpoint as it is shown."""
    served = (endpoint.config and endpoint.config.served_entities) or []
    updated = endpoint.last_updated_timestamp
    return EndpointDetails(
        **_common(endpoint),
        description=endpoint.description,
        served_models=[entity.name for entity in served if entity.name],
        last_updated=datetime.fromtimestamp(updated / 1000, UTC) if updated else None,
    )


def _common(endpoint: ServingEndpoint | ServingEndpointDetailed) -> dict[str, Any]:
    ready = endpoint.state and endpoint.state.ready
    return {
        "name": endpoint.name or "",
        "task": endpoint.task,
        "state": ready.value if ready else "UNKNOWN",
        "creator": endpoint.creator,
    }


def _refusal(error: Exception) -> ApiError:
    if isinstance(error, Unauthenticated):
        return auth_invalid()
    if isinstance(error, PermissionDenied):
        return ApiError(403, "ENDPOINT_PERMISSION_DENIED", "You may not use this endpoint.")
    if isinstance(error, NotFound):
        return ApiError(404, "ENDPOINT_NOT_FOUND", "There is no endpoint of this name.")
    if isinstance(error, BadRequest):
        return invalid("INVALID_INPUT", "inputs", str(error))
    if isinstance(error, DeadlineExceeded) or isinstance(error.__cause__, requests.Timeout):
        return unavailable("MODEL_TIMEOUT", "The model did not answer in time.")
    return unavailable("MODEL_UNAVAILABLE", "The model is not available.", retry_after=wait_asked_for(error))


def _status(refused: ApiError | None) -> InvocationStatus:
    if refused is None:
        return "SUCCESS"
    return "TIMEOUT" if refused.detail.error_code == "MODEL_TIMEOUT" else "ERROR"
