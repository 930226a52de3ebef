"""One envelope for every error: {"detail": {"error_code", "message", "retry_after"}}, or with `field` too."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from server.lib.correlation import HEADER, correlation_id

RETRY_AFTER_SECONDS = 5
"""When to come back after a refusal that says nothing better."""

log = logging.getLogger(__name__)


class ErrorDetail(BaseModel):
    error_code: str
    message: str
    retry_after: int | None
    """Seconds; null where trying again does not help."""
    field: str | None = None


class ErrorBody(BaseModel):
    detail: ErrorDetail


class ApiError(Exception):
    """A refusal with its status and code."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        retry_after: int | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.detail = ErrorDetail(error_code=code, message=message, retry_after=retry_after, field=field)

    def response(self) -> JSONResponse:
        told = self.detail.model_dump()
        if self.detail.field is None:
            del told["field"]
        after = self.detail.retry_after
        headers = {} if after is None else {"Retry-After": str(after)}
        return JSONResponse({"detail": told}, self.status, headers=headers)


def invalid(code: str, field: str, message: str) -> ApiError:
    """What the request says cannot be accepted."""
    return ApiError(HTTPStatus.BAD_REQUEST, code, f"{field}: {message}", field=field)


def unavailable(code: str, message: str, *, retry_after: int | None = None) -> ApiError:
    """What the request needs is not there for the moment."""
    return ApiError(
        HTTPStatus.SERVICE_UNAVAILABLE, code, message, retry_after=retry_after or RETRY_AFTER_SECONDS
    )


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error statuses of an operation, for its OpenAPI description."""
    return {status: {"model": ErrorBody, "description": HTTPStatus(status).phrase} for status in statuses}


def install_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(Exception, _internal_error)


async def _api_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return error.response()


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.BAD_REQUEST:  # FastAPI could not even parse the body
        return invalid(_body_code(request), "body", str(error.detail)).response()
    answer = ApiError(error.status_code, HTTPStatus(error.status_code).name, str(error.detail)).response()
    answer.headers.update(error.headers or {})
    return answer


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problem = error.errors()[0]
    code = _body_code(request) if problem["loc"][0] == "body" else "INVALID_QUERY"
    return invalid(code, _field(problem), problem["msg"]).response()


async def _internal_error(_request: Request, error: Exception) -> JSONResponse:
    log.error("internal error", exc_info=error)
    answer = ApiError(500, "INTERNAL_SERVER_ERROR", "Something went wrong.").response()
    answer.headers[HEADER] = correlation_id.get()
    return answer


def _body_code(request: Request) -> str:
    code: str = getattr(request.scope.get("route"), "invalid_body", "INVALID_REQUEST")
    return code


def _field(problem: Mapping[str, Any]) -> str:
    where, *path = problem["loc"]
    # A body that is no JSON at all is located by a character position, which is no field.
    return where if not path or problem["type"] == "json_invalid" else ".".join(map(str, path))
