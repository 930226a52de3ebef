"""The OpenAPI document of a model of the team's own, made of its MLflow signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TYPES: dict[str, dict[str, Any]] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
    "string": {"type": "string"},
    "datetime": {"type": "string", "format": "date-time"},
}


def document(name: str, inputs: Mapping[str, str], *, served: str) -> dict[str, Any]:
    """What `GET .../openapi` answers.

    Args:
        name: of the endpoint.
        inputs: column -> its type in MLflow: `double`, `long`, `string`, ...
        served: the name of the served model.

    Raises:
        FakeError: a type is none of MLflow's.
    """
    properties = {column: _type(name, column, kind) for column, kind in inputs.items()}
    record = {"type": "object", "properties": properties, "required": list(inputs)}
    split = {
        "type": "object",
        "properties": {
            "index": {"type": "array", "items": {"type": "integer"}},
            "columns": {"type": "array", "items": {"type": "string", "enum": list(inputs)}},
            "data": {"type": "array", "items": {"type": "array", "prefixItems": list(properties.values())}},
        },
        "required": ["columns", "data"],
    }
    body = {
        "oneOf": [
            {
                "type": "object",
                "properties": {"dataframe_split": split},
                "required": ["dataframe_split"],
            },
            {
                "type": "object",
                "properties": {"dataframe_records": {"type": "array", "items": record}},
                "required": ["dataframe_records"],
            },
        ]
    }
    operation = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {
                "description": "Successful operation",
                "content": {"application/json": {"schema": _PREDICTIONS}},
            }
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": name, "version": "1"},
        "paths": {f"/served-models/{served}/invocations": {"post": operation}},
    }


_PREDICTIONS = {"type": "object", "properties": {"predictions": {"type": "array", "items": {}}}}


def request_schema(openapi: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of the body that a document's invocation takes; None where it has none."""
    for path, operations in (openapi.get("paths") or {}).items():
        if str(path).endswith("invocations"):
            content = ((operations.get("post") or {}).get("requestBody") or {}).get("content") or {}
            schema = (content.get("application/json") or {}).get("schema")
            return schema if isinstance(schema, dict) else None
    return None


def _type(name: str, column: str, kind: object) -> dict[str, Any]:
    found = _TYPES.get(kind) if isinstance(kind, str) else None
    if found is None:
        raise FakeError(
            f"The endpoint {name!r} expects a type of MLflow for its input {column!r}, found {kind!r}.",
            code="fakes.databricks-endpoint",
            remedy=f"Name one of {', '.join(_TYPES)}; or give the whole document as openapi=.",
        )
    return found
