"""One envelope for every error: {"error": {"code", "message"}}, with `field` where it is about one."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from core.errors import (
    ConstraintError,
    DatabaseUnavailableError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    PlantError,
    PoolExhaustedError,
    TransientError,
)

STATUS: dict[type[PlantError], int] = {
    ConstraintError: 409,
    InvalidError: 422,
    NotAllowedError: 403,
    NotFoundError: 404,
    DatabaseUnavailableError: 503,
    PoolExhaustedError: 503,
    TransientError: 503,
}


class ApiError(Exception):
    """A refusal with its status and code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def install_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(PlantError, _plant_error)
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)


def _respond(status: int, code: str, message: str, **details: str) -> JSONResponse:
    headers = {"Retry-After": "1"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return JSONResponse({"error": {"code": code, "message": message, **details}}, status, headers=headers)


async def _plant_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PlantError)
    details = {"field": error.field} if isinstance(error, InvalidError) else {}
    if isinstance(error, ConstraintError):
        details = {"constraint": error.name}
    return _respond(STATUS[type(error)], error.code, str(error), **details)


async def _api_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return _respond(error.status, error.code, str(error))


async def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _respond(error.status_code, HTTPStatus(error.status_code).name, str(error.detail))


async def _validation_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where, *path = (str(part) for part in first["loc"])
    return _respond(422, "INVALID", first["msg"], field=".".join(path) or where)
