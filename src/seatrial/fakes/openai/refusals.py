"""How this fake says no: as the service does, or as a fake that a test has told something impossible."""

from __future__ import annotations

from typing import Any

_SERVER_ERROR = 500
_KINDS = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
    501: "not_implemented",
}


class Refused(Exception):  # noqa: N818 - an answer to a client, never seen outside of the fake
    """The service would refuse this request.

    Args:
        message: as the service writes it, where its wording is known.
        status: of the answer.
        param: the parameter that is wrong.
        code: the service's own code.
    """

    def __init__(
        self, message: str, *, status: int = 400, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.param = param
        self.code = code

    def body(self) -> dict[str, Any]:
        """The body of the answer."""
        return error_body(self.message, status=self.status, param=self.param, code=self.code)


class Forbidden(Exception):  # noqa: N818 - told to the test as a problem of the fake
    """A reply was scripted, or is missing, so that the service could never have answered like this."""


def error_body(
    message: str, *, status: int, param: str | None = None, code: str | None = None
) -> dict[str, Any]:
    """An error as OpenAI writes it; its type follows the status."""
    kind = "server_error" if status >= _SERVER_ERROR else "invalid_request_error"
    return {
        "error": {"message": message, "type": _KINDS.get(status, kind), "param": param, "code": code},
    }
