"""What an endpoint expects as its input: the chat format of a foundation model, or an MLflow signature."""

import json
import logging
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from databricks.sdk import WorkspaceClient
from databricks.sdk.core import DatabricksError
from databricks.sdk.service.serving import ServingEndpointDetailed

from server.lib.correlation import correlation_id
from server.lib.database import Lakebase
from server.lib.errors import ApiError
from server.lib.examples import example_of
from server.lib.workspace import Workspace, in_path
from server.models.schema_detection_result import DetectedType, SchemaDetectionEvent, SchemaDetectionResult
from server.services.user_service import Caller

log = logging.getLogger(__name__)

CHAT_TASKS = ("llm/v1/chat", "agent/v1/chat", "agent/v2/chat")
CHAT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["messages"],
    "properties": {
        "messages": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["role", "content"],
                "properties": {
                    "role": {"type": "string", "enum": ["system", "user", "assistant"]},
                    "content": {"type": "string"},
                },
            },
        },
        "max_tokens": {"type": "integer", "minimum": 1},
        "temperature": {"type": "number", "minimum": 0, "maximum": 2},
    },
}
CHAT_EXAMPLE: dict[str, Any] = {
    "messages": [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "Hello! How can you help me?"},
    ],
    "max_tokens": 150,
}
_KEPT = 1000


class _Version(NamedTuple):
    """What is detected once: another deployment of the endpoint has another time."""

    name: str
    updated: int


_known: OrderedDict[_Version, SchemaDetectionResult] = OrderedDict()


def clear() -> None:
    """Forget what was detected."""
    _known.clear()


class SchemaDetectionService:
    """Detects for one caller, who has to be allowed to see the endpoint each time."""

    def __init__(
        self, workspace: Workspace, lakebase: Lakebase | None, caller: Caller, *, keep_seconds: float
    ) -> None:
        self._workspace = workspace
        self._lakebase = lakebase
        self._caller = caller
        self._keep = timedelta(seconds=keep_seconds)

    async def detect(self, endpoint: ServingEndpointDetailed) -> SchemaDetectionResult:
        """The schema of an endpoint's input, or why it is not known.

        Raises:
            ApiError: 401 or 503.
        """
        version = _Version(endpoint.name or "", endpoint.last_updated_timestamp or 0)
        known = _known.get(version)
        if known and datetime.now(UTC) - known.detected_at < self._keep:
            return known
        result = await self._detected(endpoint)
        if result.status == "SUCCESS":
            _known[version] = result
            if len(_known) > _KEPT:
                _known.popitem(last=False)
        await self._record(result)
        return result

    async def _detected(self, endpoint: ServingEndpointDetailed) -> SchemaDetectionResult:
        name = endpoint.name or ""
        if endpoint.task in CHAT_TASKS:
            return _found(name, "FOUNDATION_MODEL", CHAT_SCHEMA, CHAT_EXAMPLE)
        try:
            described = await self._workspace.call(self._caller.token, lambda client: _open_api(client, name))
            schema = _input_schema(json.loads(described))
        except DatabricksError:
            return _unknown(name, "the workspace has no OpenAPI description of it")
        except ValueError:
            return _unknown(name, "its OpenAPI description is not JSON")
        if schema is None:
            return _unknown(name, "its OpenAPI description says nothing about a request body")
        return _found(name, "MLFLOW_MODEL", schema, example_of(schema))

    async def _record(self, result: SchemaDetectionResult) -> None:
        if self._lakebase is None:
            return
        event = SchemaDetectionEvent(
            correlation_id=correlation_id.get(),
            endpoint_name=result.endpoint_name,
            user_id=self._caller.user_id,
            detected_type=result.detected_type,
            status=result.status,
            schema=result.json_schema,
            message=result.message,
        )
        try:
            async with self._lakebase.transaction() as session:
                session.add(event)
        except ApiError:
            log.warning("a schema detection could not be recorded", exc_info=True)


def _open_api(client: WorkspaceClient, name: str) -> bytes:
    contents = client.serving_endpoints.get_open_api(in_path(name)).contents
    assert contents is not None  # only the SDK's types say that it could be
    with contents as stream:
        return stream.read()


def _input_schema(document: Any) -> dict[str, Any] | None:
    """The schema of the first request body that an OpenAPI document describes."""
    try:
        for operations in document["paths"].values():
            content = operations["post"]["requestBody"]["content"]
            schema = content["application/json"]["schema"]
            return schema if isinstance(schema, dict) else None
    except (KeyError, TypeError, AttributeError):
        return None
    return None


def _found(
    name: str, kind: DetectedType, schema: dict[str, Any], example: dict[str, Any]
) -> SchemaDetectionResult:
    return SchemaDetectionResult(
        endpoint_name=name,
        detected_type=kind,
        status="SUCCESS",
        json_schema=schema,
        example=example,
        message=None,
        detected_at=datetime.now(UTC),
    )


def _unknown(name: str, reason: str) -> SchemaDetectionResult:
    return SchemaDetectionResult(
        endpoint_name=name,
        detected_type="UNKNOWN",
        status="FAILURE",
        json_schema=None,
        example=None,
        message=f"The input of {name!r} is not known: {reason}. Log the model with a signature, "
        "or look at its documentation and write the JSON by hand.",
        detected_at=datetime.now(UTC),
    )
