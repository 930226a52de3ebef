"""One envelope for every error: {"error": {"code", "message", "request_id"}}."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypedDict

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from agents.request_id import HEADER, request_id_of


class ApiError(Exception):
    """A refusal with its status and code; `details` are further keys of the envelope."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.details = dict(details or {})

    def body(self, request: Request) -> dict[str, Any]:
        described = {"code": self.code, "message": self.message, "request_id": request_id_of(request)}
        return {"error": {**described, **self.details}}


def not_found() -> ApiError:
    """The same answer for what does not exist and for what the caller may not see."""
    return ApiError(404, "NOT_FOUND", "There is no such object.")


class Problem(TypedDict):
    """What is wrong with one field of a request."""

    field: str
    message: str


def invalid(problems: Sequence[Problem]) -> ApiError:
    """What the request says cannot be accepted; the first problem is also the headline."""
    first = problems[0]
    return ApiError(
        422,
        "VALIDATION_ERROR",
        f"{first['field']}: {first['message']}",
        details={"field": first["field"], "problems": list(problems)},
    )


def install_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(Exception, _internal_error)


def _respond(request: Request, error: ApiError) -> JSONResponse:
    return JSONResponse(error.body(request), error.status, headers=error.headers)


async def _api_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return _respond(request, error)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = HTTPStatus(error.status_code).name
    return _respond(request, ApiError(error.status_code, code, str(error.detail), headers=error.headers))


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problems = [Problem(field=_field(problem), message=problem["msg"]) for problem in error.errors()]
    return _respond(request, invalid(problems))


async def _internal_error(request: Request, _error: Exception) -> JSONResponse:
    # This handler runs outside the middleware that adds the header to every other answer.
    headers = {HEADER: request_id_of(request)}
    return _respond(request, ApiError(500, "INTERNAL_SERVER_ERROR", "Something went wrong.", headers=headers))


def _field(problem: Mapping[str, Any]) -> str:
    where, *path = problem["loc"]
    named = [str(part) for part in path]
    # A body that is no JSON at all is located by a character position, which is no field.
    return where if not named or problem["type"] == "json_invalid" else ".".join(named)
